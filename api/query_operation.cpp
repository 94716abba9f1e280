#include "api/query_operation.hpp"

#include "adapters/crypto/hash.hpp"
#include "api/position.hpp"

namespace ringledger {
namespace {

/// If-None-Match compares weakly (RFC 9110 13.1.2).
bool names_etag(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    auto comma = header.find(',');
    auto one = header.substr(0, comma);
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
    header = comma == std::string_view::npos ? std::string_view() : header.substr(comma + 1);
  }
  return false;
}

Error out_of_bounds(std::string_view name, std::int64_t most) {
  return reading::parameter_fault(name, "must lie between 1 and " + std::to_string(most));
}

}  // namespace

std::string shown_position(const QueryContext& ctx) {
  auto next = ctx.sight.position();
  return position_text(ctx.log, next == 0 ? 0 : next - 1);
}

std::unexpected<Refusal> refused(const Error& error) {
  if (error.code == Code::validation_failed) return std::unexpected(refusal_of({error}));
  return refuse(error.code, error.detail);
}

QueryAnswer if_readable(QueryAnswer answer, const QueryContext& ctx) {
  if (auto healthy = ctx.sight.health(); !healthy) return refused(healthy.error());
  return answer;
}

std::unexpected<Refusal> bad_parameter(std::string_view name, std::string detail) {
  return std::unexpected(refusal_of({reading::parameter_fault(name, std::move(detail))}));
}

std::expected<bool, Refusal> newest_first(const std::optional<std::string>& sort, std::string_view member) {
  const std::string rising(member), falling = "-" + rising;
  if (!sort || *sort == falling) return true;
  if (*sort == rising) return false;
  return bad_parameter("sort", "must be " + rising + " or " + falling);
}

std::expected<PageRequest, Refusal> page_request(std::optional<std::int64_t> limit,
                                                 const std::optional<std::string>& cursor,
                                                 std::optional<std::int64_t> page,
                                                 std::optional<std::int64_t> per_page) {
  std::vector<Error> faults;
  auto check = [&](std::string_view name, std::optional<std::int64_t> value, std::int64_t most) {
    if (value && (*value < 1 || *value > most)) faults.push_back(out_of_bounds(name, most));
  };
  check("limit", limit, max_limit);
  check("per_page", per_page, max_limit);
  check("page", page, static_cast<std::int64_t>(max_skip));
  bool paged = page || per_page;
  if (paged && cursor)
    faults.push_back(reading::parameter_fault("page", "page and cursor exclude each other"));
  if (paged && limit)
    faults.push_back(reading::parameter_fault("limit", "goes with cursor; page goes with per_page"));
  if (!faults.empty()) return std::unexpected(refusal_of(std::move(faults)));
  PageRequest request;
  request.limit =
      static_cast<std::size_t>(paged ? per_page.value_or(default_limit) : limit.value_or(default_limit));
  request.cursor = cursor.value_or("");
  request.skip = static_cast<std::size_t>(page.value_or(1) - 1) * request.limit;
  if (auto fine = check_page(request); !fine) return refused(fine.error());
  return request;
}

std::string envelope(const ListText& list, std::string_view position) {
  std::string out = "{\"items\":[" + list.items + "],\"next_cursor\":";
  json::Writer writer(out, json::Mode::answer);
  writer.write(list.next_cursor);
  out += ",\"total\":";
  writer.write(list.total);
  out += ",\"total_exact\":";
  writer.write(list.total_exact);
  out += ",\"position\":";
  writer.write(position);
  return out + "}";
}

HttpResponse json_answer(std::string body) {
  HttpResponse response;
  response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

HttpResponse resource_text(std::string body, std::int64_t version, const Call& call) {
  std::string etag = "\"" + std::to_string(version) + "." + sha256_hex(body).substr(0, 16) + "\"";
  HttpResponse response;
  if (names_etag(call.request.header("If-None-Match"), etag)) {
    response.status = 304;
  } else {
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = std::move(body);
  }
  // Kept by clients, asked for again each time: what someone may see can change at any moment.
  response.headers.emplace_back("ETag", std::move(etag));
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  return response;
}

boost::json::object envelope_schema(boost::json::object row) {
  using boost::json::object;
  object cursor{{"type", boost::json::array{"string", "null"}}};
  object properties{{"items", object{{"type", "array"}, {"items", std::move(row)}}},
                    {"next_cursor", std::move(cursor)},
                    {"total", object{{"type", "integer"}}},
                    {"total_exact", object{{"type", "boolean"}}},
                    {"position", object{{"type", "string"}}}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", boost::json::array{"items", "next_cursor", "total", "total_exact", "position"}}};
}

}  // namespace ringledger
