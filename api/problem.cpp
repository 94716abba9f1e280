#include "api/problem.hpp"

#include <boost/json/parse.hpp>

#include "adapters/json/json_reader.hpp"
#include "commands/number_parts.hpp"

namespace ringledger {
namespace {

struct FieldFault {
  std::string pointer, code, detail;
  BOOST_DESCRIBE_CLASS(FieldFault, (), (pointer, code, detail), (), ())
};
struct Stored {
  std::string code, detail;
  std::vector<FieldFault> errors;
  std::vector<Warning> warnings;
  std::optional<ProviderErrorView> provider;
  BOOST_DESCRIBE_CLASS(Stored, (), (code, detail, errors, warnings, provider), (), ())
};
struct Known {
  int status;
  std::string_view title;
};

Known known(Code code) {
  switch (code) {
    case Code::malformed_json:
      return {400, "The body is not valid JSON"};
    case Code::validation_failed:
      return {400, "The request is not valid"};
    case Code::unknown_field:
      return {400, "The request has an unknown member"};
    case Code::idempotency_key_missing:
      return {400, "The Idempotency-Key header is missing"};
    case Code::unauthenticated:
      return {401, "A valid API key is required"};
    case Code::forbidden:
      return {403, "The key may not do this"};
    case Code::not_owner:
      return {403, "Only an owner may do this"};
    case Code::bad_signature:
      return {403, "The signature is not valid"};
    case Code::not_found:
      return {404, "There is no such resource"};
    case Code::method_not_allowed:
      return {405, "The method is not allowed here"};
    case Code::not_acceptable:
      return {406, "No acceptable representation"};
    case Code::already_imported:
      return {409, "The number is already imported"};
    case Code::number_not_in_provider_account:
      return {409, "The provider account does not have the number"};
    case Code::provider_account_mismatch:
      return {409, "The provider accounts differ"};
    case Code::provider_refused:
      return {409, "The provider refused"};
    case Code::warnings_not_acknowledged:
      return {409, "Warnings must be acknowledged"};
    case Code::warnings_changed:
      return {409, "The warnings have changed"};
    case Code::overwrite_not_acknowledged:
      return {409, "Replacing webhooks must be acknowledged"};
    case Code::confirmation_required:
      return {409, "A confirmation is required"};
    case Code::not_releasable:
      return {409, "The number cannot be released"};
    case Code::number_inactive:
      return {409, "The number is inactive"};
    case Code::capability_missing:
      return {409, "The number lacks a capability"};
    case Code::campaign_archived:
      return {409, "The campaign is archived"};
    case Code::campaign_not_empty:
      return {409, "The campaign still has numbers"};
    case Code::same_workspace:
      return {409, "Source and destination are the same"};
    case Code::name_taken:
      return {409, "The name is taken"};
    case Code::last_owner:
      return {409, "The last owner stays"};
    case Code::nothing_to_undo:
      return {409, "There is nothing to undo"};
    case Code::not_undoable:
      return {409, "This cannot be undone"};
    case Code::undo_conflict:
      return {409, "It was changed since"};
    case Code::log_replaced:
      return {410, "The log was replaced"};
    case Code::version_mismatch:
      return {412, "The version does not match"};
    case Code::too_large:
      return {413, "The request is too large"};
    case Code::unsupported_media_type:
      return {415, "The media type is not supported"};
    case Code::idempotency_key_reused:
      return {422, "The Idempotency-Key was used for another request"};
    case Code::rate_limited:
      return {429, "Too many requests"};
    case Code::headers_too_large:
      return {431, "The headers are too large"};
    case Code::internal:
      return {500, "An internal error"};
    case Code::provider_unavailable:
      return {502, "The provider is unavailable"};
    case Code::overloaded:
      return {503, "The server is overloaded"};
    case Code::not_writer:
      return {503, "This server cannot write now"};
    case Code::position_not_reached:
      return {503, "The position was not reached in time"};
    case Code::unknown_outcome:
      return {503, "The outcome is unknown"};
    case Code::clock_untrusted:
      return {503, "The clock cannot be trusted"};
    case Code::read_only:
      return {507, "The server is read-only"};
  }
  return {500, "An internal error"};
}

/// `members`: those of refusal_json, without braces.
HttpResponse document(Code code, const std::string& members, std::string_view trace_id) {
  Known k = known(code);
  HttpResponse r;
  r.status = k.status;
  std::string& b = r.body;
  b = "{\"type\":\"https://ringledger.dev/problems/";
  b += text_of(code);
  b += "\",\"title\":";
  json::write_text(b, k.title);
  b += ",\"status\":" + std::to_string(k.status) + "," + members;
  b += ",\"retryable\":";
  b += is_retryable(code) ? "true" : "false";
  b += ",\"trace_id\":";
  json::write_text(b, trace_id);
  b += '}';
  r.headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}};
  if (k.status == 429 || k.status == 503 || k.status == 507) r.headers.emplace_back("Retry-After", "1");
  if (k.status == 502) r.headers.emplace_back("Retry-After", "5");
  if (k.status == 401) r.headers.emplace_back("WWW-Authenticate", "Bearer");
  return r;
}

std::string without_braces(const std::string& object) { return object.substr(1, object.size() - 2); }

}  // namespace

int status_of(Code code) { return known(code).status; }
std::string_view text_of(Code code) { return boost::describe::enum_to_string(code, "internal"); }

bool is_retryable(Code code) {
  int status = status_of(code);
  return status == 429 || status >= 500;
}

std::string refusal_json(const Refusal& refusal) {
  std::vector<FieldFault> faults;
  for (const auto& e : refusal.errors) faults.push_back({e.pointer, std::string(text_of(e.code)), e.detail});
  std::string out = "{\"code\":";
  json::Writer w(out, json::Mode::answer);
  w.write(text_of(refusal.code));
  out += ",\"detail\":";
  w.write(refusal.detail);
  out += ",\"errors\":";
  w.write(faults);
  bool about_warnings =
      refusal.code == Code::warnings_not_acknowledged || refusal.code == Code::warnings_changed;
  if (about_warnings || !refusal.warnings.empty()) {
    out += ",\"warnings\":";
    w.write(refusal.warnings);
  }
  if (refusal.provider) {
    out += ",\"provider\":";
    w.write(view_of(*refusal.provider));
  }
  return out + "}";
}

HttpResponse problem(const Refusal& refusal, std::string_view trace_id) {
  return document(refusal.code, without_braces(refusal_json(refusal)), trace_id);
}

HttpResponse stored_problem(const std::string& refusal, std::string_view trace_id) {
  auto read = json::from_stored_text<Stored>(refusal);
  auto code = read ? json::enum_from<Code>(read->code) : std::nullopt;
  return document(code.value_or(Code::internal), without_braces(refusal), trace_id);
}

}  // namespace ringledger
