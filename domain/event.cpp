#include "domain/event.hpp"

#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

namespace ringledger {
namespace {

void add(std::vector<std::string>& out, std::string id) {
  if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(std::move(id));
}

template <class T>
void collect_ids(const T& value, std::vector<std::string>& out) {
  if constexpr (is_id<T>) {
    add(out, value.to_string());
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    if (value) collect_ids(*value, out);
  } else if constexpr (requires {
                         value.begin();
                         value.size();
                       } && !std::is_same_v<T, std::string>) {
    for (const auto& v : value) collect_ids(v, out);
  }
}

template <class E>
void for_each_field(const E& e, auto&& visit) {
  using Fields = boost::describe::describe_members<E, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto d) { visit(d.name, e.*d.pointer); });
}

}  // namespace

std::string_view type_of(const Event& event) {
  return std::visit([]<class E>(const E&) { return E::type; }, event);
}

std::optional<WorkspaceId> workspace_of(const Event& event) {
  return std::visit(
      []<class E>(const E& e) -> std::optional<WorkspaceId> {
        if constexpr (requires { e.workspace; }) return e.workspace;
        return std::nullopt;
      },
      event);
}

std::vector<std::string> entities_of(const Event& event) {
  std::vector<std::string> out;
  std::visit(
      [&](const auto& e) { for_each_field(e, [&](const char*, const auto& f) { collect_ids(f, out); }); },
      event);
  return out;
}

std::string subject_of(const Event& event) {
  auto ids = entities_of(event);
  std::string_view type = type_of(event);
  return std::string(type.substr(0, type.find('.'))) + "s/" + (ids.empty() ? "" : ids.front());
}

}  // namespace ringledger
