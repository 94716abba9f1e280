// From what is wanted to what is sent.
#include "adapters/twilio/hooks.hpp"

#include <doctest/doctest.h>

#include "../../support/samples.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

const std::string base = "https://ring.example";
const std::string con = dental_twilio.to_string();
const std::string voice = base + "/twilio/" + con + "/voice#rc=3&rp=ct,rt,5xx";
const std::string status = base + "/twilio/" + con + "/status";
const std::string sms = base + "/twilio/" + con + "/sms#rc=3&rp=ct,rt,5xx";

numbers::Number number() { return *numbers::evolve({}, imported(n1, 100), Timestamp{1}); }

numbers::ProviderHooks theirs() {
  return {.voice_url = "https://theirs.example/voice",
          .voice_method = "GET",
          .voice_fallback_url = "https://theirs.example/fallback",
          .voice_fallback_method = "GET",
          .voice_application_sid = "AP1",
          .trunk_sid = "",
          .status_callback = "https://theirs.example/status",
          .status_callback_method = "GET",
          .sms_url = "https://theirs.example/sms",
          .sms_method = "GET",
          .sms_fallback_url = "https://theirs.example/sms-fallback",
          .sms_fallback_method = "GET",
          .sms_application_sid = "AP2"};
}

}  // namespace

TEST_CASE("IMP-06 after an import that keeps the webhooks nothing is wanted") {
  CHECK(is_empty(difference(number(), base)));
}

TEST_CASE("ASG-02 our hooks are the connection's voice, status and SMS URLs; overrides are cleared") {
  auto n = number();
  n.wanted.hooks = true;
  n.actual.hooks = theirs();
  auto u = difference(n, base);
  CHECK(u.voice_url == voice);
  CHECK(u.voice_method == "POST");
  CHECK(u.voice_fallback_url == "");
  CHECK(u.voice_application_sid == "");
  CHECK_FALSE(u.trunk_sid);  // is "" already
  CHECK(u.status_callback == status);
  CHECK(u.sms_url == sms);
  CHECK(u.sms_application_sid == "");
  CHECK(u.sms_fallback_url == "");
  for (const auto& method :
       {u.voice_fallback_method, u.status_callback_method, u.sms_method, u.sms_fallback_method})
    CHECK(method == "POST");  // what was GET there would reach us as GET
  CHECK_FALSE(u.friendly_name);
  CHECK_FALSE(u.voice_caller_id_lookup);
}

TEST_CASE("ASG-02 a trunk is cleared, as it would override the voice URL") {
  auto n = number();
  n.wanted.hooks = true;
  n.actual.hooks.trunk_sid = "TK1";
  CHECK(difference(n, base).trunk_sid == "");
}

TEST_CASE("ASG-02 the SMS settings of a number without SMS are left alone") {
  auto n = number();
  n.wanted.hooks = true;
  n.capabilities.sms = false;
  n.actual.hooks = theirs();
  auto u = difference(n, base);
  CHECK(u.voice_url == voice);
  each_hook(u, numbers::ProviderHooks{}, [](std::string_view name, const auto& wanted, const auto&) {
    if (name.starts_with("sms_")) CHECK_FALSE(wanted);
  });
}

TEST_CASE("WHK-01 a number that has our hooks needs nothing more") {
  auto n = number();
  n.wanted.hooks = true;
  n.actual.hooks = our_hooks(dental_twilio, base + "/", n.capabilities);
  CHECK(is_empty(difference(n, base)));
  CHECK_FALSE(is_empty(wanted_settings(n, base)));
  n.actual.hooks.voice_method = "GET";
  ProviderUpdate only_method;
  only_method.voice_method = "POST";
  CHECK(difference(n, base) == only_method);
}

TEST_CASE("XFR-05 a number in another connection has other hooks") {
  CHECK(our_hooks(vision_twilio, base, {}).voice_url != our_hooks(dental_twilio, base, {}).voice_url);
  CHECK(our_hooks(dental_twilio, base, {.voice = true}).sms_url.empty());
  CHECK(our_hooks(dental_twilio, base, {.sms = true}).sms_url == sms);
}

TEST_CASE("WHK-02 a shadow is our status callback only where there is none") {
  auto n = number();
  n.wanted.shadow = true;
  ProviderUpdate only_status;
  only_status.status_callback = status;
  only_status.status_callback_method = "POST";
  CHECK(difference(n, base) == only_status);
  n.actual.hooks.status_callback = "https://theirs.example/status";
  CHECK(is_empty(difference(n, base)));
  CHECK(is_empty(wanted_settings(n, base)));
  n.actual.hooks.status_callback = status;
  n.actual.hooks.status_callback_method = "POST";
  CHECK(is_empty(difference(n, base)));
}

TEST_CASE("WHK-01 hooks of ours under another public URL are told from today's, and from theirs") {
  const std::string old = "https://old.example/base";
  auto n = number();
  n.wanted.hooks = true;
  n.actual.hooks = our_hooks(dental_twilio, base, n.capabilities);
  CHECK_FALSE(names_another_base(n, base));
  CHECK_FALSE(names_another_base(n, std::string(base) + "/"));
  for (auto url : {&numbers::ProviderHooks::voice_url, &numbers::ProviderHooks::status_callback,
                   &numbers::ProviderHooks::sms_url}) {
    auto moved = n;
    moved.actual.hooks.*url = our_hooks(dental_twilio, old, n.capabilities).*url;
    CHECK(names_another_base(moved, base));
    moved.wanted.hooks = false;
    CHECK_FALSE(names_another_base(moved, base));
    moved.wanted.hooks = true;
    moved.actual.hooks.*url = our_hooks(vision_twilio, old, n.capabilities).*url;
    CHECK_FALSE(names_another_base(moved, base));
  }
  n.actual.hooks = theirs();
  CHECK_FALSE(names_another_base(n, base));
}

TEST_CASE("WHK-02 a shadow of ours under another public URL is set anew, theirs stays") {
  auto n = number();
  n.wanted.shadow = true;
  n.actual.hooks.status_callback = our_hooks(dental_twilio, "https://old.example", {}).status_callback;
  n.actual.hooks.status_callback_method = "POST";
  CHECK(names_another_base(n, base));
  ProviderUpdate only_status;
  only_status.status_callback = status;
  CHECK(difference(n, base) == only_status);
  n.actual.hooks.status_callback = "https://theirs.example/twilio/status";
  CHECK_FALSE(names_another_base(n, base));
  CHECK(is_empty(difference(n, base)));
}

TEST_CASE("IMP-12 restoring puts every hook back as it was found") {
  auto n = number();
  n.wanted.restore = theirs();
  n.actual.hooks = our_hooks(dental_twilio, base, n.capabilities);
  auto u = difference(n, base);
  CHECK(u.voice_url == theirs().voice_url);
  CHECK(u.voice_method == "GET");
  CHECK(u.voice_fallback_url == theirs().voice_fallback_url);
  CHECK(u.voice_application_sid == "AP1");
  CHECK(u.status_callback == theirs().status_callback);
  CHECK(u.sms_url == theirs().sms_url);
  CHECK(u.sms_application_sid == "AP2");
  CHECK(u.sms_fallback_url == theirs().sms_fallback_url);
  for (const auto& method :
       {u.voice_fallback_method, u.status_callback_method, u.sms_method, u.sms_fallback_method})
    CHECK(method == "GET");
  n.actual.hooks = theirs();
  CHECK(is_empty(difference(n, base)));
}

TEST_CASE("IMP-12 credentials in their URLs are put back, and another password is a difference") {
  auto with = [](const std::string& password) {
    auto hooks = theirs();
    hooks.voice_url = "https://user:" + password + "@theirs.example/voice";
    return numbers::masked(hooks);
  };
  auto n = number();
  n.wanted.restore = with("old");
  n.actual.hooks = our_hooks(dental_twilio, base, n.capabilities);
  CHECK(difference(n, base).voice_url == "https://user:old@theirs.example/voice");
  n.actual.hooks = with("new");
  CHECK(difference(n, base).voice_url == "https://user:old@theirs.example/voice");
  n.actual.hooks = with("old");
  CHECK(is_empty(difference(n, base)));
}

TEST_CASE("IMP-12 an empty method is never sent, and a shadow stays where theirs had no status callback") {
  auto n = number();
  n.wanted.shadow = true;
  n.wanted.restore = numbers::ProviderHooks{};
  n.actual.hooks = our_hooks(dental_twilio, base, n.capabilities);
  auto u = difference(n, base);
  CHECK(u.voice_url == "");
  CHECK_FALSE(u.voice_method);
  CHECK_FALSE(u.status_callback);  // ours, already
  n.wanted.restore->status_callback = "https://theirs.example/status";
  CHECK(difference(n, base).status_callback == "https://theirs.example/status");
}

TEST_CASE("LBL-02 the label is the friendly name; without one it is Twilio's default") {
  auto n = number();
  n.wanted.friendly_name = "Front desk";
  ProviderUpdate only_name;
  only_name.friendly_name = "Front desk";
  CHECK(difference(n, base) == only_name);
  n.actual.friendly_name = "Front desk";
  CHECK(is_empty(difference(n, base)));
  n.wanted.friendly_name = "";
  CHECK(difference(n, base).friendly_name == "(415) 555-0100");
  CHECK(default_friendly_name(E164{"+442079460958"}) == "+442079460958");
}

TEST_CASE("CNA-01 the caller name lookup is set only when a command set it") {
  auto n = number();
  n.actual.voice_caller_id_lookup = true;
  CHECK(is_empty(difference(n, base)));
  n.wanted.cnam = true;
  CHECK(is_empty(difference(n, base)));
  n.wanted.cnam = false;
  ProviderUpdate only_cnam;
  only_cnam.voice_caller_id_lookup = false;
  CHECK(difference(n, base) == only_cnam);
}
