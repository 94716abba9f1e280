// Trace ids: the client's own (W3C trace context), else new ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http_types.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// The trace id of a traceparent header, `00-<32 hex>-<16 hex>-<2 hex>`; nullopt when it is none.
std::optional<std::string> trace_of(std::string_view traceparent);
/// The one the request brings, else a new one: 32 hexadecimal digits.
std::string trace_id_of(const HttpRequest& request, Random& random);
/// The traceparent of a new span in that trace.
std::string span_of(std::string_view trace_id, Random& random);
/// The traceparent of a new span in the trace of `traceparent`; "" when that is none.
std::string continued(std::string_view traceparent, Random& random);

}  // namespace ringledger
