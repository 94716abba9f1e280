#include "api/visit_cleanup.hpp"

#include "api/logging.hpp"

namespace ringledger {

void VisitCleanup::wake() {
  if (x_stopped || x_looks || !x_ports.writes() || x_looks.exchange(true)) return;
  look_later(first_look_ms);
}

void VisitCleanup::look_later(std::int64_t after_ms) {
  x_ports.executor->post_after(after_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->look("");
  });
}

/// From behind that entry on: what stays, or is not shown yet, is not asked for again.
void VisitCleanup::look(const std::string& after) {
  constexpr std::int64_t again_ms = 60'000;
  if (x_stopped || !x_ports.writes()) {
    x_looks = false;
    return;
  }
  Timestamp before{x_ports.clock->now().ms - sessions::kept_after_end_ms};
  auto ended = ended_visits(x_ports.sight().of<SessionsView>(), before, after, most_at_once);
  if (!ended) {
    log_error("ended visits cannot be read", {{"reason", ended.error().detail}});
    return look_later(again_ms);
  }
  if (ended->sessions.empty()) return look_later(pause_ms);
  auto count = ended->sessions.size();
  x_ports.issue(ended->account, ForgetVisits{ended->workspace, std::move(ended->sessions), before},
                [self = shared_from_this(), last = ended->last, count](bool done) {
                  if (!done) return self->look_later(again_ms);
                  log_info("visits forgotten", {{"visits", count}});
                  self->x_ports.executor->post([self, last] { self->look(last); });
                });
}

}  // namespace ringledger
