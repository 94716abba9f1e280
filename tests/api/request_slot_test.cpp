// Which partition serves a request: told by the ids in it, before anything is looked up.
#include "api/request_slot.hpp"

#include <doctest/doctest.h>

#include "adapters/crypto/api_key_token.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "tests/support/fakes.hpp"

using namespace ringledger;

namespace {

RawId of_slot(std::uint16_t slot) { return RawId::make(1, slot, 7); }

struct FixedVault final : KeyVault {
  Result<Sealed> seal(std::string_view, const SealPlace&, std::string_view) override { return Sealed{}; }
  Result<std::optional<std::string>> open(std::string_view, const SealPlace&, const Sealed&) override {
    return std::nullopt;
  }
  Result<void> destroy(std::string_view) override { return {}; }
  Result<void> sync() override { return {}; }
  [[nodiscard]] std::string installation_hmac(std::string_view text) const override {
    return std::string(30, 'x') + std::string(1, static_cast<char>(text.size())) + "x";
  }
};

HttpRequest get(std::string target, HttpHeaders headers = {}) {
  return {"GET", std::move(target), std::move(headers), "", ""};
}

}  // namespace

TEST_CASE("a webhook goes where its connection lives, a visitor's page where its campaign does") {
  FixedVault vault;
  ConnectionId con{of_slot(513)};
  CampaignId cmp{of_slot(77)};
  CHECK(slot_of(get("/twilio/" + con.to_string() + "/voice?x=1"), vault) == 513);
  CHECK(slot_of(get("/v1/public/campaigns/" + cmp.to_string() + "/sessions"), vault) == 77);
  CHECK(slot_of(get("/twilio/con_nonsense/voice"), vault) == std::nullopt);
}

TEST_CASE("an API key goes where its account lives, whatever the case of the scheme") {
  FixedVault vault;
  SimRandom random(1, "key");
  auto secret = api_key_token::make(KeyId{of_slot(40'000)}, random);
  CHECK(slot_of(get("/v1/me", {{"Authorization", "Bearer " + secret}}), vault) == 40'000);
  CHECK(slot_of(get("/v1/me", {{"authorization", "bearer " + secret}}), vault) == 40'000);
  CHECK(slot_of(get("/v1/me", {{"Authorization", "Bearer rl_wrong"}}), vault) == std::nullopt);
}

TEST_CASE("the operator's command goes where the account will live, a repeat to the same place") {
  FixedVault vault;
  HttpHeaders headers{{"Authorization", "Bearer operator"}, {"Idempotency-Key", "open acme"}};
  auto expected = account_of_key(vault, "open acme").slot();
  CHECK(slot_of(get("/v1/accounts", headers), vault) == expected);
  CHECK(slot_of(get("/v1/accounts", headers), vault) == expected);
  CHECK(slot_of(get("/metrics"), vault) == std::nullopt);
}
