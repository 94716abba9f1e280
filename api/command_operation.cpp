#include "api/command_operation.hpp"

namespace ringledger::reading {

Refusal refusal_of(std::vector<Error> faults) {
  Refusal r;
  r.code = faults.front().code;
  for (const auto& f : faults) {
    if (f.code == Code::unknown_field) r.code = f.code;  // a misspelt member explains the missing one
  }
  r.detail = faults.front().pointer + " " + faults.front().detail;
  if (faults.size() > 1) r.detail += " (and " + std::to_string(faults.size() - 1) + " more)";
  r.errors = std::move(faults);
  return r;
}

std::expected<boost::json::object, Refusal> body_of(const Call& call) {
  if (call.request.body.empty()) return boost::json::object{};
  std::string_view type = call.request.header("Content-Type");
  auto end = type.find(';');
  std::string_view media = type.substr(0, end);
  while (media.ends_with(' ')) media.remove_suffix(1);
  bool is_json = media.empty() || equal_ignoring_case(media, "application/json") ||
                 equal_ignoring_case(media, "application/merge-patch+json");
  if (!is_json) return refuse(Code::unsupported_media_type, "Send application/json.");
  auto value = json::parse_strict(call.request.body);
  if (!value) {
    if (value.error().pointer.empty()) return refuse(value.error().code, value.error().detail);
    return std::unexpected(refusal_of({value.error()}));
  }
  if (!value->is_object()) return refuse(Code::validation_failed, "The body must be a JSON object.");
  return std::move(value->get_object());
}

}  // namespace ringledger::reading
