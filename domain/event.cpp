#include "domain/event.hpp"

#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <unordered_set>

#include "domain/one_of_impl.hpp"

namespace ringledger {

template class OneOf<Event::Variant>;

namespace {

/// Each once, in the order of their first mention. Most events name a few, an erasure tens of thousands.
class Ids {
 public:
  void add(std::string id) {
    if (x_all.size() < few) {
      if (std::ranges::find(x_all, id) == x_all.end()) x_all.push_back(std::move(id));
      return;
    }
    if (x_known.empty()) x_known.insert(x_all.begin(), x_all.end());
    if (x_known.insert(id).second) x_all.push_back(std::move(id));
  }
  std::vector<std::string> all() { return std::move(x_all); }

 private:
  static constexpr std::size_t few = 32;
  std::vector<std::string> x_all;
  std::unordered_set<std::string> x_known;
};

template <class T>
void collect_ids(const T& value, Ids& out) {
  if constexpr (is_id<T>) {
    out.add(value.to_string());
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
  Ids out;
  std::visit(
      [&](const auto& e) { for_each_field(e, [&](const char*, const auto& f) { collect_ids(f, out); }); },
      event);
  return out.all();
}

std::string subject_of(const Event& event) {
  auto ids = entities_of(event);
  std::string_view type = type_of(event);
  return std::string(type.substr(0, type.find('.'))) + "s/" + (ids.empty() ? "" : ids.front());
}

}  // namespace ringledger
