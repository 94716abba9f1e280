// Every request's way in; edge_command.cpp has what only commands do.
#include "api/edge.hpp"

#include "adapters/crypto/hash.hpp"
#include "api/accept.hpp"
#include "api/edge_running.hpp"
#include "api/logging.hpp"
#include "api/position.hpp"
#include "api/problem.hpp"
#include "api/trace.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {

Edge::Edge(Ports ports, std::vector<Operation> operations)
    : x_ports(std::move(ports)), x_routes(std::move(operations)) {
  for (const auto& op : x_routes.all()) x_route_metrics[&op] = &x_ports.metrics->route(op.path);
}

void Edge::finish(const RunningPtr& running, HttpResponse response) {
  running->hop.reset();  // it holds this request
  response.headers.emplace_back("Trace-Id", running->call.trace_id);
  tell_rate(running->rate, response);
  for (auto& h : running->extra) response.headers.push_back(std::move(h));
  auto took_ms = x_ports.clock->monotonic_ms() - running->began_ms;
  x_ports.metrics->in_flight(Metrics::InFlight::requests, -1);
  if (running->operation) {
    x_route_metrics.at(running->operation)->finished(response.status, static_cast<double>(took_ms) / 1000);
  }
  if (log_enabled(response.status >= 500 ? LogLevel::warn : LogLevel::debug)) {
    log(response.status >= 500 ? LogLevel::warn : LogLevel::debug, "request",
        {{"trace_id", running->call.trace_id},
         {"method", running->call.request.method},
         {"operation", running->operation ? running->operation->operation : std::string_view("none")},
         {"principal", running->call.caller.principal.text},
         {"status", response.status},
         {"ms", took_ms}});
  }
  running->answer(std::move(response));
}

void Edge::finish(const RunningPtr& running, const Refusal& refusal) {
  finish(running, problem(refusal, running->call.trace_id));
}

void Edge::handle(HttpRequest request, HttpAnswerTo answer) {
  auto running = std::make_shared<Running>();
  running->began_ms = x_ports.clock->monotonic_ms();
  running->answer = std::move(answer);
  x_ports.metrics->in_flight(Metrics::InFlight::requests, 1);
  Call& call = running->call;
  auto sent = trace_of(request.header("traceparent"));
  std::uint8_t drawn[24];
  x_ports.random->fill(drawn);
  std::string hex = hex_encode({reinterpret_cast<const char*>(drawn), sizeof drawn});
  call.trace_id = sent.value_or(hex.substr(0, 32));
  call.traceparent = "00-" + call.trace_id + "-" + hex.substr(32, 16) + "-01";
  call.request = std::move(request);
  auto mark = call.request.target.find('?');
  call.path = call.request.target.substr(0, mark);
  if (mark != std::string::npos)
    call.query = form_decode(std::string_view(call.request.target).substr(mark + 1));
  serve(running);
}

void Edge::serve(const RunningPtr& running) {
  Call& call = running->call;
  auto match = x_routes.match(call.request.method, call.path);
  if (!match.operation && preflight(running)) return;
  if (!match.operation) {
    if (auto refused = admit_stranger(running)) return finish(running, *refused);
    if (match.allow.empty()) return finish(running, no_such_thing().error());
    running->extra.emplace_back("Allow", match.allow);
    return finish(running, plain(Code::method_not_allowed, "This path answers " + match.allow + "."));
  }
  running->operation = match.operation;
  call.method = match.operation->method;
  call.parts = std::move(match.parts);
  if (!match.operation->is_document() && !x_ports.caught_up())
    return finish(running,
                  plain(Code::not_writer, "This node is starting: its read models are catching up."));
  if (match.operation->is_public) {
    auto refused = match.operation->limits_itself ? std::nullopt : admit_stranger(running);
    if (refused) return finish(running, *refused);
    return enter(running);
  }
  // Rights are judged as of the last change that was answered.
  when_shown(x_ports.gate->rights(), [this, running] {
    if (auto refused = authorise(running)) return finish(running, *refused);
    enter(running);
  });
}

/// A browser asks whether a page may post here (Fetch standard, "CORS-preflight fetch").
bool Edge::preflight(const RunningPtr& running) {
  Call& call = running->call;
  if (call.request.method != "OPTIONS") return false;
  auto match = x_routes.match(method_text(Method::post), call.path);
  if (!match.operation || !match.operation->preflight) return false;
  running->operation = match.operation;
  call.parts = std::move(match.parts);
  match.operation->preflight(call, [this, running](HttpResponse r) { finish(running, std::move(r)); });
  return true;
}

/// Whoever has no valid key, or needs none here.
std::optional<Refusal> Edge::admit_stranger(const RunningPtr& running) {
  auto cost = running->operation ? running->operation->cost : 1;
  running->rate = x_ports.limits->of_stranger(running->call.request.peer, static_cast<std::int64_t>(cost));
  if (running->rate.allowed) return std::nullopt;
  return plain(Code::rate_limited, "Too many requests without a valid key from this address.");
}

std::optional<Refusal> Edge::admit_caller(const RunningPtr& running) {
  const Caller& caller = running->call.caller;
  auto account = caller.is_operator ? std::string() : raw_name(caller.account.raw);
  auto cost = static_cast<std::int64_t>(running->operation->cost);
  running->rate = x_ports.limits->of_caller(caller.key_id, account, cost);
  if (running->rate.allowed) return std::nullopt;
  return plain(Code::rate_limited, "Too many requests with this " + std::string(running->rate.policy) + ".");
}

/// Calls `then` once everything before `next` is shown: at once on this thread, or later on a reader. Should
/// the read models hang (no disk space), what they show is better than nothing.
void Edge::when_shown(std::uint64_t next, std::function<void()> then) {
  constexpr std::int64_t most_ms = 2000;
  if (next <= x_ports.gate->next()) return then();
  x_ports.gate->when_shown(next - 1, most_ms,
                           [this, t = std::move(then)](bool) { x_ports.readers->post(t); });
}

void Edge::enter(const RunningPtr& running) {
  Call& call = running->call;
  running->must_show = x_ports.gate->counted();
  running->wait_ms = preferred_wait_ms(call.request.header("Prefer"));
  if (auto at = call.request.header("Ringledger-Position"); !at.empty()) {
    auto position = read_position(at, x_ports.log);
    if (!position)
      return finish(running, plain(position.error().code, "Ringledger-Position: " + position.error().detail));
    return enter_at(running, *position);
  }
  go_in(running);
}

/// Positions are opaque: a client of several accounts may send one of another partition. Of one that is not
/// hosted here nothing is waited for: what this partition answers shows nothing of it.
void Edge::enter_at(const RunningPtr& running, const Position& position) {
  bool here = x_ports.log.ends_with("." + std::to_string(position.partition));
  if (here) {
    running->position = position.offset;
    return go_in(running);
  }
  if (position.partition >= x_ports.partitions)
    return finish(running, plain(Code::validation_failed,
                                 "Ringledger-Position: names a partition that this log does not have"));
  auto* gate = x_ports.gate_of(position.partition);
  if (!gate) return go_in(running);
  auto wait_ms = running->wait_ms < 0 ? 2000 : running->wait_ms;
  gate->when_shown(position.offset, wait_ms, [this, running](bool reached) {
    if (reached) return go_in(running);
    finish(running, plain(Code::position_not_reached, "That position was not reached in time."));
  });
}

void Edge::go_in(const RunningPtr& running) {
  if (running->operation->query) return run_query(running);
  if (!running->operation->serve) return run_command(running);
  auto serve = [this, running] {
    running->operation->serve(running->call,
                              [this, running](HttpResponse r) { finish(running, std::move(r)); });
  };
  if (running->operation->is_public) return serve();
  when_shown(running->must_show, serve);
}

std::optional<Refusal> Edge::authorise(const RunningPtr& running) {
  Call& call = running->call;
  auto caller = x_ports.authenticator->identify(call.request);
  if (!caller && caller.error().code == Code::unauthenticated) {
    auto refused = admit_stranger(running);
    return refused ? refused : caller.error();
  }
  if (!caller) return caller.error();
  call.caller = std::move(*caller);
  if (auto refused = admit_caller(running)) return refused;
  call.numbers = [this, asking = running.get()](std::string_view text) {
    asking->looked_up = true;
    return find_number(asking->call.caller.account, text);
  };
  std::optional<WorkspaceId> workspace;
  bool exists = false;
  if (auto at = call.parts.find("workspace"); at != call.parts.end()) {
    workspace = WorkspaceId::parse(at->second).value_or(WorkspaceId{});
    // A member's roles and the account's own list are enough to know it exists; service keys and the
    // account's owner reach every workspace there is, so for them it is looked up.
    bool role = call.caller.member && call.caller.member->member->role_in(*workspace).has_value();
    if (role) {
      exists = true;
    } else {
      auto sight = x_ports.views->sight();
      auto row = find_workspace(sight.of<WorkspacesView>(), call.caller.account, *workspace);
      if (!row) return plain(Code::internal, row.error().detail);
      exists = row->has_value();
    }
  }
  return access_fault(call.caller, running->operation->access, workspace, exists);
}

/// `num_…` is not asked here. E.164 with, without or with an encoded plus.
std::optional<NumberId> Edge::find_number(AccountId account, std::string_view text) const {
  std::string full = text.starts_with('+')   ? std::string(text)
                     : text.starts_with(' ') ? "+" + std::string(text.substr(1))
                                             : "+" + std::string(text);
  auto e164 = E164::parse(full);
  if (!e164) return std::nullopt;
  auto row = x_ports.book->get(book_key(account, row_kind<NumberByE164>, e164->text));
  if (!row || !*row) return NumberId{};  // none: no number has the empty id
  return std::get<NumberByE164>(**row).number;
}

void Edge::run_query(const RunningPtr& running) {
  auto look = [this, running] {
    Sight sight = x_ports.views->sight();
    QueryContext context{sight, x_ports.clock->now(), x_ports.log};
    auto answer = running->operation->query(running->call, context);
    if (!answer) return finish(running, answer.error());
    auto shown = sight.position();
    answer->headers.emplace_back("Ringledger-Position",
                                 position_text(x_ports.log, shown == 0 ? 0 : shown - 1));
    finish(running, std::move(*answer));
  };
  auto* where = running->operation->asks_provider ? x_ports.providers : x_ports.readers;
  auto look_later = [where, look] { where->post(look); };
  if (running->operation->is_public) return look_later();
  auto look_caught_up = [this, running, look_later] { when_shown(running->must_show, look_later); };
  if (!running->position || *running->position < x_ports.gate->next()) return look_caught_up();
  auto wait_ms = running->wait_ms < 0 ? 2000 : running->wait_ms;
  x_ports.gate->when_shown(*running->position, wait_ms, [this, running, look_caught_up](bool reached) {
    if (reached) return look_caught_up();
    finish(running, plain(Code::position_not_reached, "That position was not reached in time."));
  });
}

}  // namespace ringledger
