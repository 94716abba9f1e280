#include "adapters/twilio/hook_renewal.hpp"

#include "adapters/twilio/hooks.hpp"

namespace ringledger {
namespace {

constexpr std::size_t page = 500;
constexpr std::int64_t again_ms = 1'000;

}  // namespace

void HookRenewal::start(std::move_only_function<void(std::uint64_t)> done) {
  x_done = std::move(done);
  x_ports.pool.post([self = shared_from_this()] { self->step(); });
}

/// Looks at a page; with outdated hooks in it, at most as far as its first account with such goes.
void HookRenewal::step() {
  if (x_stopping) return;
  auto rows = numbers_after(x_ports.sight().of<ProviderSyncView>(), x_after, page);
  if (!rows) return again_later();
  RenewOutdatedHooks command{{}, x_base};
  SyncKey first, last;
  for (const auto& row : *rows) {
    const auto& n = row.number;
    if (!command.numbers.empty() && row.account != first.account) break;
    last = {row.account, n.id};
    // What waits already is sent with today's URL.
    bool outdated = work_of(n) == SyncWork::none && !n.deleted && names_another_base(n, x_base);
    if (outdated && command.numbers.empty()) first = last;
    if (outdated) command.numbers.push_back({n.id, n.wanted_revision});
  }
  if (!command.numbers.empty()) return wish(first, std::move(command), last);
  if (rows->size() < page) return x_done(x_renewed);
  go_on_after(last);
}

void HookRenewal::wish(const SyncKey& first, RenewOutdatedHooks command, const SyncKey& last) {
  auto count = command.numbers.size();
  auto key = "outdated hooks/" + x_run + "/" + first.number.to_string();
  x_ports.record(first.account, std::move(command), std::move(key),
                 [self = shared_from_this(), count, last](bool committed) {
                   if (!committed) return self->again_later();
                   self->x_renewed += count;
                   self->go_on_after(last);
                 });
}

void HookRenewal::go_on_after(const SyncKey& last) {
  x_after = last;
  x_ports.pool.post([self = shared_from_this()] { self->step(); });
}

void HookRenewal::again_later() {
  x_ports.pool.post_after(again_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->step();
  });
}

}  // namespace ringledger
