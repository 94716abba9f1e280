// How a command is declared. One struct says it all; route, JSON, OpenAPI and CLI derive from it:
//
//   struct RenameNumber {
//     static constexpr std::string_view operation = "RenameNumber";
//     static constexpr std::string_view summary = "Sets or clears a number's label";
//     static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/numbers/{number}"};
//     static constexpr Access access = needs("numbers.write");
//     WorkspaceId workspace;  // members named in the route come from the path, the others from the body
//     NumberId number;
//     Patch<Text<64>> label;
//     RL_FIELDS(RenameNumber, workspace, number, label);
//     struct Answer { … RL_FIELDS(…) };
//   };
//   Decision<RenameNumber::Answer> decide(const RenameNumber&, const Book&, const Context&);
//   std::vector<Error> field_faults(const RenameNumber&, const Book&, const Context&);  // when it has such
//
// `field_faults` tells what is wrong with the fields themselves and no declared type says: `decide` refuses
// with them first, and when the reader found faults already, the API asks for these too: all are listed
// together.
//
// Optional members of a command: `static bool defaulted(string_view)` (members that may be left out),
// `static bool needed(string_view)` (PATCH members and lists that may not be left out),
// `std::string_view name() const` (when one route carries two commands, with `names` listing them),
// `std::size_t draws() const` (random words needed beyond 16),
// `static constexpr int statuses[]` (of success, when they are not just 200).
//
// In the body of a PATCH (RFC 7396) `Patch` is a member that null clears; a `std::optional` may be left out
// but not be null: what it sets always has a value.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "commands/decision.hpp"

namespace ringledger {

enum class Method { get, post, put, patch, del };

inline constexpr int just_200[] = {200};
/// The statuses of success that a command declares.
template <class C>
constexpr std::span<const int> statuses_of() {
  if constexpr (requires { C::statuses; }) {
    return C::statuses;
  } else {
    return just_200;
  }
}

struct Route {
  Method method;
  std::string_view path;
};

/// Who may issue it.
struct Access {
  enum class Need {
    operator_only,  ///< the operator's key
    any,            ///< any known key of an account
    anyone,         ///< the same, or the operator's key
    account_owner,  ///< the account's owner
    capability      ///< `capability` in the workspace in the path
  } need;
  std::string_view capability{};
  std::string_view also{};  ///< a second one
};
constexpr Access needs(std::string_view capability, std::string_view also = {}) {
  return {Access::Need::capability, capability, also};
}

/// A member of a PATCH body (RFC 7396): left out, set to null, or set to a value.
template <class T>
struct Patch {
  bool present = false;
  std::optional<T> value;
};

/// Whether a text may have several lines, and tabs.
enum class Lines { one, several };
/// Faults of a text, shared by all constrained texts: nullopt when fine. Lengths in characters.
std::optional<std::string> text_fault(std::string_view text, std::size_t min, std::size_t max,
                                      Lines lines = Lines::one);

/// A text of Min to Max characters, one line unless `lines` says more, without other control characters, not
/// only blanks.
template <std::size_t Max, std::size_t Min = 1, Lines lines = Lines::one>
struct Text {
  std::string value;
  static constexpr std::size_t min = Min, max = Max;
  static std::expected<Text, std::string> read_text(std::string_view text) {
    if (auto why = text_fault(text, Min, Max, lines)) return std::unexpected(*why);
    return Text{std::string(text)};
  }
  [[nodiscard]] const std::string& text_form() const { return value; }
};

/// A text that must look like `Shape::fits` says.
template <class Shape>
struct Shaped {
  std::string value;
  using shape = Shape;
  static std::expected<Shaped, std::string> read_text(std::string_view text) {
    if (!Shape::fits(text)) return std::unexpected(std::string(Shape::expectation));
    return Shaped{std::string(text)};
  }
  [[nodiscard]] const std::string& text_form() const { return value; }
};

struct EmailShape {
  static constexpr std::string_view expectation = "must be an e-mail address", format = "email";
  static bool fits(std::string_view);
};
struct CountryShape {
  static constexpr std::string_view expectation = "must be an ISO 3166-1 alpha-2 country code in capitals",
                                    format = "iso-3166-1";
  static bool fits(std::string_view);
};
struct TimeZoneShape {
  static constexpr std::string_view expectation = "must be an IANA time zone name", format = "iana-time-zone";
  static bool fits(std::string_view);
};
struct AccountSidShape {
  static constexpr std::string_view expectation = "must be AC and 32 hexadecimal digits",
                                    format = "twilio-account-sid";
  static bool fits(std::string_view);
};
struct ApiKeySidShape {
  static constexpr std::string_view expectation = "must be SK and 32 hexadecimal digits",
                                    format = "twilio-api-key-sid";
  static bool fits(std::string_view);
};
struct NumberSidShape {
  static constexpr std::string_view expectation = "must be PN and 32 hexadecimal digits",
                                    format = "twilio-number-sid";
  static bool fits(std::string_view);
};
using Email = Shaped<EmailShape>;
using CountryCode = Shaped<CountryShape>;
using TimeZone = Shaped<TimeZoneShape>;
using AccountSid = Shaped<AccountSidShape>;
using ApiKeySid = Shaped<ApiKeySidShape>;
using NumberSid = Shaped<NumberSidShape>;

/// Shown once, in the first answer; stored nowhere, null in a repeat.
struct OneTimeSecret {
  std::string value;
  friend bool operator==(const OneTimeSecret&, const OneTimeSecret&) = default;
};

inline std::unexpected<Refusal> no_such_thing() { return refuse(Code::not_found, "No such resource."); }

}  // namespace ringledger
