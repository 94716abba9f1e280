// The fixed limits of the HTTP contract (api.md "Limits").
#pragma once

#include <cstddef>

namespace ringledger::limits {

inline constexpr std::size_t max_body_bytes = 1024 * 1024;     ///< past it 413
inline constexpr std::size_t max_header_bytes = 16 * 1024;     ///< request line and headers; past it 431
inline constexpr std::size_t max_json_depth = 32;              ///< past it 400 malformed_json
inline constexpr std::size_t max_bulk_items = 1000;            ///< per command; past it 400
inline constexpr std::size_t max_query_parameters = 100;       ///< past it 400
inline constexpr std::size_t max_idempotency_key_bytes = 255;  ///< past it 400
inline constexpr int overload_retry_after_s = 1;               ///< Retry-After of 503 overloaded

}  // namespace ringledger::limits
