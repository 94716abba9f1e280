#include "api/visible_gate.hpp"

#include <vector>

namespace ringledger {

namespace {
void raise(std::atomic<std::uint64_t>& to, std::uint64_t next) {
  auto now = to.load();
  while (now < next && !to.compare_exchange_weak(now, next)) {
  }
}
}  // namespace

void VisibleGate::counted(std::uint64_t next, bool rights) {
  if (rights) raise(x_rights, next);
  raise(x_counted, next);
}

void VisibleGate::release(const std::function<bool(const Waiter&)>& which) {
  std::list<Waiter> ready;
  {
    std::lock_guard lock(x_mutex);
    for (auto at = x_waiters.begin(); at != x_waiters.end();) {
      auto here = at++;
      if (which(*here)) ready.splice(ready.end(), x_waiters, here);
    }
  }
  for (auto& w : ready) w.done(true);
}

void VisibleGate::shown(std::uint64_t next) {
  {
    std::lock_guard lock(x_mutex);
    x_next = next;
    if (x_waiters.empty()) return;
  }
  release([next](const Waiter& w) { return w.key.empty() && w.offset < next; });
}

void VisibleGate::written(const std::string& key) {
  {
    std::lock_guard lock(x_mutex);
    if (x_waiters.empty()) return;
  }
  release([&key](const Waiter& w) { return w.key == key; });
}

void VisibleGate::when_shown(std::uint64_t offset, std::int64_t wait_ms, Done done) {
  wait(Waiter{0, offset, "", std::move(done)}, wait_ms);
}

void VisibleGate::when_written(const std::string& key, std::int64_t wait_ms, Done done) {
  wait(Waiter{0, 0, key, std::move(done)}, wait_ms);
}

void VisibleGate::wait(Waiter waiter, std::int64_t wait_ms) {
  bool here_already = false;
  std::uint64_t id = 0;
  {
    std::lock_guard lock(x_mutex);
    here_already = waiter.key.empty() && waiter.offset < x_next;
    if (!here_already && x_waiters.size() < most_waiters) {
      id = waiter.id = ++x_last_id;
      x_waiters.push_back(std::move(waiter));
    }
  }
  if (id == 0) return waiter.done(here_already);
  x_timers.post_after(wait_ms, [this, id] { time_out(id); });
}

void VisibleGate::time_out(std::uint64_t id) {
  Done done;
  {
    std::lock_guard lock(x_mutex);
    for (auto at = x_waiters.begin(); at != x_waiters.end(); ++at) {
      if (at->id != id) continue;
      done = std::move(at->done);
      x_waiters.erase(at);
      break;
    }
  }
  if (done) done(false);
}

}  // namespace ringledger
