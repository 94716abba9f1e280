// Why calls to a number may not reach anybody: the checks of DiagnoseNumber (WHK-05), judged by what the read
// models show. Nothing is asked of the provider, and no call is placed.
#pragma once

#include <boost/json/object.hpp>

#include "commands/number_parts.hpp"
#include "projections/connections.hpp"

namespace ringledger {

/// What the checks look at.
struct DiagnosedNumber {
  numbers::Number number;
  std::optional<ConnectionRow> connection;  ///< the number's; absent: it is not in the number's workspace
  /// Whose voice URL is at the provider, as last seen; absent: it is none of the account's.
  std::optional<ConnectionRow> hooked;
  std::optional<campaigns::Campaign> campaign;
  std::optional<Timestamp> last_call_at;
  std::string public_base_url;
};

struct NumberDiagnosis {
  /// A hook at the provider that is not as it is to be; null: not set.
  struct Difference {
    std::string hook;
    std::optional<std::string> expected, seen;
    RL_FIELDS(Difference, hook, expected, seen);
  };
  struct Check {
    std::string check;
    bool ok = true;
    Severity severity{};  ///< of what was found; info when all is well, or when it keeps no call from us
    std::string message;
    std::vector<Difference> differences;
    RL_FIELDS(Check, check, ok, severity, message, differences);
  };
  NumberRef number;
  bool ok = true;  ///< nothing above info was found
  std::vector<Check> checks;
  RL_FIELDS(NumberDiagnosis, number, ok, checks);
};

/// All checks, in the order in which a person looks.
NumberDiagnosis diagnose(const DiagnosedNumber& number);
/// The answer's JSON Schema: which checks there are, and what each asks.
boost::json::object diagnosis_schema();

}  // namespace ringledger
