// Credentials in hooks' URLs: masked in what is shown, whole again for the provider.
#include "domain/provider_hooks.hpp"

#include <doctest/doctest.h>

#include <random>

#include "tests/support/samples.hpp"

using namespace ringledger;
using namespace ringledger::numbers;

TEST_CASE("user and password of a URL are masked and kept apart; the rest of the URL stays") {
  ProviderHooks theirs;
  theirs.voice_url = "https://user:pa%2Fss@theirs.example:8443/voice?x=a@b#rc=3";
  theirs.voice_method = "POST";
  theirs.status_callback = "http://token@theirs.example";
  theirs.sms_url = "https://theirs.example/sms?mail=a@b.example";
  auto hooks = masked(theirs);
  CHECK(hooks.voice_url == "https://***@theirs.example:8443/voice?x=a@b#rc=3");
  CHECK(hooks.status_callback == "http://***@theirs.example");
  CHECK(hooks.sms_url == theirs.sms_url);
  CHECK(hooks.voice_method == "POST");
  CHECK(hooks.userinfo.reveal() == "user:pa%2Fss//token///");
  CHECK(unmasked(hooks) == theirs);
  CHECK_FALSE(is_withheld(hooks));
  hooks.userinfo = {};
  CHECK(is_withheld(hooks));
  CHECK(unmasked(hooks) == hooks);
}

TEST_CASE("an at sign in a password does not end what is masked") {
  ProviderHooks theirs;
  theirs.voice_url = "https://user:p@ss@theirs.example/voice";
  CHECK(masked(theirs).voice_url == "https://***@theirs.example/voice");
}

TEST_CASE("hooks without credentials stay as they are, and nothing is kept") {
  for (auto url : {"", "https://theirs.example/voice", "https://@theirs.example/", "user:pass@host",
                   "sip:a@b", "https://theirs.example?u=https://a:b@c/", "https://theirs.example?mail=a@b",
                   "https://theirs.example#a@b"}) {
    CAPTURE(url);
    ProviderHooks theirs;
    theirs.voice_fallback_url = url;
    CHECK(masked(theirs) == theirs);
    CHECK_FALSE(is_withheld(theirs));
  }
}

TEST_CASE("whatever the URLs are, masked and unmasked they are the same again") {
  std::mt19937 random{77};
  auto url = [&] {
    static constexpr std::string_view likely = "https://:@/?#*ab\n\xC3\xA9";
    std::string text = random() % 4 ? "https://" : "";
    for (auto n = random() % 24; n > 0; --n) text += likely[random() % likely.size()];
    return random() % 4 ? text : text + "us:pw@host/";
  };
  for (int i = 0; i < 20'000; ++i) {
    ProviderHooks theirs;
    theirs.voice_url = url();
    theirs.voice_fallback_url = url();
    theirs.status_callback = url();
    theirs.sms_url = url();
    CAPTURE(theirs.voice_url);
    CAPTURE(theirs.sms_url);
    auto hooks = masked(theirs);
    REQUIRE(unmasked(hooks) == theirs);
    REQUIRE_FALSE(hooks.voice_url.starts_with("https://us:pw@"));
  }
}

TEST_CASE("the public URL of a hook is told of our own webhooks of the connection alone") {
  auto con = ringledger::testing::id<ConnectionId>(1);
  auto path = "/twilio/" + con.to_string() + "/";
  CHECK(base_of_our_hook("https://rl.example" + path + "voice#rc=3", con, "voice") == "https://rl.example");
  CHECK(base_of_our_hook("https://rl.example/under" + path + "sms", con, "sms") ==
        "https://rl.example/under");
  CHECK(base_of_our_hook("https://rl.example" + path + "voice", con, "status").empty());
  CHECK(base_of_our_hook("https://rl.example" + path + "voice?x=1", con, "voice").empty());
  CHECK(base_of_our_hook(path + "voice", con, "voice").empty());
  CHECK(base_of_our_hook("https://pbx.example/voice", con, "voice").empty());
  CHECK(connection_of_our_hook("https://old.example/under" + path + "voice#rc=3", "voice") == con);
  for (auto url :
       {"https://rl.example" + path + "status", "https://rl.example/x/" + con.to_string() + "/voice",
        path + "voice", std::string("voice"), std::string()})
    CHECK_MESSAGE(!connection_of_our_hook(url, "voice"), url);
  ProviderHooks hooks;
  hooks.voice_url = "https://old.example" + path + "voice#rc=3";
  hooks.status_callback = "https://old.example" + path + "status";
  hooks.sms_url = "https://new.example" + path + "sms";
  hooks.voice_fallback_url = "https://other.example" + path + "voice";  // never ours
  CHECK(bases_of_our_hooks(hooks, con) ==
        std::vector<std::string>{"https://old.example", "https://new.example"});
  CHECK(bases_of_our_hooks(hooks, ringledger::testing::id<ConnectionId>(2)).empty());
}
