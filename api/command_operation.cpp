#include "api/command_operation.hpp"

#include <algorithm>

namespace ringledger::reading {

Error parameter_fault(std::string_view name, std::string detail) {
  std::string pointer;
  json::append_member(pointer, name);
  return {Code::validation_failed, std::move(detail), std::move(pointer)};
}

boost::json::array query_list(const FormFields& query, std::string_view name, bool filter) {
  boost::json::array list;
  for (const auto& [n, value] : query) {
    if (n != name) continue;
    std::string_view rest = value;
    for (auto comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
      list.emplace_back(rest.substr(0, comma));
      rest = rest.substr(comma + 1);
    }
    list.emplace_back(rest);
  }
  if (!filter) list.erase(std::remove(list.begin(), list.end(), boost::json::value("")), list.end());
  return list;
}

void add_elsewhere(std::vector<Error>& faults, std::vector<Error> more) {
  auto within = [](const std::string& inner, const std::string& outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  auto known = faults.size();
  for (auto& m : more) {
    bool doubted =
        std::any_of(faults.begin(), faults.begin() + static_cast<std::ptrdiff_t>(known),
                    [&](auto& f) { return within(f.pointer, m.pointer) || within(m.pointer, f.pointer); });
    if (!doubted) faults.push_back(std::move(m));
  }
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
