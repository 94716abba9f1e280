// Small stand-ins for the ports that decisions use: phone numbers of two countries, readable key secrets.
#pragma once

#include "commands/decision.hpp"

namespace ringledger::testing {

/// US (+1, ten digits) and GB (+44, national form with a leading 0). Everything else is refused.
class FakePhones : public PhoneReader {
 public:
  Result<E164> read(std::string_view text, std::string_view country) const override {
    std::string digits;
    for (char c : text) {
      if (c >= '0' && c <= '9')
        digits += c;
      else if (std::string_view("+()-. ").find(c) == std::string_view::npos)
        return refused();
    }
    if (text.starts_with('+')) return whole(digits);
    if (country == "US" && digits.size() == 10) return whole("1" + digits);
    if (country == "US" && digits.size() == 11 && digits[0] == '1') return whole(digits);
    if (country == "GB" && digits.size() == 11 && digits[0] == '0') return whole("44" + digits.substr(1));
    return refused();
  }
  PhoneFacts facts(const E164& n) const override {
    if (n.text.starts_with("+44")) return {"0" + n.text.substr(3), "GB", "", numbers::NumberType::mobile};
    return {"(" + n.text.substr(2, 3) + ")", "US", n.text.substr(2, 3), numbers::NumberType::local};
  }

 private:
  static Result<E164> refused() { return fail(Code::validation_failed, "is not a phone number"); }
  static Result<E164> whole(const std::string& digits) {
    auto n = E164::parse("+" + digits);
    return n ? Result<E164>(*n) : refused();
  }
};

class FakeMint : public KeyMint {
 public:
  Minted mint(KeyId key, std::span<const std::uint64_t> words) const override {
    std::string secret = "rl_" + key.to_string();
    for (auto w : words) secret += "_" + std::to_string(w);
    return {secret, "digest of " + secret};
  }
  [[nodiscard]] std::string mark(std::string_view text) const override {
    return "mark " + std::to_string(std::hash<std::string_view>{}(text));
  }
};

}  // namespace ringledger::testing
