// Ids: 48 bits of milliseconds, 16 bits of account slot, 64 random bits; shown as prefix + 26
// characters of Crockford base32, so they sort by time and route to their shard without a lookup.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ringledger {

/// The 128 bits of an id, most significant byte first.
struct RawId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const RawId&) const = default;

  /// `ms`: milliseconds since 1970 (lowest 48 bits kept).
  static RawId make(std::uint64_t ms, std::uint16_t slot, std::uint64_t random);
  [[nodiscard]] std::uint64_t ms() const;
  /// The account's slot; `slot mod partitions` is the id's shard.
  [[nodiscard]] std::uint16_t slot() const;
  [[nodiscard]] bool empty() const { return *this == RawId{}; }
};

/// 26 characters of Crockford base32 (lower case), the first holding the 3 highest bits.
std::string encode_base32(const RawId& id);
/// Reads what encode_base32 wrote; upper case is accepted; nothing else is.
std::optional<RawId> decode_base32(std::string_view text);

/// A typed id; `Tag::prefix` is its readable prefix with the underscore ("num_").
template <class Tag>
struct Id {
  RawId raw;
  auto operator<=>(const Id&) const = default;
  static constexpr std::string_view prefix = Tag::prefix;

  [[nodiscard]] std::string to_string() const { return std::string(prefix) + encode_base32(raw); }
  [[nodiscard]] std::uint16_t slot() const { return raw.slot(); }
  [[nodiscard]] bool empty() const { return raw.empty(); }

  static std::optional<Id> parse(std::string_view text) {
    if (!text.starts_with(prefix)) return std::nullopt;
    auto raw = decode_base32(text.substr(prefix.size()));
    if (!raw) return std::nullopt;
    return Id{*raw};
  }
};

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;

struct AccountTag {
  static constexpr std::string_view prefix = "acc_";
};
struct WorkspaceTag {
  static constexpr std::string_view prefix = "ws_";
};
struct MemberTag {
  static constexpr std::string_view prefix = "mem_";
};
struct KeyTag {
  static constexpr std::string_view prefix = "key_";
};
struct ConnectionTag {
  static constexpr std::string_view prefix = "con_";
};
struct CampaignTag {
  static constexpr std::string_view prefix = "cmp_";
};
struct NumberTag {
  static constexpr std::string_view prefix = "num_";
};
struct SessionTag {
  static constexpr std::string_view prefix = "ses_";
};
struct CallTag {
  static constexpr std::string_view prefix = "call_";
};
struct MessageTag {
  static constexpr std::string_view prefix = "msg_";
};
struct ContactTag {
  static constexpr std::string_view prefix = "ctc_";
};
struct CommitTag {
  static constexpr std::string_view prefix = "cmt_";
};

using AccountId = Id<AccountTag>;
using WorkspaceId = Id<WorkspaceTag>;
using MemberId = Id<MemberTag>;
using KeyId = Id<KeyTag>;
using ConnectionId = Id<ConnectionTag>;
using CampaignId = Id<CampaignTag>;
using NumberId = Id<NumberTag>;
using SessionId = Id<SessionTag>;
using CallId = Id<CallTag>;
using MessageId = Id<MessageTag>;
using ContactId = Id<ContactTag>;
using CommitId = Id<CommitTag>;

}  // namespace ringledger

template <class Tag>
struct std::hash<ringledger::Id<Tag>> {
  std::size_t operator()(const ringledger::Id<Tag>& id) const noexcept {
    std::size_t h = 0;
    for (auto b : id.raw.bytes) h = h * 1099511628211ULL + b;
    return h;
  }
};
