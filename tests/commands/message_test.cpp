// Messages: what a webhook makes happen.
#include "commands/message.hpp"

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

TEST_CASE(
    "CMP-04 STOP and START are kept on the contact, with the message as evidence, when they change it") {
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
  CHECK(w.when(writes("QUIT", "SM3")).events().size() == 1);
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
