// Commands that say with which countries a number has calls (CTY-01): two lists, each set on its own.
#pragma once

#include "commands/number_parts.hpp"

namespace ringledger {

/// Calls from elsewhere are rejected. An empty list takes calls from everywhere; callers of no known country
/// are taken unless `allow_unknown_caller` is false.
struct SetInboundCountries {
  static constexpr std::string_view operation = "SetInboundCountries";
  static constexpr std::string_view summary =
      "Sets from which countries the number takes calls; none: from all";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/numbers/{number}/countries/inbound"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  std::vector<CountryCode> countries;
  bool allow_unknown_caller = true;
  BOOST_DESCRIBE_CLASS(SetInboundCountries, (), (workspace, number, countries, allow_unknown_caller), (), ())
  static bool needed(std::string_view m) { return m == "countries"; }
  static bool defaulted(std::string_view m) { return m == "allow_unknown_caller"; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    std::vector<std::string> countries;
    bool allow_unknown_caller = true;
    RL_FIELDS(Answer, id, version, countries, allow_unknown_caller);
  };
};
Decision<SetInboundCountries::Answer> decide(const SetInboundCountries&, const Book&, const Context&);

/// What goes out is judged by it before it is dialled.
struct SetOutboundCountries {
  static constexpr std::string_view operation = "SetOutboundCountries";
  static constexpr std::string_view summary = "Sets which countries may be called from the number; none: all";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/numbers/{number}/countries/outbound"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  std::vector<CountryCode> countries;
  BOOST_DESCRIBE_CLASS(SetOutboundCountries, (), (workspace, number, countries), (), ())
  static bool needed(std::string_view m) { return m == "countries"; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    std::vector<std::string> countries;
    RL_FIELDS(Answer, id, version, countries);
  };
};
Decision<SetOutboundCountries::Answer> decide(const SetOutboundCountries&, const Book&, const Context&);

}  // namespace ringledger
