// X-Twilio-Signature against the vectors of twilio.md B.9.
#include "adapters/twilio/signature.hpp"

#include <doctest/doctest.h>

using namespace ringledger;
using twilio::sign;

namespace {

const std::vector<std::string> token{"12345"};
const FormFields p{{"CallSid", "CA1234567890ABCDE"},
                   {"Caller", "+14158675309"},
                   {"Digits", "1234"},
                   {"From", "+14158675309"},
                   {"To", "+18005551212"}};
const std::string url = "https://mycompany.com/myapp.php?foo=1&bar=2";

bool good(const std::string& at, const FormFields& params, std::string_view header) {
  return twilio::verify(token, at, params, header);
}

}  // namespace

TEST_CASE("HK-SIG: a form post's signature is computed over URL and sorted fields") {
  CHECK(sign("12345", url, p) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  CHECK(sign("12345", "https://mycompany.com:443/myapp.php?foo=1&bar=2", p) ==
        "kvajT1Ptam85bY51eRf/AJRuM3w=");
  CHECK(sign("12345", "http://mycompany.com:80/myapp.php?foo=1&bar=2", p) == "0ZXoZLH/DfblKGATFgpif+LLRf4=");
  CHECK(sign("12345", "http://mycompany.com:1234/myapp.php?foo=1&bar=2", p) ==
        "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
  auto other = p;
  other[1].second = other[3].second = "+14158675310";
  CHECK(sign("12345", "https://example.com/myapp.php?foo=1&bar=2", other) == "L/OH5YylLD5NRKLltdqwSvS0BnU=");
}

TEST_CASE("HK-SIG: every port form Twilio may have signed is accepted, and no other URL") {
  CHECK(good(url, p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK(good(url, p, "kvajT1Ptam85bY51eRf/AJRuM3w="));
  CHECK(good("http://mycompany.com/myapp.php?foo=1&bar=2", p, "0ZXoZLH/DfblKGATFgpif+LLRf4="));
  CHECK(good("http://mycompany.com:1234/myapp.php?foo=1&bar=2", p, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="));
  CHECK(good("https://mycompany.com:1234/myapp.php?foo=1&bar=2", p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK(good("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", p, "CukzLTc1tT5dXEDIHm/tKBanW10="));
  CHECK(good("https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", p, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="));
  CHECK_FALSE(good("https://mycompany.com/myapp.php?foo=1&bar=3", p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK_FALSE(good("http://mycompany.com/myapp.php?foo=1&bar=2", p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK_FALSE(good("https://mycompany.com/myapp.php/?foo=1&bar=2", p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}

TEST_CASE("HK-SIG: repeated names count each value once, in order, whatever order they came in") {
  const FormFields digits{
      {"Sid", "CA123"}, {"SidAccount", "AC123"}, {"Digits", "5678"}, {"Digits", "1234"}, {"Digits", "1234"}};
  CHECK(sign("12345", url, digits) == "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
  const FormFields addresses{{"MessagingBinding.Address", "+1325xxxxxxx"},
                             {"MessagingBinding.Address", "+1415xxxxxxx"}};
  CHECK(sign("12345", url, addresses) == "83O6e2vORAoJHUNzJjDWN1jz+BA=");
  const FormFields reversed{addresses[1], addresses[0]};
  CHECK(good(url, reversed, "83O6e2vORAoJHUNzJjDWN1jz+BA="));
}

TEST_CASE("HK-SIG: the query is tried raw, as WHATWG and as Node write it") {
  const auto quoted = url + "&Body=It's+amazing";
  CHECK(sign("12345", quoted, p) != "TfZzewPq8wqrGlMfyAud8+/IvJ0=");
  CHECK(good(quoted, p, "TfZzewPq8wqrGlMfyAud8+/IvJ0="));
  const auto legacy = sign("12345", url + "&Body=It's%20amazing", p);
  CHECK(good(quoted, p, legacy));
  CHECK(good("https://a.example/x?b=1&a=2&b=3", {}, sign("12345", "https://a.example/x?b=1&b=3&a=2", {})));
}

TEST_CASE("HK-SIG: the fragment with Twilio's connection settings is not signed") {
  CHECK(sign("12345", url + "#rc=3&rp=all", p) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  CHECK(good(url + "#ct=100", p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}

TEST_CASE("HK-SIG: a JSON body is proved by its hash in the URL") {
  const std::string body = R"({"property": "value", "boolean": true})";
  const std::string hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  const auto at = url + "&bodySHA256=" + hash;
  CHECK(twilio::verify_body(token, at, body, "a9nBmqA0ju/hNViExpshrM61xv4="));
  CHECK_FALSE(twilio::verify_body(token, at, body + " ", "a9nBmqA0ju/hNViExpshrM61xv4="));
  CHECK(twilio::verify_body(token, "https://mycompany.com/myapp.php?bodySHA256=" + hash, body,
                            "y77kIzt2vzLz71DgmJGsen2scGs="));
  CHECK(twilio::verify_body(
      token, url + "&bodySHA256=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "{}",
      "Ldidvp12m26NI7eqEvxnEpkd9Hc="));
  CHECK_FALSE(twilio::verify_body(token, url, body, sign("12345", url, {})));
}

TEST_CASE("HK-SIG: while a token rotates either one proves; none, an empty or another one never does") {
  const std::vector<std::string> both{"new", "12345"}, wrong{"54321"}, empty{""}, none;
  CHECK(twilio::verify(both, url, p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK_FALSE(twilio::verify(wrong, url, p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK_FALSE(twilio::verify(none, url, p, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
  CHECK_FALSE(twilio::verify(empty, url, p, sign("", url, p)));
  CHECK_FALSE(twilio::verify(token, url, p, ""));
  auto more = p;
  more.emplace_back("New", "");
  CHECK_FALSE(twilio::verify(token, url, more, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}
