#include "tests/projections/support/random_history.hpp"

namespace ringledger::test {
namespace {
constexpr std::uint64_t most_numbers = 12;
const char* const labels[] = {"Front desk", "back office", "Zürich", "front door", "AAA", ""};
}  // namespace

std::vector<Event> RandomHistory::beginning() {
  std::vector<Event> out;
  out.emplace_back(accounts::Created{acc(), "Acme", mem()});
  out.emplace_back(
      members::Added{mem(), true, Personal<std::string>("Ann"), Personal<std::string>("a@x.org")});
  for (std::uint64_t w = 1; w <= 2; ++w) {
    out.emplace_back(workspaces::Created{ws(w), "Workspace " + std::to_string(w), "US", "UTC",
                                         workspaces::Plan::agency, mem()});
    for (std::uint64_t c = 1; c <= 3; ++c) {
      auto type = c == 3 ? campaigns::Type::website_tracker : campaigns::Type::static_;
      auto made = campaign(w * 10 + c, "Campaign " + std::to_string(c), type, ws(w));
      campaigns.emplace(made.campaign, made);
      out.emplace_back(std::move(made));
    }
  }
  return out;
}

numbers::Imported RandomHistory::some_import(std::uint64_t n) {
  auto e =
      imported(n, (n % 4 == 0 ? "+4477009001" : "+1415555010") + std::to_string(n), {}, ws(1 + below(2)));
  if (once_in(2)) e.label = labels[below(6)];
  if (once_in(3)) e.number_type = numbers::NumberType::toll_free;
  if (once_in(3)) e.capabilities.sms = false;
  if (once_in(4)) e.origin = numbers::Origin::byot;
  if (once_in(2)) e.monthly_cost = Money{11'500, once_in(3) ? "GBP" : "USD"};
  e.wanted.hooks = once_in(3);
  return e;
}

/// Made when there is none.
contacts::Erased& RandomHistory::contact_of(WorkspaceId workspace, const std::string& phone,
                                            std::vector<Event>& events) {
  auto [at, fresh] = x_callers.try_emplace({workspace, phone});
  auto& c = at->second;
  if (!fresh) return c;
  c.contact = id_of<ContactId>(++x_contacts_made, 11);
  c.workspace = workspace;
  events.emplace_back(contacts::Created{c.contact, workspace, contacts::Source::call, "US", Personal(phone)});
  return c;
}

std::vector<Event> RandomHistory::some_erasure() {
  if (x_callers.empty()) return {};
  auto at = std::next(x_callers.begin(), static_cast<std::ptrdiff_t>(below(x_callers.size())));
  auto erased = std::move(at->second);
  x_callers.erase(at);
  return {std::move(erased)};
}

std::vector<Event> RandomHistory::some_name() {
  if (x_callers.empty()) return {};
  const auto& c = std::next(x_callers.begin(), static_cast<std::ptrdiff_t>(below(x_callers.size())))->second;
  contacts::Named e{c.contact, c.workspace, static_cast<contacts::NameSource>(below(3)), {}, {}};
  if (!once_in(4)) e.name = Personal("Name " + std::to_string(below(5)));
  if (e.source == contacts::NameSource::ai) {
    e.confidence = Share{static_cast<std::int64_t>(below(10'001))};
    if (once_in(2)) e.gate = Share{static_cast<std::int64_t>(below(10'001))};
  }
  return {e};
}

/// Of a contact, or of one of its calls.
std::vector<Event> RandomHistory::some_note() {
  if (x_callers.empty()) return {};
  const auto& c = std::next(x_callers.begin(), static_cast<std::ptrdiff_t>(below(x_callers.size())))->second;
  auto fill = [&](auto& e) {
    if (once_in(2)) e.deal_value = Money{static_cast<std::int64_t>(below(5)), "USD"};
    if (once_in(2)) e.notes = Personal("Note " + std::to_string(below(5)));
    if (once_in(2)) e.tags = Personal(leads::Tags{"tag " + std::to_string(below(5))});
    if (once_in(3)) e.cleared = {static_cast<leads::Field>(below(4))};
  };
  if (c.calls.empty() || once_in(2)) {
    contacts::Updated e;
    e.contact = c.contact;
    e.workspace = c.workspace;
    fill(e);
    return {e};
  }
  calls::Updated e;
  e.call = c.calls[below(c.calls.size())];
  e.workspace = c.workspace;
  e.contact = c.contact;
  fill(e);
  return {e};
}

/// A call that begins, or the oldest of those still going on ends; or a message; or somebody is named,
/// noted of or forgotten.
std::vector<Event> RandomHistory::call_to(const numbers::Number& n) {
  if (once_in(6)) return some_erasure();
  if (once_in(6)) return some_name();
  if (once_in(6)) return some_note();
  auto phone = "+1212555020" + std::to_string(below(10));
  if (once_in(4)) {
    std::vector<Event> events;
    auto& contact = contact_of(n.workspace, phone, events);
    messages::Received m;
    m.message = id_of<MessageId>(++x_calls_made, 12);
    m.workspace = n.workspace;
    m.number = n.id;
    m.campaign = n.campaign;
    m.provider_sid = "SM" + std::to_string(x_calls_made);
    m.contact = contact.contact;
    m.from = Personal(phone);
    m.body = Personal<std::string>("hello");
    contact.messages.push_back(m.message);
    events.emplace_back(std::move(m));
    return events;
  }
  if (!x_calls_on.empty() && once_in(2)) {
    auto e = x_calls_on.front();
    if (once_in(3)) {
      calls::AttributionRecomputed again{e.call, e.workspace, "", {}};
      again.attribution.campaign = calls.at(e.call).attribution.campaign;
      again.attribution.model = attribution::Model::linear;
      return {std::move(again)};
    }
    x_calls_on.erase(x_calls_on.begin());
    const char* const words[] = {"completed", "busy", "no-answer"};
    return {calls::StatusReported{e.call, e.workspace, "status", words[below(3)], {}, 7, {}, {}, {}}};
  }
  calls::Received e;
  e.call = id_of<CallId>(++x_calls_made, 9);
  e.workspace = n.workspace;
  e.number = n.id;
  e.provider_sid = "CA" + std::to_string(x_calls_made);
  e.direction = once_in(4) ? calls::Direction::outbound : calls::Direction::inbound;
  e.started_at = Timestamp{1'700'000'000'000 + static_cast<std::int64_t>(below(10'000'000))};
  if (once_in(4)) e.route.kind = once_in(2) ? calls::RouteKind::blocked_country : calls::RouteKind::parking;
  e.from = Personal(phone);
  std::vector<Event> events;
  if (!once_in(5)) {
    auto& contact = contact_of(n.workspace, phone, events);
    e.contact = contact.contact;
    contact.calls.push_back(e.call);
    if (once_in(3)) e.contact_name = Personal<std::string>("called so");
  }
  x_calls_on.push_back(e);
  calls::Attributed owed{e.call, e.workspace, {}};
  owed.attribution.campaign = n.campaign;
  if (once_in(3)) owed.attribution.flags = {attribution::Flag::unattributed};
  events.emplace_back(std::move(e));
  events.emplace_back(std::move(owed));
  return events;
}

std::vector<Event> RandomHistory::event_of(const numbers::Number& n) {
  auto campaign = cmp((n.workspace == ws(1) ? 10 : 20) + 1 + below(3));
  bool active = n.status == numbers::Status::active;
  switch (below(10)) {
    case 0:
    case 1:
      if (n.campaign == campaign || !active) return {};
      return {numbers::Assigned{n.id, n.workspace, campaign, n.campaign, {}}};
    case 2:
      if (!n.campaign) return {};
      return {numbers::Unassigned{n.id, n.workspace, *n.campaign, {}}};
    case 3: {
      auto to = transferred_in(imported(0, n.e164.text), n.workspace == ws(1) ? ws(2) : ws(1), con(2));
      to.number = n.id;
      to.label = n.label;
      to.status = n.status;
      return {numbers::TransferredOut{n.id, n.workspace, n.campaign, {}}, to};
    }
    case 4:
      return {numbers::Renamed{n.id, n.workspace,
                               once_in(3) ? std::nullopt : std::optional<std::string>(labels[below(6)])}};
    case 5:
      return {numbers::CnamToggled{n.id, n.workspace, !n.cnam_enabled}};
    case 6:
      if (active) return {numbers::Deactivated{n.id, n.workspace}};
      return {numbers::Activated{n.id, n.workspace}};
    case 9:
      return call_to(n);
    case 7:
      return {numbers::Deleted{n.id, n.workspace, n.campaign, once_in(2), {}}};
    default:
      if (once_in(3))
        return {numbers::ProviderFailed{n.id, n.workspace, n.wanted_revision, once_in(3), 21211, "no"}};
      return {numbers::ProviderSynced{n.id, n.workspace, n.wanted_revision, n.actual, n.actual}};
  }
}

void RandomHistory::note(const calls::Event& event, const std::vector<Event>& commit, Timestamp at) {
  auto call = std::visit([](const auto& e) { return e.call; }, event);
  auto before = calls.find(call);
  auto state = before == calls.end() ? std::nullopt : std::optional(before->second);
  calls.insert_or_assign(call, calls::evolve(state, event, at).value());
  const auto* e = std::get_if<calls::Received>(&event);
  if (!e) return;
  if (e->direction == calls::Direction::inbound)
    last_calls[*e->number] = std::max(last_calls[*e->number], e->started_at);
  if (std::holds_alternative<contacts::Created>(commit.front())) first_calls.insert(call);
}

std::vector<Event> RandomHistory::next(Timestamp at) {
  std::vector<Event> out;
  while (out.empty()) {
    auto id = num(1 + below(most_numbers));
    auto found = numbers.find(id);
    if (found == numbers.end() || (found->second.deleted && !found->second.release_pending)) {
      for (std::uint64_t n = 1; n <= most_numbers; ++n) {
        if (num(n) == id) out = {some_import(n)};
      }
    } else if (found->second.release_pending) {
      out = {once_in(2) ? Event(numbers::Released{id, found->second.workspace})
                        : Event(numbers::ReleaseFailed{id, found->second.workspace, 20'000, "no"})};
    } else {
      out = event_of(found->second);
    }
  }
  for (const auto& event : out) {
    std::visit(
        [&]<class E>(const E& e) {
          if constexpr (in_variant<E, numbers::Event>) {
            auto before = numbers.find(e.number);
            auto state = before == numbers.end() ? std::nullopt : std::optional(before->second);
            auto after = numbers::evolve(state, e, at).value();
            if (state && state->workspace != after.workspace) last_calls.erase(e.number);
            numbers.insert_or_assign(e.number, std::move(after));
          } else if constexpr (in_variant<E, calls::Event>) {
            note(e, out, at);
          }
        },
        event);
  }
  return out;
}

}  // namespace ringledger::test
