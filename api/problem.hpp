// Refusals as problem documents (RFC 9457): the one place that turns codes into HTTP.
#pragma once

#include <string>

#include "api/http_types.hpp"
#include "commands/decision.hpp"

namespace ringledger {

int status_of(Code code);
/// The code's text in the contract ("not_found"); codes for bare statuses (405 …) have one too.
std::string_view text_of(Code code);
/// True when the same request may succeed later without a change.
bool is_retryable(Code code);

/// A refusal as it is stored in a commit and read back: {code, detail, errors, warnings, provider}.
std::string refusal_json(const Refusal& refusal);

/// The answer to a refusal. `trace_id`: 32 hex digits.
HttpResponse problem(const Refusal& refusal, std::string_view trace_id);
/// The same from a stored refusal (`refusal_json`), byte for byte.
HttpResponse stored_problem(const std::string& refusal, std::string_view trace_id);

}  // namespace ringledger
