// Strong values shared by all nouns: time, phone numbers, countries, money, personal and secret data.
#pragma once

#include <boost/describe/class.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ringledger {

/// Milliseconds since 1970-01-01T00:00:00Z. In JSON: RFC 3339 UTC with milliseconds.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(const Timestamp&) const = default;
};
/// What RFC 3339 can write: 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
inline constexpr Timestamp first_timestamp{-62'167'219'200'000}, last_timestamp{253'402'300'799'999};
std::string to_rfc3339(Timestamp at);
/// Accepts RFC 3339 with `Z` or an offset, 0-9 fraction digits; nullopt for anything else, also for what
/// its offset puts past the first or last timestamp.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// A phone number in E.164: `+` and 7 to 15 digits, the first not 0 (ITU-T E.164). Only the shape is
/// held here; reading any usual form is the phone adapter's work (libphonenumber).
struct E164 {
  std::string text;
  auto operator<=>(const E164&) const = default;
  static std::optional<E164> parse(std::string_view text);
};

/// Currency amounts as decimal strings would round: an integer count of 1/10000 of the currency.
struct Money {
  std::int64_t ten_thousandths = 0;
  std::string currency = "USD";  ///< ISO 4217
  auto operator<=>(const Money&) const = default;
};
std::string amount_text(const Money& money);  ///< "0.0100"

/// A part of a whole, from 0 to 1: a count of 1/10000. In JSON a number with four decimals (0.3333).
struct Share {
  std::int64_t ten_thousandths = 0;
  auto operator<=>(const Share&) const = default;
  /// `part` of `whole` equal ones, rounded down, so that all of them never add up to more than 1.
  BOOST_DESCRIBE_CLASS(Share, (), (ten_thousandths), (), ())
  static constexpr Share of(std::int64_t part, std::int64_t whole) { return {part * 10'000 / whole}; }
};
std::string share_text(Share share);  ///< "0.3333"

/// A value about a person. The codec seals it under its subject's key; after an erasure it is empty.
/// It cannot be formatted: `clear()` says at the call site that the value leaves its box.
template <class T>
class Personal {
 public:
  Personal() = default;
  explicit Personal(T value) : x_(std::move(value)) {}
  [[nodiscard]] const std::optional<T>& clear() const { return x_; }
  friend bool operator==(const Personal&, const Personal&) = default;

 private:
  std::optional<T> x_;
};

/// A credential. Sealed like Personal, never answered, never logged.
template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : x_(std::move(value)) {}
  [[nodiscard]] const std::optional<T>& reveal() const { return x_; }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::optional<T> x_;
};

template <class T>
inline constexpr bool is_sealed = false;
template <class T>
inline constexpr bool is_sealed<Personal<T>> = true;
template <class T>
inline constexpr bool is_sealed<Secret<T>> = true;

}  // namespace ringledger
