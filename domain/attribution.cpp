// The rules of number-pools.md D.4, in their order.
#include "domain/attribution.hpp"

#include <algorithm>
#include <tuple>

namespace ringledger::attribution {
namespace {

constexpr std::size_t most_overflow_candidates = 5;
constexpr std::string_view overflow_source = "overflow";

using Showings = std::vector<const Showing*>;

class Attributing {
 public:
  explicit Attributing(const Known& known) : x_known(known) {
    x_out.model_version = model_version;
    if (!known.campaign) return;
    x_out.campaign = known.campaign->id;
    x_out.campaign_name = x_out.source = known.campaign->name;
    if (!known.assigned_by.empty()) x_out.evidence.push_back(known.assigned_by);
  }

  Snapshot run() {
    if (!x_known.campaign) return unattributed();
    if (shown_elsewhere()) x_out.flags.push_back(Flag::stale_display);
    if (x_known.campaign->campaign_type == campaigns::Type::static_) return certain();
    auto leases = in_window(false), shown = in_window(true);
    if (!leases.empty() && !shown.empty()) return to_overflow(once_each(leases, shown));
    if (!leases.empty()) return to_lease(leases);
    if (repeats()) return to_earlier_call();
    if (!shown.empty()) return to_overflow(shown);
    return unattributed();
  }

 private:
  /// Rule 2: shown at the very moment.
  [[nodiscard]] bool live(const Showing& s) const { return !s.until || *s.until >= x_known.at; }

  /// One per session, the newest first; ties by session, so that the order of the input does not matter.
  [[nodiscard]] Showings in_window(bool overflow) const {
    Showings found;
    for (const auto& s : x_known.showings) {
      if (s.campaign == x_known.campaign->id && s.overflow == overflow && covers(x_known, s))
        found.push_back(&s);
    }
    std::sort(found.begin(), found.end(), [this](const Showing* a, const Showing* b) {
      if (live(*a) != live(*b)) return live(*a);
      return a->from != b->from ? a->from > b->from : a->session < b->session;
    });
    return once_each(found, {});
  }

  /// The first of each session.
  static Showings once_each(const Showings& some, const Showings& more) {
    Showings once;
    for (const auto* all : {&some, &more}) {
      for (const auto* s : *all) {
        bool known = std::ranges::any_of(once, [s](const Showing* o) { return o->session == s->session; });
        if (!known) once.push_back(s);
      }
    }
    return once;
  }

  /// D.5: the caller may have seen the number in another campaign that lent it; a fallback is nobody's.
  [[nodiscard]] bool shown_elsewhere() const {
    return std::ranges::any_of(x_known.showings, [this](const Showing& s) {
      return !s.overflow && s.campaign != x_known.campaign->id && covers(x_known, s);
    });
  }

  void add(const Showing& s, Share confidence) {
    x_out.candidates.push_back({s.session, confidence});
    x_out.evidence.push_back(s.evidence);
    if (s.touches.size() > 1) x_out.evidence.push_back(s.touches.back().evidence);
  }

  Snapshot certain() {
    x_out.confidence = Share::of(1, 1);
    return std::move(x_out);
  }

  /// Rules 2 and 3.
  Snapshot to_lease(const Showings& leases) {
    const auto& newest = *leases.front();
    bool alone = live(newest) && !newest.risky;
    x_out.session = newest.session;
    x_out.confidence = Share::of(1, alone ? 1 : static_cast<std::int64_t>(leases.size()));
    if (newest.risky) x_out.flags.push_back(Flag::risky);
    if (alone) {
      add(newest, x_out.confidence);
    } else {
      for (const auto* s : leases) add(*s, x_out.confidence);
      if (leases.size() > 1) x_out.flags.push_back(Flag::ambiguous);
    }
    return std::move(x_out);
  }

  /// A call that is told of late may find a later one that was attributed: that is no reason for this one.
  [[nodiscard]] bool repeats() const {
    const auto& e = x_known.earlier;
    return e && e->at <= x_known.at && e->at.ms >= x_known.at.ms - x_known.repeat_window_ms;
  }
  /// Rule 4.
  Snapshot to_earlier_call() {
    const auto& e = *x_known.earlier;
    x_out.session = e.session;
    x_out.confidence = e.confidence;
    x_out.candidates.push_back({e.session, e.confidence});
    x_out.evidence.push_back(e.evidence);
    x_out.flags.push_back(Flag::repeat_caller);
    return std::move(x_out);
  }

  /// Rule 5; a number that is shared beside its lease is overflow too.
  Snapshot to_overflow(const Showings& shown) {
    x_out.flags.push_back(Flag::overflow);
    if (shown.size() > most_overflow_candidates) {
      x_out.source = overflow_source;
      return unattributed();
    }
    x_out.confidence = Share::of(1, static_cast<std::int64_t>(shown.size()));
    for (const auto* s : shown) add(*s, x_out.confidence);
    if (shown.size() == 1)
      x_out.session = shown.front()->session;
    else
      x_out.flags.push_back(Flag::ambiguous);
    return std::move(x_out);
  }

  /// Rule 6.
  Snapshot unattributed() {
    x_out.flags.push_back(Flag::unattributed);
    return std::move(x_out);
  }

  const Known& x_known;
  Snapshot x_out;
};

}  // namespace

void remember(std::vector<Touch>& touches, const Touch& touch) {
  auto at = std::ranges::find(touches, touch.evidence, &Touch::evidence);
  if (at != touches.end()) return;
  auto later = [&](const Touch& t) {
    return std::tie(touch.at, touch.evidence) < std::tie(t.at, t.evidence);
  };
  touches.insert(std::ranges::find_if(touches, later), touch);
  if (touches.size() > most_touches) touches.erase(touches.begin() + 1);
}

bool covers(const Known& known, const Showing& s) {
  return s.from <= known.at && (!s.until || s.until->ms >= known.at.ms - known.call_window_ms);
}

Snapshot attribute(const Known& known, Model model) {
  auto by_rules = Attributing(known).run();
  return model == Model::last_touch ? by_rules : weighed(std::move(by_rules), known, model);
}

}  // namespace ringledger::attribution
