#include "commands/contact.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace ringledger {
namespace {

std::unexpected<Refusal> other_version(std::int64_t version) {
  return refuse(Code::version_mismatch, "The contact has version " + std::to_string(version) + ".");
}

std::optional<contacts::NameSource> name_source(const contacts::Contact& c) {
  auto name = contacts::name_of(c);
  return name ? std::optional(name->source) : std::nullopt;
}

bool says_nothing_new(const contacts::Contact& c, const contacts::Named& e) {
  switch (e.source) {
    case contacts::NameSource::human:
      return c.human_name == e.name;
    case contacts::NameSource::ai:
      return c.ai_name == e.name &&
             (!e.name.clear() || (c.ai_confidence == e.confidence.value_or(Share{}) && c.ai_gate == e.gate));
    case contacts::NameSource::cnam:
      return c.cnam_name == e.name;
  }
  return false;
}

/// The visit, and the others of its visitor that are remembered.
void add_visits(const Book& book, SessionId visit, std::set<SessionId>& all) {
  all.insert(visit);
  const auto* shown = book.find<ShownTo>(visit);
  for (std::size_t i = 0; shown && i < shown->numbers.size(); ++i) {
    const auto* n = book.find<pools::PoolNumber>(shown->numbers[i]);
    auto most = n ? std::min(n->showings, remembered_showings) : 0;
    for (std::int64_t back = 1; back <= most; ++back) {
      const auto* one = book.find<RememberedShowing>(showing_name(n->id, n->showings - back));
      if (!one || one->showing.session != visit || !one->visitor.clear()) continue;
      const auto* visitor =
          book.find<VisitorNumbers>(page_name(one->showing.campaign, *one->visitor.clear()));
      for (std::size_t k = 0; visitor && k < visitor->lent.size(); ++k) all.insert(visitor->lent[k].session);
    }
  }
}

/// Who cannot know the installation's key cannot tell whose it is, nor try all numbers.
std::string mark_of(WorkspaceId workspace, const std::string& phone, const Context& ctx) {
  return ctx.mint->mark("opted out\n" + workspace.to_string() + "\n" + phone);
}

/// What must outlive an erasure: that the number said stop, or does no longer.
std::optional<contacts::KeptOptOut> opt_out_of(const contacts::Contact& c, std::string mark,
                                               const Book& book) {
  bool stands = c.consent == contacts::Consent::opted_out;
  if (!stands && !book.find<OptedOut>(mark)) return std::nullopt;
  return contacts::KeptOptOut{std::move(mark), stands};
}

/// What an erasure names, each once, as far as it happened.
contacts::Erased erased(const contacts::Contact& c, const Book& book, const Context& ctx) {
  contacts::Erased e{c.id, c.workspace, {}, {}, {}, {}, 0};
  const auto* traces = book.find<ContactTraces>(c.id);
  const auto count = traces ? traces->count : 0;
  e.left = std::max<std::int64_t>(0, count - EraseContact::most_at_once);
  std::set<SessionId> sessions;
  for (auto i = e.left; i < count; ++i) {
    const auto* trace = book.find<ContactTrace>(trace_name(c.id, i));
    if (!trace) continue;  // not in memory: decided again
    if (trace->call) e.calls.push_back(*trace->call);
    if (trace->message) e.messages.push_back(*trace->message);
    if (trace->session) add_visits(book, *trace->session, sessions);
  }
  e.sessions.assign(sessions.begin(), sessions.end());
  if (c.phone.clear()) e.opt_out = opt_out_of(c, mark_of(c.workspace, *c.phone.clear(), ctx), book);
  return e;
}

}  // namespace

bool is_withheld_party(const E164& number) {
  // The words ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on the keys of a phone.
  constexpr std::array<std::string_view, 5> words{"+266696687", "+7378742833", "+2562533", "+8656696",
                                                  "+86282452253"};
  return std::ranges::find(words, number.text) != words.end();
}

std::optional<ContactId> contact_of(const std::string& party, WorkspaceId workspace, contacts::Source source,
                                    const Book& book, const Context& ctx, std::vector<Event>& events) {
  auto phone = E164::parse(party);
  if (!phone || is_withheld_party(*phone)) return std::nullopt;
  if (const auto* known = book.find<ContactByPhone>(name_in(workspace, phone->text))) return known->contact;
  contacts::Created e{ctx.new_id<ContactId>(), workspace, source, ctx.phones->facts(*phone).country,
                      Personal(phone->text)};
  events.emplace_back(e);
  if (book.find<OptedOut>(mark_of(workspace, phone->text, ctx)))
    events.emplace_back(contacts::ConsentChanged{
        e.contact, workspace, contacts::Consent::opted_out, contacts::ConsentSource::kept, "", {}});
  return e.contact;
}

const contacts::Contact* contact_in(WorkspaceId workspace, ContactId id, const Book& book) {
  const auto* c = book.find<contacts::Contact>(id);
  return c && c->workspace == workspace ? c : nullptr;
}

bool is_erased(const std::optional<ContactId>& contact, const Book& book) {
  const auto* c = contact ? book.find<contacts::Contact>(*contact) : nullptr;
  return c && c->erased;
}

std::vector<Error> field_faults(const NameContact& c, const Book&, const Context&) {
  std::vector<Error> faults;
  bool by_ai = c.source == contacts::NameSource::ai;
  if (c.source == contacts::NameSource::cnam)
    faults.push_back({Code::validation_failed, "must be human or ai: CNAM names come with calls", "/source"});
  if (by_ai && c.name.value && !c.confidence)
    faults.push_back({Code::validation_failed, "is required of a name by ai", "/confidence"});
  if (!by_ai && c.confidence)
    faults.push_back({Code::validation_failed, "is of names by ai only", "/confidence"});
  return faults;
}

Decision<NameContact::Answer> decide(const NameContact& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* workspace = book.workspace(c.workspace);
  const auto* contact = contact_in(c.workspace, c.contact, book);
  if (!workspace || !contact || contact->erased) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != contact->version) return other_version(contact->version);
  contacts::Named e{contact->id, contact->workspace, c.source, c.confidence, {}};
  if (c.name.value) e.name = Personal(c.name.value->value);
  if (c.name.value && c.source == contacts::NameSource::ai) {
    if (!workspace->detect_caller_name)
      return refuse(Code::forbidden, "The workspace has no caller names detected (detect_caller_name).");
    e.gate = workspace->least_ai_confidence;
  }
  if (says_nothing_new(*contact, e))
    return Accepted<NameContact::Answer>{{}, {contact->id, contact->version, name_source(*contact)}};
  auto after = *contacts::evolve(*contact, e, ctx.now);
  return Accepted<NameContact::Answer>{{std::move(e)}, {after.id, after.version, name_source(after)}};
}

Decision<EraseContact::Answer> decide(const EraseContact& c, const Book& book, const Context& ctx) {
  const auto* contact = contact_in(c.workspace, c.contact, book);
  if (!contact) return no_such_thing();
  if (contact->erased && !book.find<ContactTraces>(contact->id))
    return Accepted<EraseContact::Answer>{{}, {contact->id, contact->version}};
  if (ctx.if_match && *ctx.if_match != contact->version) return other_version(contact->version);
  auto e = erased(*contact, book, ctx);
  auto size = [](const auto& ids) { return static_cast<std::int64_t>(ids.size()); };
  EraseContact::Answer answer{contact->id,      contact->version + 1, true,  size(e.calls),
                              size(e.messages), size(e.sessions),     e.left};
  return Accepted<EraseContact::Answer>{{std::move(e)}, answer};
}

}  // namespace ringledger
