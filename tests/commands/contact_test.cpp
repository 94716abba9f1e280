// Contacts: made by calls and messages, named, and forgotten.
#include "commands/contact.hpp"

#include "commands/message.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

ReceiveCall rings(const std::string& sid, const std::string& from = "+12125550100", unsigned number = 1) {
  auto r = ringing(number, sid);
  r.from = from;
  r.form = "From=" + from;
  return {dental_twilio, r};
}
World spring_line() { return given(acme() + imported(n1, 1) + assigned(n1, spring)); }
std::optional<ContactId> contact_in(const std::vector<Event>& events) {
  return one<calls::Received>(events).contact;
}
/// Rings, and tells whose call it was.
ContactId known(World& w, const ReceiveCall& c = rings("CA1")) {
  auto events = w.when(c).events();
  w.happened(events);
  return contact_in(events).value();
}
NameContact name(ContactId contact, const std::string& text,
                 contacts::NameSource source = contacts::NameSource::human) {
  return {dental, contact, {true, Text<200>{text}}, source, {}};
}
const contacts::Contact& row(const World& w, ContactId c) { return *w.row<contacts::Contact>(c); }

}  // namespace

TEST_CASE("CON-01 the first call makes a contact, later ones find it, whatever is doubled; also a message") {
  auto w = spring_line();
  const auto first = w.when(rings("CA1")).events();
  const auto& made = one<contacts::Created>(first);
  CHECK(made.source == contacts::Source::call);
  CHECK(made.phone.clear() == "+12125550100");
  CHECK(made.country == "US");
  CHECK(contact_in(first) == made.contact);
  w.happened(first);
  w.when(rings("CA1")).then_nothing();
  CHECK(known(w, rings("CA2")) == made.contact);
  CHECK(known(w, rings("CA3", "+12125550199")) != made.contact);
  MessageReport text{"SM1", "+12125550100", phone(1).text, "hi", 0, 1, "", ""};
  CHECK(one<messages::Received>(w.when(ReceiveMessage{dental_twilio, text}).events()).contact ==
        made.contact);
}

TEST_CASE("CON-01 a contact is of one workspace: the same caller elsewhere is another one") {
  auto w = spring_line();
  auto here = known(w);
  auto elsewhere = rings("CA2");
  elsewhere.connection = vision_twilio;
  elsewhere.report.to = "+14155559999";
  CHECK(known(w, elsewhere) != here);
}

TEST_CASE(
    "CON-01 of a call that went out the contact is who was called, and no number of theirs is in clear") {
  auto w = spring_line();
  auto out = rings("CA1", phone(1).text);
  out.report.outbound = true;
  out.report.to = "+12125550100";
  const auto events = w.when(out).events();
  CHECK(one<contacts::Created>(events).phone.clear() == "+12125550100");
  CHECK(one<calls::Received>(events).to == phone(1).text);
  CHECK(one<calls::Received>(events).from.clear() == "+12125550100");
}

TEST_CASE("CON-01 withheld callers and clients are nobody's contact") {
  auto w = spring_line();
  for (const char* from : {"anonymous", "", "client:ann", "sip:ann@x", "+266696687", "+7378742833",
                           "+2562533", "+8656696", "+86282452253"}) {
    CAPTURE(from);
    const auto events = w.when(rings("CA1", from)).events();
    CHECK_FALSE(contact_in(events));
    CHECK(events.size() == 2);
  }
}

TEST_CASE("CNA-02 a looked-up name is a fact of the contact, once while it stays the same") {
  auto w = spring_line();
  auto named = rings("CA1");
  named.report.caller_name = "ANN CALLER";
  auto ann = known(w, named);
  CHECK(contacts::name_of(row(w, ann))->text == "ANN CALLER");
  named.report.provider_sid = "CA2";
  CHECK(w.when(named).events().size() == 2);
  named.report.caller_name = "ANNA CALLER";
  CHECK(one<contacts::Named>(w.when(named).events()).source == contacts::NameSource::cnam);
}

TEST_CASE("CNA-04 CNA-07 a name by AI or a person is a fact with its source; a person's stands") {
  auto w = spring_line();
  auto ann = known(w);
  auto guess = name(ann, "Anna", contacts::NameSource::ai);
  w.when(guess).then_refused(Code::validation_failed);
  guess.confidence = Share{9'000};
  w.when(guess).then_answer([](const auto& a) { CHECK(a.name_source == contacts::NameSource::ai); });
  w.does(name(ann, "Ann"));
  w.when(name(ann, "Ann")).then_nothing();
  w.when(guess).then_answer([](const auto& a) { CHECK(a.name_source == contacts::NameSource::human); });
  CHECK(one<contacts::Named>(w.when(guess).events()).confidence == Share{9'000});
  auto none = name(ann, "");
  none.name.value.reset();
  w.when(none).then_answer([](const auto& a) { CHECK_FALSE(a.name_source); });
  w.when(name(ann, "Ann", contacts::NameSource::cnam)).then_refused(Code::validation_failed);
  w.when(name(id<ContactId>(99), "Ann")).then_refused(Code::not_found);
  w.when(name(ann, "Anne"), By{}.if_match(1)).then_refused(Code::version_mismatch);
}

TEST_CASE("CNA-04 a workspace that has no names detected takes none from an AI; what it has can be cleared") {
  auto w = spring_line();
  auto ann = known(w);
  auto guess = name(ann, "Anna", contacts::NameSource::ai);
  guess.confidence = Share{9'000};
  w.does(guess);
  workspaces::Updated off{dental, {}, {}, {}, {}};
  off.detect_caller_name = false;
  w.happened({off});
  guess.name.value = Text<200>{"Hannah"};
  w.when(guess).then_refused(Code::forbidden);
  w.does(name(ann, "Ann"));
  guess.name.value.reset();
  w.does(guess);
  CHECK_FALSE(row(w, ann).ai_name.clear());
}

TEST_CASE("CNA-06 a name by AI is judged by the gate that the workspace had then, and the fact says which") {
  auto w = spring_line();
  auto ann = known(w);
  auto guess = name(ann, "Anna", contacts::NameSource::ai);
  guess.confidence = Share{6'000};
  w.when(guess).then_answer([](const auto& a) { CHECK_FALSE(a.name_source); });
  workspaces::Updated lower{dental, {}, {}, {}, {}};
  lower.least_ai_confidence = Share{5'000};
  w.happened({lower});
  CHECK(one<contacts::Named>(w.when(guess).events()).gate == Share{5'000});
  w.does(guess);
  w.when(guess).then_nothing();
  lower.least_ai_confidence = Share{9'000};
  w.happened({lower});
  CHECK(contacts::name_of(row(w, ann))->text == "Anna");
  CHECK(one<contacts::Named>(w.when(guess).events()).gate == Share{9'000});
  CHECK_FALSE(one<contacts::Named>(w.when(name(ann, "Ann")).events()).gate);
}

TEST_CASE("LOG-02 CON-12 a call keeps what its contact was called then, whatever it is called later") {
  auto w = spring_line();
  const auto first = w.when(rings("CA1")).events();
  CHECK_FALSE(one<calls::Received>(first).contact_name.clear());
  w.happened(first);
  auto ann = contact_in(first).value();
  w.does(name(ann, "Ann"));
  auto again = rings("CA2");
  again.report.caller_name = "ANN CALLER";
  const auto next = w.when(again).events();
  const auto& e = one<calls::Received>(next);
  CHECK(e.contact_name.clear() == "Ann");
  CHECK(e.caller_name.clear() == "ANN CALLER");
  w.happened(next);
  w.does(name(ann, "Anne"));
  CHECK(w.row<calls::Call>(e.call)->caller_name.clear() == "Ann");
  auto out = rings("CA3", phone(1).text);
  out.report.outbound = true;
  out.report.to = "+12125550100";
  CHECK(one<calls::Received>(w.when(out).events()).contact_name.clear() == "Anne");
}

TEST_CASE("LOG-02 a name that the look-up gives stands once in the call's fact") {
  auto w = spring_line();
  auto looked_up = rings("CA1");
  looked_up.report.caller_name = "ANN CALLER";
  auto ann = known(w, looked_up);
  looked_up.report.provider_sid = "CA2";
  CHECK_FALSE(one<calls::Received>(w.when(looked_up).events()).contact_name.clear());
  looked_up.report.caller_name = "ANNA CALLER";
  CHECK_FALSE(one<calls::Received>(w.when(looked_up).events()).contact_name.clear());
  looked_up.report.caller_name = "";  // its look-up is off meanwhile
  CHECK(one<calls::Received>(w.when(looked_up).events()).contact_name.clear() == "ANN CALLER");
  w.does(EraseContact{dental, ann});
  CHECK_FALSE(one<calls::Received>(w.when(looked_up).events()).contact_name.clear());
}

TEST_CASE("POOL-05 what a caller was owed to is of the newest call, also when an older one is told of late") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a"));
  w.now.ms += 2 * minute;
  auto began = w.now;
  auto ann = known(w, rings("CA2"));
  auto late = rings("CA1").report;
  late.status = "completed";
  late.duration_s = 90;
  auto events = w.when(ReportCallStatus{dental_twilio, late, {}}).events();
  CHECK(one<calls::Received>(events).started_at < began);
  CHECK(one<calls::Attributed>(events).attribution.session == a.session);
  w.happened(events);
  auto row = w.rows.at(book_key(account, row_kind<AttributedCaller>, attributed_name(site, ann)));
  CHECK(std::get<AttributedCaller>(*row).at == began);
}

TEST_CASE("POOL-05 a caller who was attributed before is owed to that visit again, matched by the contact") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a"));
  auto seen = w.now;
  auto first = w.when(rings("CA1")).events();
  w.happened(first);
  auto evidence = id<CommitId>(w.commits).to_string() + "/2";
  goes_silent(w, a.session);
  is_over(w, a.session);
  w.now.ms += 31 * minute;  // nobody's showing covers it any more
  const auto again = one<calls::Attributed>(w.when(rings("CA2")).events()).attribution;
  CHECK(again.session == a.session);
  CHECK(again.flags == std::vector{attribution::Flag::repeat_caller});
  CHECK(again.confidence == Share{10'000});
  CHECK(again.evidence.back() == evidence);
  w.does(rings("CA2"));
  CHECK_FALSE(one<calls::Attributed>(w.when(rings("CA3", "+12125550177")).events()).attribution.session);
  w.now.ms = seen.ms + 30LL * 24 * 60 * minute + minute;  // counted from what the visit itself proved
  CHECK_FALSE(one<calls::Attributed>(w.when(rings("CA4")).events()).attribution.session);
}

TEST_CASE("an erasure names every call, message and visit of the contact, each once, and destroys its keys") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a", "visitor 1"));
  auto ann = known(w);
  w.does(rings("CA2"));
  w.does(ReceiveMessage{dental_twilio, {"SM1", "+12125550100", phone(1).text, "hi", 0, 1, "", ""}});
  w.does(name(ann, "Ann"));
  auto outcome = w.when(EraseContact{dental, ann});
  outcome.then_answer([](const auto& answer) {
    CHECK(answer.calls == 2);
    CHECK(answer.messages == 1);
    CHECK(answer.sessions == 1);
  });
  const auto& e = one<contacts::Erased>(outcome.events());
  CHECK(e.subjects() == std::vector{ann.to_string(), a.session.to_string()});
  w.happened(outcome.events());
  w.when(EraseContact{dental, ann}).then_nothing();
  w.when(EraseContact{vision, ann}).then_refused(Code::not_found);
  w.when(name(ann, "Ann")).then_refused(Code::not_found);
}

TEST_CASE("after an erasure no row of the book holds or is named by anything of the person") {
  auto w = pool_of(2);
  auto a = starts(w, visit("session of ann", "visitor ann"));
  auto ann = known(w);
  w.does(name(ann, "Ann"));
  w.does(EraseContact{dental, ann});
  for (const auto& [key, stored] : w.rows) {
    if (!stored) continue;
    for (const char* gone : {"+12125550100", "session of ann", "visitor ann"})
      CHECK(key.find(gone) == std::string::npos);
  }
  CHECK_FALSE(row(w, ann).phone.clear());
  CHECK_FALSE(row(w, ann).human_name.clear());
  const auto& s = *w.row<sessions::Session>(a.session);
  CHECK_FALSE(s.session_key.clear());
  CHECK_FALSE(s.visitor.clear());
  for (const auto& [key, stored] : w.rows) {
    const auto* call = stored ? std::get_if<calls::Call>(stored.get()) : nullptr;
    const auto* shown = stored ? std::get_if<RememberedShowing>(stored.get()) : nullptr;
    CHECK_FALSE((call && call->from.clear()));
    CHECK_FALSE((shown && shown->visitor.clear()));
    CHECK_FALSE((stored && std::holds_alternative<ContactTrace>(*stored)));
  }
}

TEST_CASE("what is told of an erased contact's call afterwards is recorded without a word about the person") {
  auto w = spring_line();
  auto ann = known(w);
  w.does(EraseContact{dental, ann});
  auto ended = rings("CA1").report;
  ended.status = "completed";
  ended.duration_s = 12;
  const auto events = w.when(ReportCallStatus{dental_twilio, ended, {}}).events();
  const auto& e = one<calls::StatusReported>(events);
  CHECK(e.duration_s == 12);
  CHECK_FALSE(e.form.clear());
  const auto asked = one<calls::StatusReported>(w.when(ReconcileCall{dental_twilio, ended}).events());
  CHECK(asked.contact == ann);
  CHECK_FALSE(asked.form.clear());
  w.happened(events);
}

TEST_CASE(
    "CON-12 the same number calls again after an erasure: it is another contact, its calls stay apart") {
  auto w = spring_line();
  auto ann = known(w);
  w.does(EraseContact{dental, ann});
  auto again = known(w, rings("CA2"));
  CHECK(again != ann);
  const auto& e = one<contacts::Erased>(w.when(EraseContact{dental, again}).events());
  CHECK(e.calls.size() == 1);
}

TEST_CASE("a visit whose person was erased is over for its page, while its lease ends by its deadlines") {
  auto w = pool_of(1);
  auto a = starts(w, visit("a", "visitor 1"));
  auto ann = known(w);
  w.does(EraseContact{dental, ann});
  w.when(AskVisit{site, a.session}).then_refused(Code::not_found);
  w.when(AddTouch{site, a.session, Text<2048>{"https://x"}, {}, {}, {}}).then_refused(Code::not_found);
  CHECK(w.when(visit("a", "visitor 1")).decision()->result.session != a.session);
  auto ended = rings("CA1").report;
  ended.status = "completed";
  w.does(ReportCallStatus{dental_twilio, ended, {}});  // a number in a call is lent to nobody
  goes_silent(w, a.session);
  is_over(w, a.session);
  CHECK(shown(starts(w, visit("a", "visitor 1"))) == phone(1).text);
}

TEST_CASE("CMP-04 a stop outlives the erasure of who said it, without their number; a start lifts it") {
  auto w = spring_line();
  auto says = [&](const std::string& sid, const std::string& body) {
    w.does(ReceiveMessage{dental_twilio, {sid, "+12125550100", phone(1).text, body, 0, 1, "", ""}});
  };
  auto ann = known(w);
  CHECK_FALSE(one<contacts::Erased>(w.when(EraseContact{dental, ann}).events()).opt_out);
  says("SM1", "STOP");
  w.does(EraseContact{dental, ann});
  auto next = w.when(rings("CA2")).events();
  const auto& kept = one<contacts::ConsentChanged>(next);
  CHECK(kept.consent == contacts::Consent::opted_out);
  CHECK(kept.source == contacts::ConsentSource::kept);
  w.happened(next);
  auto again = contact_in(next).value();
  CHECK(row(w, again).consent == contacts::Consent::opted_out);
  SUBCASE("erased once more, it stands") { w.does(EraseContact{dental, again}); }
  SUBCASE("a start lifts it") {
    says("SM2", "START");
    w.does(EraseContact{dental, again});
    CHECK(row(w, known(w, rings("CA3"))).consent == contacts::Consent::unknown);
    return;
  }
  CHECK(row(w, known(w, rings("CA3"))).consent == contacts::Consent::opted_out);
}

TEST_CASE("an erasure names the other visits of the caller's visitor too, while they are remembered") {
  auto w = pool_of(2);
  auto first = starts(w, visit("a", "visitor 1"));
  goes_silent(w, first.session);
  is_over(w, first.session);
  auto other = starts(w, visit("b", "visitor 2"));
  w.now.ms += 5 * minute;
  auto latest = starts(w, visit("c", "visitor 1"));
  auto call = rings("CA1");
  call.report.to = shown(latest);
  w.happened(w.when(call).events());
  auto ann = contact_in(w.when(rings("CA2")).events());
  REQUIRE(ann);
  auto e = one<contacts::Erased>(w.when(EraseContact{dental, *ann}).events());
  CHECK(e.sessions.size() == 2);
  CHECK(std::ranges::find(e.sessions, other.session) == e.sessions.end());
}

TEST_CASE("who has very many calls and messages is forgotten by several erasures, whose last takes the key") {
  auto w = spring_line();
  auto ann = known(w);
  constexpr auto most = EraseContact::most_at_once;
  auto place = [&](const std::string& name, auto value) {
    w.rows[book_key(account, row_kind<decltype(value)>, name)] = std::make_shared<const BookRow>(value);
  };
  for (std::int64_t i = 0; i < most + 2; ++i)
    place(trace_name(ann, i), ContactTrace{{}, id<MessageId>(static_cast<unsigned>(i) + 1), {}});
  place(raw_name(ann.raw), ContactTraces{most + 2});
  auto first = w.when(EraseContact{dental, ann});
  first.then_answer([](const auto& a) { CHECK(a.left == 2); });
  const auto& some = one<contacts::Erased>(first.events());
  CHECK(some.messages.size() == most);
  CHECK(some.subjects().empty());
  w.happened(first.events());
  CHECK_FALSE(row(w, ann).phone.clear());
  auto last = w.when(EraseContact{dental, ann});
  last.then_answer([](const auto& a) { CHECK(a.left == 0); });
  const auto& rest = one<contacts::Erased>(last.events());
  CHECK(rest.messages == std::vector{id<MessageId>(1), id<MessageId>(2)});
  CHECK(rest.subjects() == std::vector{ann.to_string()});
  w.happened(last.events());
  w.when(EraseContact{dental, ann}).then_nothing();
}
