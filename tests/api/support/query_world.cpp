#include "tests/api/support/query_world.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/problem.hpp"
#include "projections/workspaces.hpp"

namespace ringledger::test {

boost::json::value Answered::json() const { return boost::json::parse(body); }
std::string Answered::header(std::string_view name) const {
  for (const auto& [n, value] : headers) {
    if (equal_ignoring_case(n, name)) return value;
  }
  return {};
}
std::string Answered::code() const { return status < 400 ? "" : str(json().at("code")); }

std::string str(const boost::json::value& v) {
  return v.is_string() ? std::string(v.get_string()) : boost::json::serialize(v);
}

std::vector<std::string> each(const boost::json::value& list, std::string_view member) {
  std::vector<std::string> out;
  for (const auto& item : list.at("items").as_array()) out.push_back(str(item.at(member)));
  return out;
}

QueryWorld::QueryWorld() {
  using members::Role;
  auto person = [](std::uint64_t n, bool owner, const std::string& name) {
    return members::Added{mem(n), owner, Personal<std::string>(name),
                          Personal<std::string>(name + "@acme.example")};
  };
  given({accounts::Created{acc(), "Acme", mem(1)}, person(1, true, "olga"),
         keys::Created{key(1), "first", mem(1), {}, {}, "digest one", {}}});
  given({workspaces::Created{ws(1), "Dental", "US", "UTC", workspaces::Plan::agency, mem(1)}});
  given({workspaces::Created{ws(2), "antique", "GB", "UTC", workspaces::Plan::indie, mem(1)}});
  given({person(2, false, "max"), members::RoleGranted{mem(2), ws(1), Role::manager},
         keys::Created{key(2), "max's", mem(2), {}, {}, "digest two", {}}});
  given({person(3, false, "mia"), members::RoleGranted{mem(3), ws(1), Role::member},
         keys::Created{key(3), "mia's", mem(3), {}, {}, "digest three", {}}});
  given({connections::Added{con(1),
                            ws(1),
                            connections::Provider::twilio,
                            "Main Twilio",
                            "AC1",
                            Secret<std::string>("token of Twilio"),
                            {},
                            {},
                            "ilio"},
         connections::Added{con(2),
                            ws(2),
                            connections::Provider::twilio,
                            "Other Twilio",
                            "AC1",
                            Secret<std::string>("token of Twilio"),
                            {},
                            {},
                            "ilio"}});
  given({accounts::Created{acc(2), "Other", mem(9)}, person(9, true, "zoe"),
         workspaces::Created{ws(9), "Elsewhere", "US", "UTC", workspaces::Plan::indie, mem(9)},
         keys::Created{key(9), "zoe's", mem(9), {}, {}, "digest nine", {}}},
        acc(2));
  QueryPorts ports;
  ports.phones = &phones;
  ports.clock = &clock;
  ports.public_base_url = "https://rl.example/";
  ports.commit_at = [this](std::uint64_t offset) -> Result<std::shared_ptr<const Commit>> {
    for (const auto& c : world.log.commits()) {
      if (c.offset == offset) return c.commit;
    }
    return fail(Code::internal, "no commit there");
  };
  ports.list_candidates = [this](AccountId, ConnectionId) {
    ++provider_asked;
    return provider;
  };
  ports.sight = [this] { return world.sight(); };
  ports.identify = [this](const HttpRequest&) -> std::expected<Caller, Refusal> {
    if (!identified) return refuse(Code::unauthenticated, "gone");
    return caller(x_key);
  };
  x_routes = std::make_unique<RouteTable>(query_operations(std::move(ports)));
}

QueryWorld& QueryWorld::given(std::vector<Event> events, AccountId account) {
  world.given(std::move(events), account);
  return *this;
}

Caller QueryWorld::caller(KeyId id) const {
  if (auto known = x_known.find(id); known != x_known.end()) return known->second;
  auto rows = world.sight().of<AccessView>();
  auto row = rows.row(access_key(id));
  REQUIRE(row.has_value());
  REQUIRE(row->has_value());
  Caller c;
  c.account = (*row)->account;
  c.key = std::make_shared<const AccessRow>(**row);
  c.principal.text = c.key_id = id.to_string();
  if (auto member = c.key->key->member) {
    c.member = std::make_shared<const AccessRow>(rows.row(access_key(*member))->value());
    c.principal.text = member->to_string();
    c.directory = &directory;
  }
  return c;
}

Answered QueryWorld::get(const std::string& target, const HttpHeaders& headers) {
  Call call;
  call.request.method = "GET";
  call.request.headers = headers;
  auto mark = target.find('?');
  call.path = target.substr(0, mark);
  if (mark != std::string::npos) call.query = form_decode(std::string_view(target).substr(mark + 1));
  auto match = x_routes->match("GET", call.path);
  REQUIRE_MESSAGE(match.operation != nullptr, target);
  call.parts = std::move(match.parts);
  call.caller = caller(x_key);
  auto response = ask(call, *match.operation);
  if (!response) response = problem(response.error(), "0123456789abcdef0123456789abcdef");
  return {response->status, std::move(response->headers), std::move(response->body),
          std::move(response->stream)};
}

std::expected<HttpResponse, Refusal> QueryWorld::ask(Call& call, const Operation& op) {
  Sight sight = world.sight();
  call.numbers = [&](std::string_view text) -> std::optional<NumberId> {
    auto e164 = E164::parse(text.starts_with('+') ? std::string(text) : "+" + std::string(text));
    if (!e164) return std::nullopt;
    auto row = find_in_account(sight.of<InventoryView>(), call.caller.account, *e164);
    return row && *row ? (*row)->number.id : NumberId{};
  };
  std::optional<WorkspaceId> workspace;
  bool exists = false;
  if (auto at = call.parts.find("workspace"); at != call.parts.end()) {
    workspace = WorkspaceId::parse(at->second).value_or(WorkspaceId{});
    auto row = find_workspace(sight.of<WorkspacesView>(), call.caller.account, *workspace);
    exists = !row || row->has_value();  // unreadable: the query itself is asked
  }
  if (auto fault = access_fault(call.caller, op.access, workspace, exists)) return std::unexpected(*fault);
  return op.query(call, QueryContext{sight, clock.now(), "ep.0"});
}

}  // namespace ringledger::test
