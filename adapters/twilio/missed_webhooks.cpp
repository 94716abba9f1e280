#include "adapters/twilio/missed_webhooks.hpp"

#include <algorithm>
#include <utility>

#include "commands/reached_number.hpp"
#include "projections/inventory_query.hpp"

namespace ringledger {
namespace {

constexpr std::int64_t first_pause_ms = 10'000;

CallReport gone(const LiveCall& live) {
  CallReport report;
  report.provider_sid = live.provider_sid;
  report.status = "failed";
  return report;
}

/// Whether what was told of the number was ours to answer at that time.
bool was_ours(AccountId account, const std::string& number, Timestamp at, const Sight& sight) {
  auto e164 = E164::parse(number);
  if (!e164) return false;
  auto row = find_in_account(sight.of<InventoryView>(), account, *e164);
  return row && *row && asked_us((*row)->number, at);
}

}  // namespace

MissedWebhooks::MissedWebhooks(MissedWebhooksPorts ports, MissedWebhooksOptions options)
    : x_ports(std::move(ports)),
      x_options(options),
      x_calls(ports_for_calls(), x_options.calls),
      x_messages(ports_for_messages(), x_options.messages) {}

void MissedWebhooks::start() {
  x_ports.pool.post([self = shared_from_this()] { self->tick(); });
}

void MissedWebhooks::tick() {
  look();
  if (x_stopping) return;
  x_ports.pool.post_after(x_options.self_wake_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->tick();
  });
}

void MissedWebhooks::look() {
  if (x_looking.exchange(true)) return;
  may_act() ? look_around() : forget();
  x_looking = false;
}

void MissedWebhooks::look_around() {
  x_requests_left = x_options.requests_per_look;
  auto sight = x_ports.sight();
  meet_connections(sight);
  ask_about_live_calls(sight);
  read_lists(sight);
}

/// Whoever writes next begins anew, and so does this node when it writes again.
void MissedWebhooks::forget() {
  x_asked.clear();
  x_places.clear();
  x_calls.forget();
  x_messages.forget();
}

void MissedWebhooks::meet_connections(const Sight& sight) {
  auto ok = each_connection(sight.of<ConnectionsView>(), [&](const ConnectionRow& row) {
    using enum connections::State;
    bool refused = row.state == invalid_credentials || row.state == suspended;
    auto [at, fresh] = x_places.try_emplace({row.account, row.account_sid});
    if (fresh || !refused) at->second.connection = row.id;
    x_calls.meet(at->first);
    x_messages.meet(at->first);
  });
  if (!ok) x_ports.metric("unreadable");
}

template <class T>
std::optional<T> MissedWebhooks::answer_of(
    const ProviderPlace& place, Patience Place::* about,
    const std::function<CarrierResult<T>(const CarrierCredentials&)>& request) {
  auto& at = x_places.at(place);
  auto& patience = at.*about;
  if (x_requests_left == 0 || x_ports.clock.monotonic_ms() < patience.paused_until_ms) return std::nullopt;
  auto credentials = x_ports.credentials(place.first, at.connection);
  if (!credentials) {
    x_ports.metric("no_credentials");
    return std::nullopt;
  }
  --x_requests_left;
  auto answer = request(*credentials);
  if (!answer) {
    failed(patience, answer.error());
    return std::nullopt;
  }
  patience.failures = 0;
  return std::move(*answer);
}

void MissedWebhooks::failed(Patience& with, const CarrierFailure& failure) {
  x_ports.metric("unavailable");
  auto pause_ms = std::min(first_pause_ms << std::min(with.failures++, 20), x_options.longest_pause_ms);
  with.paused_until_ms =
      x_ports.clock.monotonic_ms() + std::max<std::int64_t>(pause_ms, failure.retry_after_s * 1000LL);
}

void MissedWebhooks::ask_about_live_calls(const Sight& sight) {
  for (const auto& live : overdue(sight)) {
    if (x_requests_left == 0 || !may_act()) return;
    ask(live);
  }
}

/// Also forgets when calls were asked about that have ended.
std::vector<LiveCall> MissedWebhooks::overdue(const Sight& sight) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  const auto wall_ms = x_ports.clock.now().ms;
  std::vector<LiveCall> due;
  std::map<CallId, Asked> living;
  auto ok = each_live_call(sight.of<CallsView>(), [&](const LiveCall& live) {
    auto at = x_asked.find(live.call);
    auto left_ms = std::clamp<std::int64_t>(live.started_at.ms + x_options.ask_after_ms - wall_ms, 0,
                                            x_options.ask_after_ms);
    auto asked = at == x_asked.end() ? Asked{now_ms + left_ms, x_options.ask_after_ms} : at->second;
    if (asked.due_ms <= now_ms && due.size() < x_requests_left) due.push_back(live);
    living.emplace(live.call, asked);
    return true;
  });
  if (!ok) x_ports.metric("unreadable");
  x_asked = std::move(living);
  return due;
}

void MissedWebhooks::ask(const LiveCall& live) {
  const auto now_ms = x_ports.clock.monotonic_ms();
  const ProviderPlace place{live.account, live.account_sid};
  auto at = x_places.find(place);
  if (at == x_places.end() || now_ms < at->second.calls.paused_until_ms) return;
  auto& asked = x_asked[live.call];
  asked.due_ms = now_ms + asked.wait_ms;
  asked.wait_ms = std::min(2 * asked.wait_ms, x_options.ask_at_least_ms);
  auto report = answer_of<CallReport>(place, &Place::calls, [&](const CarrierCredentials& who) {
    auto told = x_ports.carrier.fetch_call(who, live.provider_sid);
    bool no_more = !told && told.error().kind == CarrierFailure::Kind::gone;
    return no_more ? CarrierResult<CallReport>(gone(live)) : std::move(told);
  });
  if (!report) return;
  x_ports.metric("call_asked");
  if (!calls::is_final(report->status)) return;
  report->provider_sid = live.provider_sid;
  x_ports.record_call(live.account, live.account_sid, {live.connection, std::move(*report)}, [](bool) {});
}

ListReaderPorts<CallReport> MissedWebhooks::ports_for_calls() {
  using Page = ReportPage<CallReport>;
  return {[this](const ProviderPlace& place, Timestamp since, const std::string& page) {
            auto read = answer_of<Page>(place, &Place::calls, [&](const CarrierCredentials& who) {
              return x_ports.carrier.list_calls(who, since, page);
            });
            if (read) x_ports.metric("calls_listed");
            return read;
          },
          [this](const ProviderPlace& place, const CallReport& call, const Sight& sight) {
            return is_news(place, call, sight);
          },
          [this](const ProviderPlace& place, CallReport call) {
            auto done = recorded(x_calls, place, call);
            ReconcileCall command{x_places.at(place).connection, std::move(call)};
            x_ports.record_call(place.first, place.second, std::move(command), std::move(done));
          },
          [this] { x_ports.metric("calls_cut"); }, x_ports.clock};
}

ListReaderPorts<MessageReport> MissedWebhooks::ports_for_messages() {
  using Page = ReportPage<MessageReport>;
  return {[this](const ProviderPlace& place, Timestamp since, const std::string& page) {
            auto read = answer_of<Page>(place, &Place::messages, [&](const CarrierCredentials& who) {
              return x_ports.carrier.list_messages(who, since, page);
            });
            if (read) x_ports.metric("messages_listed");
            return read;
          },
          [this](const ProviderPlace& place, const MessageReport& message, const Sight& sight) {
            return is_news(place, message, sight);
          },
          [this](const ProviderPlace& place, MessageReport message) {
            auto done = recorded(x_messages, place, message);
            ReconcileMessage command{x_places.at(place).connection, std::move(message)};
            x_ports.record_message(place.first, place.second, std::move(command), std::move(done));
          },
          [this] { x_ports.metric("messages_cut"); }, x_ports.clock};
}

/// One step of each list; which has waited longest comes first.
void MissedWebhooks::read_lists(const Sight& sight) {
  struct Turn {
    std::int64_t due_ms;
    std::function<void()> take;
  };
  std::vector<Turn> turns;
  auto add = [&](auto& lists) {
    for (const auto& [due_ms, place] : lists.turns())
      turns.push_back({due_ms, [&lists, &sight, at = place] { lists.go_on(at, sight); }});
  };
  add(x_calls);
  add(x_messages);
  std::ranges::sort(turns, {}, &Turn::due_ms);
  for (const auto& turn : turns) {
    if (!may_act()) return;
    turn.take();
  }
}

bool MissedWebhooks::is_late(Timestamp at, const ListReaderOptions& list) const {
  return at.ms + list.late_after_ms <= x_ports.clock.now().ms;
}

bool MissedWebhooks::is_news(const ProviderPlace& place, const CallReport& call, const Sight& sight) const {
  if (call.told_at && !is_late(*call.told_at, x_options.calls)) return false;
  if (!calls::is_final(call.status) || !call.started_at) return false;
  if (auto known = x_ports.known_call(place.first, place.second, call.provider_sid))
    return !calls::is_final(known->status);
  return was_ours(place.first, call.to, *call.started_at, sight);
}

bool MissedWebhooks::is_news(const ProviderPlace& place, const MessageReport& message,
                             const Sight& sight) const {
  if (!message.received_at || !is_late(*message.received_at, x_options.messages)) return false;
  if (x_ports.knows_message(place.first, place.second, message.provider_sid)) return false;
  return was_ours(place.first, message.to, *message.received_at, sight);
}

/// The last one that is committed has the list read on.
template <class Report>
MissedWebhooksPorts::Done MissedWebhooks::recorded(ListReader<Report>& list, const ProviderPlace& place,
                                                   const Report& report) {
  return [weak = weak_from_this(), &list, place, report](bool committed) mutable {
    auto self = weak.lock();
    if (!self || !list.issued(place, std::move(report), committed) || self->x_stopping) return;
    self->x_ports.pool.post([weak] {
      if (auto again = weak.lock()) again->look();
    });
  };
}

}  // namespace ringledger
