// What becomes of a command: read, submitted to the shard, answered; edge_outcome.cpp has the wait for what
// comes of it at the provider.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/crypto/hash.hpp"
#include "adapters/json/commit_json.hpp"
#include "api/edge_running.hpp"
#include "api/position.hpp"
#include "api/problem.hpp"
#include "api/request_slot.hpp"
#include "api/trace.hpp"

namespace ringledger {
namespace {

/// The version an If-Match names (RFC 9110 13.1.1): `"<version>.<hash>"` as in an ETag, weak or not, or the
/// bare version in quotes; nullopt when there is none or it is `*`.
std::expected<std::optional<std::int64_t>, Refusal> version_of(std::string_view header) {
  if (header.empty() || header == "*") return std::nullopt;
  auto tag = header;
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  std::int64_t version = 0;
  bool quoted = tag.size() > 2 && tag.front() == '"' && tag.find('"', 1) == tag.size() - 1;
  if (quoted) {
    tag = tag.substr(1, tag.size() - 2);
    auto [end, ec] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
    if (ec == std::errc{} && (end == tag.data() + tag.size() || *end == '.')) return version;
  }
  const std::string detail = "must be * or one ETag as it was given, \"<version>.<hash>\"";
  return std::unexpected(Refusal{Code::validation_failed,
                                 "If-Match " + detail + ".",
                                 {{Code::validation_failed, detail, "If-Match"}},
                                 {},
                                 {}});
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
  auto version = version_of(call.request.header("If-Match"));
  if (!version) return finish(running, version.error());
  running->if_match = *version;
  running->looked_up = false;
  auto shown = x_ports.gate->next();
  auto ready = read_only ? running->operation->ask_book(call) : running->operation->prepare(call);
  if (running->looked_up && shown < running->must_show) {  // it may have been imported just now
    return when_shown(std::exchange(running->must_show, 0), [this, running] { run_command(running); });
  }
  if (!ready) return finish(running, ready.error());
  read_only = read_only || ready->faults;
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
  ticket->if_match = running->if_match;
  ticket->read_only = read_only;
  ticket->bytes = call.request.body.size();
  ticket->decide = prepared.decide;
  for (std::size_t i = 0; i < prepared.draws; ++i) ticket->draws.push_back(x_ports.random->next_u64());
  if (call.caller.is_operator) ticket->account = account_of_key(*x_ports.vault, running->idempotency_key);
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
  if (a.refused && a.refused->code == Code::not_writer && forward(running)) return;
  auto& counted = x_ports.metrics->command(running->prepared.name);
  if (a.refused && running->prepared.faults && a.refused->errors.empty())
    a.refused = running->prepared.faults;
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
  response.headers.emplace_back("Ringledger-Position", position_text(x_ports.log, a.offset));
  if (a.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  if (!a.refusal_code.empty() || !wants_outcomes(running, a.offset))
    return finish(running, std::move(response));
  wait_for_outcomes(running, std::move(response), x_ports.clock->monotonic_ms() + running->wait_ms);
}

/// True: it is on its way to the writer, or kept for one.
bool Edge::forward(const RunningPtr& running) {
  Call& call = running->call;
  if (!x_ports.forwarding || !call.request.header(Forwarding::mark).empty()) return false;
  if (!running->hop) {
    auto hop = std::make_shared<Forwarding::Hop>();
    hop->request = on_its_way(call.request, call.traceparent, *x_ports.vault);
    hop->answer_ms = std::max<std::int64_t>(running->wait_ms, 0);
    hop->here = [this, running] { run_command(running); };
    hop->answer = [this, running](HttpResponse r) { forwarded(running, std::move(r)); };
    hop->give_up = [this, running](Code code) {
      finish(running,
             plain(code, code == Code::not_writer
                             ? "No node writes this account at the moment."
                             : "The node that writes this account did not answer; repeat the command "
                               "with the same key."));
    };
    running->hop = std::move(hop);
  }
  x_ports.forwarding->go(running->hop);
  return true;
}

/// What the writer answered is seen by whoever asks here next.
void Edge::forwarded(const RunningPtr& running, HttpResponse response) {
  for (const auto& [name, value] : response.headers) {
    if (!equal_ignoring_case(name, "Ringledger-Position")) continue;
    auto offset = read_offset(value, x_ports.log);
    if (offset) x_ports.gate->counted(*offset + 1, true);
  }
  std::erase_if(response.headers, [](const auto& h) {
    return equal_ignoring_case(h.first, "Trace-Id") || h.first.starts_with("RateLimit");
  });
  x_ports.metrics->command(running->operation->operation).finished("forwarded");
  finish(running, std::move(response));
}

}  // namespace ringledger
