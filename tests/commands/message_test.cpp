// Messages: what a webhook makes happen.
#include "commands/message.hpp"

#include "commands/contact.hpp"
#include "tests/support/scenario.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

ReceiveMessage writes(const std::string& body = "Are you open?", const std::string& sid = "SM1",
                      const std::string& from = "+12125550100") {
  MessageReport r;
  r.provider_sid = sid;
  r.from = from;
  r.to = phone(1).text;
  r.body = body;
  r.media = 2;
  r.segments = 1;
  r.form = "MessageSid=" + sid;
  return {dental_twilio, std::move(r)};
}
World texting() { return given(acme() + imported(n1, 1) + assigned(n1, texts)); }
/// The same an hour later.
World texting_for_long() {
  auto w = texting();
  w.now.ms += 3'600'000;
  return w;
}
/// What the provider's list says of the message that `writes` tells of.
ReconcileMessage found(const World& w, std::int64_t came_ms_ago, const std::string& body = "Are you open?",
                       const std::string& sid = "SM1") {
  auto r = writes(body, sid).report;
  r.received_at = Timestamp{w.now.ms - came_ms_ago};
  return {dental_twilio, std::move(r)};
}
contacts::Consent consent(const World& w, ContactId contact) {
  return w.row<contacts::Contact>(contact)->consent;
}

}  // namespace

TEST_CASE("MSG-01 a message is recorded with its number, campaign, sender and files") {
  auto w = texting();
  const auto events = w.when(writes()).events();
  REQUIRE(events.size() == 2);
  const auto& e = one<messages::Received>(events);
  CHECK(e.workspace == dental);
  CHECK(e.number == n1);
  CHECK(e.campaign == texts);
  CHECK(e.to == phone(1).text);
  CHECK(e.media == 2);
  CHECK(e.sender_country == "US");
  CHECK(e.from.clear() == "+12125550100");
  CHECK(e.body.clear() == "Are you open?");
  const auto& made = one<contacts::Created>(events);
  CHECK(e.contact == made.contact);
  CHECK(made.source == contacts::Source::message);
  CHECK(e.subject() == made.contact.to_string());
}

TEST_CASE("MSG-02 a message belongs to the workspace that has the number, whichever connection told of it") {
  auto w = texting();
  auto c = writes();
  c.connection = vision_twilio;
  CHECK(one<messages::Received>(w.when(c).events()).workspace == dental);
  c.report.to = "+14155559999";
  CHECK(one<messages::Received>(w.when(c).events()).workspace == vision);
  CHECK_FALSE(one<messages::Received>(w.when(c).events()).number);
  given(acme()).when(ReceiveMessage{id<ConnectionId>(77), {}}).then_refused(Code::not_found);
}

TEST_CASE("a message is recorded once, for ever, whatever came in between") {
  auto w = texting();
  w.does(writes());
  w.happened({unassigned(n1, texts)});
  w.when(writes("another text")).then_nothing();
  CHECK(writes().natural_key("AC1") == "twilio/AC1/SM1/sms");
}

TEST_CASE("CMP-04 STOP and START are kept on the contact, with the message as evidence, repeated ones too") {
  auto w = texting();
  w.does(writes());
  const auto stop = w.when(writes(" stop ", "SM2")).events();
  const auto& said = one<contacts::ConsentChanged>(stop);
  CHECK(said.consent == contacts::Consent::opted_out);
  CHECK(said.source == contacts::ConsentSource::keyword);
  CHECK(said.keyword == "STOP");
  CHECK(said.message == one<messages::Received>(stop).message);
  w.happened(stop);
  CHECK(consent(w, said.contact) == contacts::Consent::opted_out);
  CHECK_FALSE(said.said_at);
  const auto quit = one<contacts::ConsentChanged>(w.when(writes("QUIT", "SM3")).events());
  CHECK(quit.consent == contacts::Consent::opted_out);
  CHECK(quit.keyword == "QUIT");
  w.does(writes("UNSTOP", "SM4"));
  CHECK(consent(w, said.contact) == contacts::Consent::opted_in);
}

TEST_CASE(
    "CMP-04 YES takes back a stop; of who never said stop it answers some question, and is no consent") {
  auto w = texting();
  auto judged = writes("Yes", "SM2");
  judged.report.opt_out = "START";
  CHECK(w.when(writes("YES")).events().size() == 2);
  CHECK(w.when(judged).events().size() == 2);
  auto started = w;
  started.does(writes("START"));
  CHECK(started.when(judged).events().size() == 1);
  w.does(writes("STOP"));
  CHECK(one<contacts::ConsentChanged>(w.when(writes("YES", "SM2")).events()).consent ==
        contacts::Consent::opted_in);
  CHECK(one<contacts::ConsentChanged>(w.when(judged).events()).keyword == "START");
}

TEST_CASE("NUM-04 a message to an inactive number is recorded as such, for no campaign; a stop counts") {
  auto w = texting();
  CHECK_FALSE(one<messages::Received>(w.when(writes()).events()).inactive);
  w.happened({numbers::Deactivated{n1, dental}});
  const auto events = w.when(writes("STOP")).events();
  const auto& e = one<messages::Received>(events);
  CHECK(e.inactive);
  CHECK(e.number == n1);
  CHECK_FALSE(e.campaign);
  CHECK(one<contacts::ConsentChanged>(events).consent == contacts::Consent::opted_out);
  CHECK(messages::message_of(e, w.now).inactive);
}

TEST_CASE("CMP-04 the first message may be the word, and Twilio's own judgement stands before ours") {
  auto w = texting();
  CHECK(w.when(writes("STOP")).events().size() == 3);
  auto judged = writes("arrêt");
  judged.report.opt_out = "STOP";
  CHECK(one<contacts::ConsentChanged>(w.when(judged).events()).keyword == "STOP");
  judged.report.opt_out = "HELP";
  judged.report.body = "STOP";
  CHECK(w.when(judged).events().size() == 2);
}

TEST_CASE("a short code, a name and a withheld number are nobody's contact") {
  auto w = texting();
  for (const char* from : {"72975", "ACME", "", "+266696687"}) {
    CAPTURE(from);
    const auto events = w.when(writes("STOP", "SM1", from)).events();
    REQUIRE(events.size() == 1);
    const auto& e = one<messages::Received>(events);
    CHECK_FALSE(e.contact);
    CHECK(e.subject() == e.message.to_string());
  }
}

TEST_CASE(
    "MSG-01 MSG-02 a message that nobody told of is recorded from the provider's list, as of when it came") {
  auto w = texting_for_long();
  const auto list = found(w, 60'000);
  const auto events = w.when(list).events();
  REQUIRE(events.size() == 2);
  const auto& e = one<messages::Received>(events);
  CHECK(e.received_at == Timestamp{w.now.ms - 60'000});
  CHECK(messages::message_of(e, w.now).received_at == *e.received_at);
  CHECK(e.workspace == dental);
  CHECK(e.number == n1);
  CHECK(e.campaign == texts);
  CHECK(e.contact == one<contacts::Created>(events).contact);
  CHECK(w.when(list).decision()->result.message == e.message);
  w.does(list);
  w.when(list).then_nothing();
  w.when(writes()).then_nothing();  // the webhook comes at last
  CHECK(list.natural_key("AC1") == "twilio/AC1/SM1/reconcile");
}

TEST_CASE("MSG-01 a message that is known makes no event when it stands in the provider's list") {
  auto w = texting_for_long();
  w.does(writes());
  w.when(found(w, 1'000)).then_nothing().then_answer([](const auto& a) { CHECK(a.message); });
  CHECK_FALSE(one<messages::Received>(w.when(writes("hi", "SM2")).events()).received_at);
}

TEST_CASE("MSG-02 messages from before a number's hooks were ours, or to no number of ours, are left alone") {
  auto w = texting_for_long();
  w.when(found(w, 365LL * 24 * 3'600'000)).then_nothing().then_answer([](const auto& a) {
    CHECK_FALSE(a.message);
  });
  auto undated = found(w, 60'000);
  undated.report.received_at.reset();
  w.when(undated).then_nothing();
  auto unknown = found(w, 60'000);
  unknown.report.to = "+14155559999";
  w.when(unknown).then_nothing();
  auto external = given(acme() + imported(n1, 1));
  external.now.ms += 3'600'000;
  external.when(found(external, 60'000)).then_nothing();
  w.when(ReconcileMessage{id<ConnectionId>(77), {}}).then_refused(Code::not_found);
}

TEST_CASE("XFR-07 a message from before its number came here is no message of the destination") {
  auto w = texting_for_long();
  w.happened({numbers::TransferredOut{n1, dental, texts, {}}});
  numbers::TransferredIn in;
  in.number = n1;
  in.workspace = vision;
  in.connection = vision_twilio;
  in.e164 = phone(1);
  in.wanted.hooks = true;
  w.happened({in});
  w.when(found(w, 60'000)).then_nothing();
}

TEST_CASE("CMP-04 a STOP that is found late counts from when it was said, unless a START is newer") {
  auto w = texting_for_long();
  w.does(writes("START", "SM1"));
  const auto ann = one<contacts::ConsentChanged>(w.when(writes("STOP", "SM9")).events()).contact;
  w.now.ms += 600'000;
  SUBCASE("said after the START") {
    const auto stop = w.when(found(w, 60'000, "STOP", "SM2")).events();
    CHECK(one<contacts::ConsentChanged>(stop).said_at == Timestamp{w.now.ms - 60'000});
    CHECK(one<contacts::ConsentChanged>(stop).message == one<messages::Received>(stop).message);
    w.happened(stop);
    CHECK(consent(w, ann) == contacts::Consent::opted_out);
    CHECK(w.row<contacts::Contact>(ann)->consent_at == Timestamp{w.now.ms - 61'000});
  }
  SUBCASE("said before the START") { CHECK(w.when(found(w, 700'000, "STOP", "SM2")).events().size() == 1); }
  SUBCASE("said between a START and one that changed nothing") {
    w.does(writes("START", "SM3"));
    CHECK(w.when(found(w, 60'000, "STOP", "SM2")).events().size() == 1);
  }
  SUBCASE("said in the second of the START: in doubt it counts") {
    auto same_second = found(w, 0, "STOP", "SM2");
    same_second.report.received_at = Timestamp{w.row<contacts::Contact>(ann)->consent_at->ms - 999};
    CHECK(w.when(same_second).events().size() == 2);
    same_second.report.received_at->ms -= 1;
    CHECK(w.when(same_second).events().size() == 1);
  }
}

TEST_CASE("CMP-04 a START that is found late lifts no STOP that was said after it, repeated or not") {
  auto w = texting_for_long();
  w.does(writes("STOP", "SM1"));
  w.now.ms += 600'000;
  auto lifts = [&](std::int64_t came_ms_ago) {
    return w.when(found(w, came_ms_ago, "START", "SM2")).events().size() == 2;
  };
  CHECK(lifts(60'000));
  CHECK_FALSE(lifts(700'000));
  w.does(writes("QUIT", "SM3"));
  CHECK_FALSE(lifts(60'000));
  w.now.ms += 600'000;
  CHECK(lifts(60'000));
}

TEST_CASE("CMP-04 of words that are all found late the newest stands, in whatever order they are found") {
  for (bool newest_first : {true, false}) {
    CAPTURE(newest_first);
    auto w = texting_for_long();
    const auto stop = found(w, 120'000, "STOP", "SM1"), start = found(w, 60'000, "START", "SM2");
    const auto first = w.when(newest_first ? start : stop).events();
    w.happened(first);
    w.does(newest_first ? stop : start);
    CHECK(consent(w, one<contacts::Created>(first).contact) == contacts::Consent::opted_in);
  }
}

TEST_CASE(
    "CMP-04 a stop that outlived an erasure is lifted by who writes START, not by one that is found late") {
  auto w = texting_for_long();
  const auto stop = w.when(writes("STOP", "SM1")).events();
  w.happened(stop);
  w.does(EraseContact{dental, one<contacts::Created>(stop).contact});
  const auto late = w.when(found(w, 60'000, "START", "SM2")).events();
  CHECK(one<contacts::ConsentChanged>(late).source == contacts::ConsentSource::kept);
  for (const char* word : {"START", "YES"}) {
    CAPTURE(word);
    const auto said = w.when(writes(word, "SM2")).events();
    const auto* last = std::get_if<contacts::ConsentChanged>(&said.back());
    REQUIRE(last);
    CHECK(last->consent == contacts::Consent::opted_in);
  }
}
