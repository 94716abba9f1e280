// The key a website shows to everybody: `rlp_`, its campaign, 128 random bits. It proves nothing but which
// campaign it is of; what it allows is bounded by allowed origins and rates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"

namespace ringledger {

inline constexpr std::string_view publishable_prefix = "rlp_";

/// From two random words.
inline std::string publishable_key(CampaignId campaign, std::uint64_t high, std::uint64_t low) {
  auto random = RawId::make(high >> 16U, static_cast<std::uint16_t>(high), low);
  return std::string(publishable_prefix) + encode_base32(campaign.raw) + encode_base32(random);
}

/// The campaign it says it is of; nullopt: no such key.
inline std::optional<CampaignId> campaign_of_publishable(std::string_view key) {
  constexpr std::size_t part = 26;
  if (!key.starts_with(publishable_prefix)) return std::nullopt;
  key.remove_prefix(publishable_prefix.size());
  auto campaign = key.size() == 2 * part ? decode_base32(key.substr(0, part)) : std::nullopt;
  return campaign ? std::optional(CampaignId{*campaign}) : std::nullopt;
}

}  // namespace ringledger
