#include "commands/lead.hpp"

#include <set>

#include "commands/contact.hpp"
#include "domain/currency.hpp"

namespace ringledger {
namespace {

using leads::Field;

const calls::Call* call_in(WorkspaceId workspace, CallId id, const Book& book) {
  const auto* c = book.find<calls::Call>(id);
  return c && c->workspace == workspace ? c : nullptr;
}

/// Each once, case ignored, in the order of their first mention; nullopt: none.
std::optional<leads::Tags> each_once(const std::vector<LeadTag>& tags) {
  leads::Tags all;
  std::set<std::string> known;
  for (const auto& tag : tags) {
    if (known.insert(folded(tag.value)).second) all.push_back(tag.value);
  }
  return all.empty() ? std::nullopt : std::optional(std::move(all));
}

/// Of what both commands have.
template <class C>
std::vector<Error> value_faults(const C& c) {
  std::vector<Error> faults;
  auto fault = [&](const char* pointer, std::string why) {
    faults.push_back({Code::validation_failed, std::move(why), pointer});
  };
  const auto& deal = c.deal_value.value;
  if (deal && deal->ten_thousandths < 0) fault("/deal_value/amount", "must not be negative");
  if (deal && !is_currency(deal->currency))
    fault("/deal_value/currency", "must be an ISO 4217 currency code like USD");
  if (c.tags.value && c.tags.value->size() > most_tags)
    fault("/tags", "must have at most " + std::to_string(most_tags) + " members");
  return faults;
}

/// One member of a wish: told in the event when it is another than `now`.
template <class T, class Told>
void tell(bool present, std::optional<T> wished, const std::optional<T>& now, Field field, Told& told,
          std::vector<Field>& cleared) {
  if (!present || wished == now) return;
  if (wished)
    told = Told(std::move(*wished));
  else
    cleared.push_back(field);
}

/// What of the wish is new goes into the event.
template <class C, class State, class Updated>
void tell_news(const C& c, const State& now, Updated& e) {
  auto notes = c.notes.value ? std::optional(c.notes.value->value) : std::nullopt;
  auto tags = c.tags.value ? each_once(*c.tags.value) : std::nullopt;
  tell(c.deal_value.present, c.deal_value.value, now.deal_value, Field::deal_value, e.deal_value, e.cleared);
  tell(c.lead_status.present, c.lead_status.value, now.lead_status, Field::lead_status, e.lead_status,
       e.cleared);
  tell(c.notes.present, std::move(notes), now.notes.clear(), Field::notes, e.notes, e.cleared);
  tell(c.tags.present, std::move(tags), now.tags.clear(), Field::tags, e.tags, e.cleared);
}

/// `e`: the event, naming what it is about and nothing else yet.
template <class C, class State, class Updated>
Decision<typename C::Answer> decided(const C& c, const State& before, Updated e, const Context& ctx) {
  if (ctx.if_match && *ctx.if_match != before.version)
    return refuse(Code::version_mismatch, "It has version " + std::to_string(before.version) + ".");
  auto answer = [](const State& s) {
    return typename C::Answer{s.id, s.version, s.deal_value, s.lead_status};
  };
  const auto says_nothing = e;
  tell_news(c, before, e);
  if (e == says_nothing) return Accepted<typename C::Answer>{{}, answer(before)};
  auto after = before;
  leads::update(after, e);
  return Accepted<typename C::Answer>{{std::move(e)}, answer(after)};
}

}  // namespace

std::expected<LeadTag, std::string> LeadTag::read_text(std::string_view text) {
  auto first = text.find_first_not_of(' ');
  auto last = text.find_last_not_of(' ');
  auto trimmed = first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
  if (auto why = text_fault(trimmed, min, max)) return std::unexpected(*why);
  return LeadTag{std::string(trimmed)};
}

std::vector<Error> field_faults(const UpdateContact& c, const Book&, const Context&) {
  return value_faults(c);
}

std::vector<Error> field_faults(const UpdateCall& c, const Book& book, const Context&) {
  auto faults = value_faults(c);
  const auto* call = call_in(c.workspace, c.call, book);
  if (!call || !is_erased(call->contact, book)) return faults;
  constexpr auto why = "cannot be kept: the call's contact was erased";
  if (c.notes.value) faults.push_back({Code::validation_failed, why, "/notes"});
  if (c.tags.value && !c.tags.value->empty()) faults.push_back({Code::validation_failed, why, "/tags"});
  return faults;
}

Decision<UpdateContact::Answer> decide(const UpdateContact& c, const Book& book, const Context& ctx) {
  const auto* contact = contact_in(c.workspace, c.contact, book);
  if (!contact || contact->erased) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  contacts::Updated e{contact->id, contact->workspace, {}, {}, {}, {}, {}};
  return decided(c, *contact, std::move(e), ctx);
}

Decision<UpdateCall::Answer> decide(const UpdateCall& c, const Book& book, const Context& ctx) {
  const auto* call = call_in(c.workspace, c.call, book);
  if (!call) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  calls::Updated e{call->id, call->workspace, {}, {}, {}, {}, {}, call->contact};
  return decided(c, *call, std::move(e), ctx);
}

}  // namespace ringledger
