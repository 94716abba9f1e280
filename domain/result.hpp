// Errors are values: the closed set of codes of the HTTP contract, and what a refusal carries.
#pragma once

#include <boost/describe/enum.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringledger {

/// Every code a client can meet (api.md "Codes"). One place turns it into an HTTP status: api/problem.
BOOST_DEFINE_ENUM_CLASS(Code, malformed_json, validation_failed, unknown_field, idempotency_key_missing,
                        unauthenticated, forbidden, not_owner, bad_signature, not_found, method_not_allowed,
                        not_acceptable, already_imported, number_not_in_provider_account,
                        provider_account_mismatch, provider_refused, warnings_not_acknowledged,
                        warnings_changed, overwrite_not_acknowledged, confirmation_required, not_releasable,
                        number_inactive, capability_missing, campaign_archived, campaign_not_empty,
                        same_workspace, name_taken, last_owner, nothing_to_undo, not_undoable, undo_conflict,
                        log_replaced, version_mismatch, too_large, unsupported_media_type,
                        idempotency_key_reused, rate_limited, headers_too_large, internal,
                        provider_unavailable, overloaded, not_writer, position_not_reached, unknown_outcome,
                        clock_untrusted, read_only)

/// What went wrong with one value. `pointer` is the RFC 6901 JSON pointer of the offending member
/// ("" when the fault is not in one member).
struct Error {
  Code code = Code::internal;
  std::string detail;
  std::string pointer;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string detail, std::string pointer = {}) {
  return std::unexpected(Error{code, std::move(detail), std::move(pointer)});
}

}  // namespace ringledger
