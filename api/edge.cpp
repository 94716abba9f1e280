#include "api/edge.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/crypto/hash.hpp"
#include "adapters/json/commit_json.hpp"
#include "api/logging.hpp"
#include "api/position.hpp"
#include "api/problem.hpp"
#include "projections/inventory_query.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {

struct Edge::Running {
  Call call;
  const Operation* operation = nullptr;
  HttpAnswerTo answer;
  std::int64_t began_ms = 0, wait_ms = -1;  ///< wait_ms: of `Prefer: wait`, -1 when not sent
  std::optional<std::uint64_t> position;    ///< the client wants to see this one
  Prepared prepared;
  std::string idempotency_key;
  RateDecision rate;
  HttpHeaders extra;
};

namespace {

/// Of account ids: they follow from the operator's Idempotency-Key alone, so that a repeat names the same
/// account; they do not tell when it was opened.
constexpr std::uint64_t account_birth_ms = 0;

Refusal plain(Code code, std::string detail) { return Refusal{code, std::move(detail), {}, {}, {}}; }

/// W3C trace context: `00-<32 hex>-<16 hex>-<2 hex>`; nullopt when it is not one.
std::optional<std::string> trace_of(std::string_view header) {
  bool shape = header.size() == 55 && header.starts_with("00-") && header[35] == '-' && header[52] == '-';
  if (!shape || header.substr(3, 32).find_first_not_of("0123456789abcdef") != std::string_view::npos ||
      header.substr(36, 16).find_first_not_of("0123456789abcdef") != std::string_view::npos ||
      header.substr(3, 32) == std::string(32, '0')) {
    return std::nullopt;
  }
  return std::string(header.substr(3, 32));
}

/// Seconds of `Prefer: wait=<s>` (RFC 7240), at most 30; -1 when there is none.
std::int64_t wait_of(std::string_view prefer) {
  auto at = prefer.find("wait=");
  if (at == std::string_view::npos) return -1;
  std::int64_t s = 0;
  auto from = prefer.substr(at + 5);
  if (std::from_chars(from.data(), from.data() + from.size(), s).ec != std::errc{} || s < 0) return -1;
  return std::min<std::int64_t>(s, 30) * 1000;
}

/// The version of an If-Match: `"<version>.<hash>"`, weak or strong; nullopt for `*` and others.
std::optional<std::int64_t> version_of(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.starts_with('"')) etag.remove_prefix(1);
  std::int64_t v = 0;
  if (std::from_chars(etag.data(), etag.data() + etag.size(), v).ec != std::errc{}) return std::nullopt;
  return v;
}

bool visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

/// Puts the one-time secrets where the stored body has null.
std::string with_secrets(const std::string& body, const std::string& once) {
  return once.empty() ? body : json::merged(body, once);
}

/// Location of what a POST created: its path and the first id in the body.
std::string location_of(const Call& call, const std::string& body) {
  constexpr std::string_view member = "\"id\":\"";
  auto at = body.find(member);
  if (at == std::string::npos) return {};
  auto from = at + member.size();
  return call.path + "/" + body.substr(from, body.find('"', from) - from);
}

}  // namespace

Edge::Edge(Ports ports, std::vector<Operation> operations)
    : x_ports(std::move(ports)), x_routes(std::move(operations)) {
  for (const auto& op : x_routes.all()) x_route_metrics[&op] = &x_ports.metrics->route(op.path);
}

void Edge::finish(const RunningPtr& running, HttpResponse response) {
  response.headers.emplace_back("Trace-Id", running->call.trace_id);
  for (auto& h : rate_limit_headers(running->rate)) response.headers.push_back(std::move(h));
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
  if (!match.operation) {
    if (match.allow.empty()) return finish(running, no_such_thing().error());
    running->extra.emplace_back("Allow", match.allow);
    return finish(running, plain(Code::method_not_allowed, "This path answers " + match.allow + "."));
  }
  running->operation = match.operation;
  call.method = match.operation->method;
  call.parts = std::move(match.parts);
  if (!match.operation->is_public) {
    if (auto refused = authorise(running)) return finish(running, *refused);
  }
  running->wait_ms = wait_of(call.request.header("Prefer"));
  if (auto at = call.request.header("Ringledger-Position"); !at.empty()) {
    auto position = read_position(at, x_ports.epoch);
    if (!position)
      return finish(running, plain(position.error().code, "Ringledger-Position: " + position.error().detail));
    running->position = *position;
  }
  if (running->operation->serve) {
    return running->operation->serve(std::move(call),
                                     [this, running](HttpResponse r) { finish(running, std::move(r)); });
  }
  if (running->operation->query) return run_query(running);
  run_command(running);
}

std::optional<Refusal> Edge::authorise(const RunningPtr& running) {
  Call& call = running->call;
  auto caller = x_ports.authenticator->identify(call.request);
  if (!caller) return caller.error();
  call.caller = std::move(*caller);
  running->rate =
      x_ports.limiter->take(call.caller.key_id, static_cast<std::int64_t>(running->operation->cost));
  if (!running->rate.allowed) return plain(Code::rate_limited, "Too many requests with this key.");
  call.numbers = [this, account = call.caller.account](std::string_view text) {
    return find_number(account, text);
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
      exists = row && row->has_value();
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
    QueryContext context{sight, x_ports.clock->now(), x_ports.epoch};
    auto answer = running->operation->query(running->call, context);
    if (!answer) return finish(running, answer.error());
    auto shown = sight.position();
    answer->headers.emplace_back("Ringledger-Position",
                                 position_text(x_ports.epoch, shown == 0 ? 0 : shown - 1));
    finish(running, std::move(*answer));
  };
  auto look_later = [this, look] { x_ports.readers->post(look); };
  if (!running->position || *running->position < x_ports.gate->next()) return look_later();
  auto wait_ms = running->wait_ms < 0 ? 2000 : running->wait_ms;
  x_ports.gate->when_shown(*running->position, wait_ms, [this, running, look_later](bool reached) {
    if (reached) return look_later();
    finish(running, plain(Code::position_not_reached, "That position was not reached in time."));
  });
}

std::string Edge::request_hash(const Call& call) const {
  std::string text(method_text(call.method));
  text += ' ';
  std::string path = call.path;
  if (auto at = call.parts.find("number"); at != call.parts.end() && !NumberId::parse(at->second)) {
    auto id = find_number(call.caller.account, at->second);
    auto slash = path.find("/numbers/") + 9;
    path = path.substr(0, slash) + (id ? id->to_string() : at->second) +
           path.substr(std::min(path.find('/', slash), path.size()));
  }
  text += path;
  text += '?' + form_encode(call.query) + '\n';
  boost::system::error_code ec;
  auto body = boost::json::parse(call.request.body, ec);
  if (!ec) text += json::canonical(body);
  return hex_encode(x_ports.vault->installation_hmac(text));
}

void Edge::run_command(const RunningPtr& running) {
  Call& call = running->call;
  bool read_only = static_cast<bool>(running->operation->ask_book);
  if (!read_only) {
    running->idempotency_key = std::string(call.request.header("Idempotency-Key"));
    const auto& key = running->idempotency_key;
    if (key.empty())
      return finish(running, plain(Code::idempotency_key_missing,
                                   "Send an Idempotency-Key of 1 to 255 visible ASCII characters."));
    if (key.size() > 255 || !visible_ascii(key)) {
      return finish(
          running,
          Refusal{Code::validation_failed,
                  "Idempotency-Key must be 1 to 255 visible ASCII characters.",
                  {{Code::validation_failed, "must be 1 to 255 visible ASCII characters", "Idempotency-Key"}},
                  {},
                  {}});
    }
  }
  auto ready = read_only ? running->operation->ask_book(call) : running->operation->prepare(call);
  if (!ready) return finish(running, ready.error());
  submit(running, std::move(*ready), read_only);
}

void Edge::submit(const RunningPtr& running, Prepared prepared, bool read_only) {
  Call& call = running->call;
  auto ticket = std::make_unique<Ticket>();
  ticket->command = prepared.name;
  ticket->principal = call.caller.principal;
  ticket->account = call.caller.account;
  ticket->trace = call.traceparent;
  ticket->not_before = running->position;
  ticket->if_match = version_of(call.request.header("If-Match"));
  ticket->read_only = read_only;
  ticket->decide = prepared.decide;
  for (std::size_t i = 0; i < prepared.draws; ++i) ticket->draws.push_back(x_ports.random->next_u64());
  if (call.caller.is_operator) {
    // The slot follows from the operator and the key, so that a repeat meets its first answer's shard
    // and account; the rest of the id does too.
    std::string seed = x_ports.vault->installation_hmac("account\n" + running->idempotency_key);
    RawId raw;
    std::copy_n(seed.begin(), raw.bytes.size(), raw.bytes.begin());
    auto slot = static_cast<std::uint16_t>(raw.slot() % x_ports.slots);
    std::uint64_t random = 0;
    for (std::size_t i = 8; i < 16; ++i) random = random << 8U | raw.bytes[i];
    ticket->account = AccountId{RawId::make(account_birth_ms, slot, random)};
  }
  ticket->key_hash =
      hex_encode(x_ports.vault->installation_hmac(ticket->account.to_string() + "\n" +
                                                  ticket->principal.text + "\n" + running->idempotency_key))
          .substr(0, 40);
  ticket->req_hash = request_hash(call).substr(0, 40);
  ticket->answer = [this, running](CommandAnswer a) { answered(running, std::move(a)); };
  running->prepared = std::move(prepared);
  if (!read_only) x_ports.shard->prefetch(*ticket);
  x_ports.shard->submit(std::move(ticket));
}

void Edge::answered(const RunningPtr& running, CommandAnswer a) {
  Call& call = running->call;
  auto& counted = x_ports.metrics->command(running->prepared.name);
  if (a.refused) {
    counted.finished(text_of(a.refused->code));
    return finish(running, *a.refused);
  }
  auto first_trace = trace_of(a.trace).value_or(call.trace_id);
  HttpResponse response;
  if (!a.refusal_code.empty()) {
    response = stored_problem(a.result.clear, first_trace);
  } else {
    response.status = a.result.status;
    response.body = with_secrets(json::merged(a.result.clear, a.result.personal), a.once);
    response.headers.emplace_back("Content-Type", "application/json");
    if (response.status == 201) response.headers.emplace_back("Location", location_of(call, response.body));
  }
  counted.finished(a.replayed               ? "repeated"
                   : a.refusal_code.empty() ? "accepted"
                                            : std::string_view(a.refusal_code));
  response.headers.emplace_back("Ringledger-Position", position_text(x_ports.epoch, a.offset));
  if (a.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  bool pending = a.refusal_code.empty() && running->prepared.number && running->wait_ms > 0;
  if (!pending) return finish(running, std::move(response));
  wait_for_outcome(running, std::move(response), x_ports.clock->monotonic_ms() + running->wait_ms);
}

/// With `Prefer: wait` the recorded outcome takes the answer's place once it is known.
void Edge::wait_for_outcome(const RunningPtr& running, HttpResponse response, std::int64_t until_ms) {
  auto key = inventory_key(running->call.caller.account, *running->prepared.number);
  auto left_ms = until_ms - x_ports.clock->monotonic_ms();
  auto held = std::make_shared<HttpResponse>(std::move(response));
  x_ports.readers->post([this, running, held, key, left_ms, until_ms] {
    if (outcome_known(running, *held) || left_ms <= 0) return finish(running, std::move(*held));
    // Looked at and not there yet; a write between the look and the wait is caught by the next look,
    // which comes after half a second at the latest.
    x_ports.gate->when_written(
        key, std::min<std::int64_t>(left_ms, 500),
        [this, running, held, until_ms](bool) { wait_for_outcome(running, std::move(*held), until_ms); });
  });
}

bool Edge::outcome_known(const RunningPtr& running, HttpResponse& response) {
  Sight sight = x_ports.views->sight();
  auto row =
      sight.of<InventoryView>().row(inventory_key(running->call.caller.account, *running->prepared.number));
  if (!row || !*row) return false;
  const numbers::Number& n = (*row)->number;
  bool pending =
      n.provider_state == numbers::ProviderState::pending ||
      (n.provider_state == numbers::ProviderState::release_pending && n.provider_error_message.empty());
  if (pending) return false;
  auto headers = std::move(response.headers);
  std::erase_if(headers, [](auto& h) { return h.first == "Ringledger-Position"; });
  headers.emplace_back("Ringledger-Position", position_text(x_ports.epoch, sight.position() - 1));
  bool cnam_no = running->prepared.name == "ToggleCnam" && n.cnam_state == numbers::CnamState::refused;
  if (cnam_no || !n.provider_error_message.empty()) {
    Refusal refusal =
        plain(Code::provider_refused, cnam_no ? "The provider cannot look up caller names for this number."
                                              : "The provider refused: " + n.provider_error_message);
    refusal.provider = ProviderError{static_cast<int>(cnam_no ? n.cnam_error_code : n.provider_error_code),
                                     cnam_no ? n.cnam_error_message : n.provider_error_message, ""};
    refusal.provider->more_info =
        "https://www.twilio.com/docs/errors/" + std::to_string(refusal.provider->code);
    response = problem(refusal, running->call.trace_id);
    for (auto& h : headers) {
      if (h.first != "Content-Type") response.headers.push_back(std::move(h));
    }
    return true;
  }
  response.body = running->prepared.with_outcome(response.body, n.visible() ? &n : nullptr);
  response.status = 200;
  response.headers = std::move(headers);
  return true;
}

}  // namespace ringledger
