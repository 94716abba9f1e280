#include "api/operation.hpp"

namespace ringledger {
namespace {

/// Segments of a path; "/v1/a/b" gives "v1", "a", "b". A trailing slash is a segment of its own.
std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> all;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    auto slash = path.find('/');
    all.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return all;
    path.remove_prefix(slash + 1);
  }
}

bool in_braces(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

}  // namespace

std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> names;
  for (auto s : segments(path)) {
    if (in_braces(s)) names.emplace_back(s.substr(1, s.size() - 2));
  }
  return names;
}

std::string_view method_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "";
}

RouteTable::RouteTable(std::vector<Operation> operations) : x_operations(std::move(operations)), x_nodes(1) {
  for (std::size_t i = 0; i < x_operations.size(); ++i) {
    std::size_t node = 0;
    for (auto s : segments(x_operations[i].path)) node = child(node, s);
    x_nodes[node].operations.emplace(x_operations[i].method, i);
  }
}

std::size_t RouteTable::child(std::size_t node, std::string_view segment) {
  std::size_t made = x_nodes.size();
  if (in_braces(segment)) {
    if (x_nodes[node].any) return x_nodes[node].any;
    x_nodes[node].any = made;
  } else {
    auto [at, fresh] = x_nodes[node].children.emplace(std::string(segment), made);
    if (!fresh) return at->second;
  }
  x_nodes.emplace_back();
  return made;
}

RouteTable::Match RouteTable::match(std::string_view method, std::string_view path) const {
  Match m;
  std::size_t node = 0;
  std::vector<std::string> values;
  for (auto s : segments(path)) {
    if (auto at = x_nodes[node].children.find(s); at != x_nodes[node].children.end()) {
      node = at->second;
    } else if (x_nodes[node].any && !s.empty()) {
      auto decoded = percent_decode(s);
      if (!decoded) return m;
      values.push_back(std::move(*decoded));
      node = x_nodes[node].any;
    } else {
      return m;
    }
  }
  for (const auto& [known, index] : x_nodes[node].operations) {
    m.allow += (m.allow.empty() ? "" : ", ") + std::string(method_text(known));
    bool same = method_text(known) == method || (method == "HEAD" && known == Method::get);
    if (!same) continue;
    m.operation = &x_operations[index];
    auto names = names_in(m.operation->path);
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) m.parts[names[i]] = values[i];
  }
  return m;
}

}  // namespace ringledger
