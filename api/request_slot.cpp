#include "api/request_slot.hpp"

#include <algorithm>

#include "adapters/crypto/api_key_token.hpp"

namespace ringledger {
namespace {

constexpr std::uint64_t account_birth_ms = 0;

/// The segment of the path behind `before`, when the path begins with it.
std::optional<std::string_view> segment_after(std::string_view target, std::string_view before) {
  if (!target.starts_with(before)) return std::nullopt;
  auto rest = target.substr(before.size());
  return rest.substr(0, rest.find_first_of("/?"));
}

template <class Id>
std::optional<std::uint16_t> slot_in(std::string_view text) {
  auto id = Id::parse(text);
  return id ? std::optional(id->slot()) : std::nullopt;
}

}  // namespace

AccountId account_of_key(const KeyVault& vault, std::string_view idempotency_key) {
  std::string seed = vault.installation_hmac("account\n" + std::string(idempotency_key));
  RawId raw;
  std::copy_n(seed.begin(), raw.bytes.size(), raw.bytes.begin());
  std::uint64_t random = 0;
  for (std::size_t i = 8; i < 16; ++i) random = random << 8U | raw.bytes[i];
  return AccountId{RawId::make(account_birth_ms, raw.slot(), random)};
}

std::optional<std::uint16_t> slot_of(const HttpRequest& request, const KeyVault& vault) {
  if (auto id = segment_after(request.target, "/twilio/")) return slot_in<ConnectionId>(*id);
  if (auto id = segment_after(request.target, "/v1/public/campaigns/")) return slot_in<CampaignId>(*id);
  auto bearer = request.header("Authorization");
  auto secret = bearer.substr(std::min(bearer.size(), std::string_view("Bearer ").size()));
  if (auto key = api_key_token::parse(secret)) return key->slot();
  auto opening = request.header("Idempotency-Key");
  return opening.empty() ? std::nullopt : std::optional(account_of_key(vault, opening).slot());
}

}  // namespace ringledger
