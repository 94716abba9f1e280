// The levels of the stored formats: what a rolling upgrade goes by (docs/operations.md "Rolling upgrade").
// Every commit says in `v` the level it was written at; a program reads all levels up to its newest, and
// writes the one it is told to (`log.write_level`), so that nothing is written before every node reads it.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringledger {

struct FormatLevel {
  std::int64_t level;
  std::string_view what;  ///< came with it
};

/// All there are. A new event type, or another shape of a commit, comes with a new level at the end, and says
/// so (`since_level` in the event's struct). In every level stay as they are: the kinds of records, LOG,
/// CLAIM, and the beginning of a COMMIT, `{"v":…,"term":…,"node":…,"seq":…`, by which any release knows
/// whether it counts.
inline constexpr std::array format_levels{
    FormatLevel{1, "commits as adapters/json/commit_json tells; the event types of docs/events.md"}};

inline constexpr std::int64_t first_level = format_levels.front().level;
inline constexpr std::int64_t newest_level = format_levels.back().level;

/// The first level in which events of this type may be written.
template <class E>
consteval std::int64_t level_of_type() {
  if constexpr (requires { E::since_level; })
    return E::since_level;
  else
    return first_level;
}

/// The level a payload says it was written at, `{"v":<level>,…`; nullopt when it does not begin so.
inline std::optional<std::int64_t> level_in(std::string_view payload) {
  constexpr std::string_view before = "{\"v\":";
  if (!payload.starts_with(before)) return std::nullopt;
  std::int64_t level = 0;
  const auto* end = payload.data() + payload.size();
  auto [at, error] = std::from_chars(payload.data() + before.size(), end, level);
  bool told = error == std::errc() && at != end && *at == ',' && level >= first_level;
  return told ? std::optional(level) : std::nullopt;
}

}  // namespace ringledger
