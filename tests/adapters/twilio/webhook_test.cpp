// What Twilio posts: proven, read, answered.
#include "adapters/twilio/webhook.hpp"

#include <doctest/doctest.h>

#include <random>

#include "adapters/twilio/signature.hpp"

using namespace ringledger;
using namespace ringledger::twilio;

namespace {

const std::string sid = "AC" + std::string(32, 'a');
const WebhookSender sender{sid, {"token of today", "token of yesterday"}};
const std::string url = "https://rl.example/twilio/con_1/voice";

FormFields fields() {
  return {{"CallSid", "CA" + std::string(32, '1')},
          {"AccountSid", sid},
          {"From", "+12125550100"},
          {"To", "+14155550101"},
          {"CallStatus", "ringing"},
          {"CallerName", "O'HARA & SONS"},
          {"Empty", ""}};
}
bool accepted(const WebhookSender& who, const std::string& at, const FormFields& form,
              const std::string& signature) {
  return proven_form(who, at, form_encode(form), signature).has_value();
}

}  // namespace

TEST_CASE("a post is proven by the account's token, today's or the one before") {
  for (const auto& token : sender.tokens) CHECK(accepted(sender, url, fields(), sign(token, url, fields())));
  CHECK_FALSE(accepted(sender, url, fields(), sign("another", url, fields())));
  CHECK_FALSE(accepted({sid, {}}, url, fields(), sign("", url, fields())));
  CHECK_FALSE(accepted(sender, url, fields(), ""));
}

TEST_CASE("a post of another account is not proven, however well it is signed") {
  auto foreign = fields();
  foreign[1].second = "AC" + std::string(32, 'b');
  CHECK_FALSE(accepted(sender, url, foreign, sign(sender.tokens[0], url, foreign)));
  auto without = fields();
  without.erase(without.begin() + 1);
  CHECK_FALSE(accepted(sender, url, without, sign(sender.tokens[0], url, without)));
}

TEST_CASE("of what decides there is one: the order of equal names is not signed") {
  for (const char* name : {"AccountSid", "CallSid"}) {
    auto twice = fields();
    twice.emplace_back(name, sid);
    twice.emplace_back(name, "CA2");
    CHECK_FALSE(accepted(sender, url, twice, sign(sender.tokens[0], url, twice)));
  }
}

TEST_CASE("of 10,000 mutated signatures, forms and URLs none is accepted") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  auto change = [&](std::string& text) {
    const auto before = text;
    constexpr std::string_view letters = "ABCDEFabcdef0123456789+/=&%.";
    while (text == before) {
      auto at = below(text.size() + 1);
      switch (below(4)) {
        case 0:
          text.insert(at, 1, letters[below(letters.size())]);
          break;
        case 1:
          if (at < text.size()) text.erase(at, 1);
          break;
        case 2:
          if (at < text.size()) text[at] = letters[below(letters.size())];
          break;
        default:
          if (at + 1 < text.size()) std::swap(text[at], text[at + 1]);
      }
    }
  };
  const auto good = sign(sender.tokens[0], url, fields());
  REQUIRE(accepted(sender, url, fields(), good));
  int taken = 0;
  for (int round = 0; round < 10'000; ++round) {
    auto form = fields();
    auto at = url, signature = good;
    switch (below(4)) {
      case 0:
        change(at);
        break;
      case 1:
        change(form[below(form.size())].second);
        break;
      case 2:
        form.erase(form.begin() + static_cast<std::ptrdiff_t>(below(form.size() - 1)));  // not the empty one
        break;
      default:
        change(signature);
    }
    taken += accepted(sender, at, form, signature);
  }
  CHECK(taken == 0);
}

TEST_CASE("a call's report is read from its form") {
  auto form = fields();
  form.insert(form.end(), {{"CallDuration", "42"},
                           {"SequenceNumber", "3"},
                           {"CallbackSource", "call-progress-events"},
                           {"Timestamp", "Tue, 31 Aug 2010 20:36:28 +0000"},
                           {"Direction", "inbound"}});
  auto r = read_call(form, "as it came");
  REQUIRE(r);
  CHECK(r->provider_sid == form_value(form, "CallSid"));
  CHECK(r->from == "+12125550100");
  CHECK(r->to == "+14155550101");
  CHECK(r->caller_name == "O'HARA & SONS");
  CHECK(r->status == "ringing");
  CHECK_FALSE(r->outbound);
  CHECK(r->duration_s == 42);
  CHECK(r->sequence == 3);
  CHECK(r->told_at == parse_rfc3339("2010-08-31T20:36:28Z"));
  CHECK(r->form == "as it came");
  CHECK(r->name() == "call-progress-events/3/ringing");
  CHECK_FALSE(read_forward(form));
}

TEST_CASE("MSG-01 a message's report is read from its form, by its older name too") {
  FormFields form{{"MessageSid", "SM1"},  {"SmsSid", "SM1"},        {"From", "+12125550100"},
                  {"To", "+14155550101"}, {"Body", "h\xC3\xA9llo"}, {"NumMedia", "2"},
                  {"NumSegments", "x"},   {"OptOutType", "STOP"}};
  auto r = read_message(form, "as it came");
  REQUIRE(r);
  CHECK(r->provider_sid == "SM1");
  CHECK(r->from == "+12125550100");
  CHECK(r->to == "+14155550101");
  CHECK(r->body == "h\xC3\xA9llo");
  CHECK(r->media == 2);
  CHECK(r->segments == 0);
  CHECK(r->opt_out == "STOP");
  CHECK(r->form == "as it came");
  CHECK(read_message({{"SmsSid", "SM2"}}, "")->provider_sid == "SM2");
  for (const std::string bad : {"", "SM 1", "SM/1"}) CHECK_FALSE(read_message({{"MessageSid", bad}}, ""));
}

TEST_CASE("odd values are passed over, a call without a name of its own is none") {
  auto r = read_call({{"CallSid", "CA1"},
                      {"CallDuration", "-1"},
                      {"SequenceNumber", "x"},
                      {"Timestamp", "soon"},
                      {"Direction", "outbound-api"}},
                     "");
  REQUIRE(r);
  CHECK_FALSE(r->duration_s);
  CHECK_FALSE(r->sequence);
  CHECK_FALSE(r->told_at);
  CHECK(r->outbound);
  for (const std::string bad : {"", "CA 1", "CA/1", "CA\n"}) CHECK_FALSE(read_call({{"CallSid", bad}}, ""));
  CHECK_FALSE(read_call({{"CallSid", std::string(65, 'C')}}, ""));
}

TEST_CASE("the end of a forwarded leg is told by the action of <Dial>") {
  auto f = read_forward({{"DialCallStatus", "completed"}, {"DialCallSid", "CA2"}, {"DialCallDuration", "7"}});
  REQUIRE(f);
  CHECK(f->provider_sid == "CA2");
  CHECK(f->status == "completed");
  CHECK(f->duration_s == 7);
}

TEST_CASE("WHK-03 forwarding dials the target under the caller's number, and tells us how it ended") {
  auto report = *read_call(fields(), "");
  CHECK(twiml_of({calls::RouteKind::forward, E164{"+12125550199"}}, report, "https://rl.example/status") ==
        R"(<?xml version="1.0" encoding="UTF-8"?><Response>)"
        R"(<Dial action="https://rl.example/status#rc=3&amp;rp=ct,rt,5xx" )"
        R"(method="POST" timeout="20" callerId="+12125550100" answerOnBridge="true">)"
        R"(<Number>+12125550199</Number></Dial></Response>)");
}

TEST_CASE("a withheld caller is put through under our own number") {
  auto report = *read_call(fields(), "");
  for (const char* from : {"anonymous", "", "client:ann", "+266696687x"}) {
    report.from = from;
    auto xml = twiml_of({calls::RouteKind::forward, E164{"+12125550199"}}, report, "/s");
    CHECK(xml.find(R"(callerId="+14155550101")") != std::string::npos);
  }
}

TEST_CASE("WHK-08 what is not put through is rejected, which costs nothing") {
  auto report = *read_call(fields(), "");
  using Kind = calls::RouteKind;
  for (auto kind : {Kind::parking, Kind::inactive, Kind::no_target, Kind::unknown_number}) {
    CHECK(twiml_of({kind, {}}, report, "/s") ==
          R"(<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="rejected"/></Response>)");
  }
}

TEST_CASE("RFC 2822 times are read as Twilio writes them, and nothing else") {
  CHECK(parse_rfc2822("Tue, 31 Aug 2010 20:36:28 +0200") == parse_rfc3339("2010-08-31T18:36:28Z"));
  for (const char* bad :
       {"", "Tue, 31 Aug 2010", "Tue, 31 Agu 2010 20:36:28 +0000", "Tue, xx Aug 2010 20:36:28 +0000",
        "Tue, 31 ugS 2010 20:36:28 +0000", "Tue, 31 Aug 2010 25:36:28 +0000"})
    CHECK_FALSE(parse_rfc2822(bad));
}
