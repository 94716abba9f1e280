// How a website tracker lends its numbers: what people set (../shared/spec/number-pools.md D.2).
#pragma once

#include <optional>

#include "domain/described.hpp"
#include "domain/values.hpp"

namespace ringledger::pools {

/// What a visitor is shown when no number is free: a fixed number, one of the pool that others see too, or
/// what stands on the page.
BOOST_DEFINE_ENUM_CLASS(Overflow, fallback_number, share, no_swap)

struct Settings {
  std::int64_t heartbeat_s = 60;       ///< how often a page should tell that it is still open
  std::int64_t lease_timeout_s = 150;  ///< after the last heartbeat: no longer shown
  std::int64_t hold_s = 1800;          ///< after the last heartbeat: the visitor may still call
  std::int64_t call_window_s = 1800;   ///< after it was last shown: a call is still the visitor's
  bool hold_soft = true;               ///< give a number on hold to another visitor when no other is free
  Overflow overflow = Overflow::fallback_number;
  std::optional<E164> fallback_number;
  std::optional<std::int64_t> cooldown_s;  ///< a number that left another campaign is not lent until then
  std::optional<std::int64_t> repeat_window_s;  ///< a caller's earlier call tells who calls; absent: 30 days
  std::optional<std::int64_t> lookback_s;       ///< touches before count for no model; absent: 30 days
  RL_FIELDS(Settings, heartbeat_s, lease_timeout_s, hold_s, call_window_s, hold_soft, overflow,
            fallback_number, cooldown_s, repeat_window_s, lookback_s);
};

/// No lease is longer, whatever the heartbeats.
inline constexpr std::int64_t longest_lease_ms = 24LL * 3600 * 1000;

}  // namespace ringledger::pools
