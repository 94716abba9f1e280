// The simulated Twilio's one door: splits a request, applies faults, logs, and answers.
#include "adapters/twilio/simulator.hpp"

#include <algorithm>

#include "adapters/crypto/hash.hpp"
#include "adapters/twilio/simulator_core.hpp"

namespace ringledger {
namespace {

using simulated::Reply;
using simulated::Request;

constexpr std::string_view api_prefix = "/2010-04-01/Accounts", control_prefix = "/_sim/";
constexpr std::size_t max_body_bytes = 1024 * 1024;

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
  });
}

std::string_view header(const SimHttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (same_name(key, name)) return value;
  return {};
}

void read_credentials(const SimHttpRequest& from, Request& into) {
  const auto text = header(from, "Authorization");
  if (text.size() < 6 || !same_name(text.substr(0, 6), "Basic ")) return;
  const auto decoded = base64_decode(text.substr(6));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return;
  into.user = decoded->substr(0, colon);
  into.password = decoded->substr(colon + 1);
}

std::vector<std::string> segments_of(std::string_view path) {
  if (path.ends_with(".json")) path.remove_suffix(5);
  path.remove_prefix(std::min(api_prefix.size(), path.size()));
  std::vector<std::string> out;
  while (!path.empty()) {
    if (path.front() == '/') path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

/// nullopt: the path is not percent-encoded soundly.
std::optional<Request> read_request(const SimHttpRequest& from) {
  const std::string_view target = from.target;
  const auto mark = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, mark));
  if (!path) return std::nullopt;
  Request out;
  out.method = from.method;
  out.path = std::move(*path);
  out.query = form_decode(target.substr(std::min(mark + 1, target.size())));
  if (out.path.starts_with(api_prefix)) {
    out.segments = segments_of(out.path);
    out.form = form_decode(from.body);
    read_credentials(from, out);
  }
  return out;
}

SimHttpResponse response_of(Reply reply, const std::string& request_id) {
  SimHttpResponse out{.status = reply.status, .headers = std::move(reply.headers), .body = {}};
  if (!reply.body.is_null()) {
    out.body = boost::json::serialize(reply.body);
    out.headers.emplace_back("Content-Type", "application/json;charset=utf-8");
  }
  if (!request_id.empty()) out.headers.emplace_back("Twilio-Request-Id", request_id);
  return out;
}

/// The name faults go by: the resource behind the account, or "Accounts".
std::string resource_of(const Request& request) {
  return request.segments.size() > 1 ? request.segments[1] : "Accounts";
}

SimHttpResponse api(simulated::Core& core, const SimHttpRequest& raw, const Request& request) {
  std::lock_guard lock(core.mutex);
  const auto account = request.segments.empty() ? request.user : request.segments[0];
  const auto fault = core.faults.take(resource_of(request), request.method, account);
  Reply reply;
  if (fault && fault->status) {
    reply = simulated::error_reply(fault->status, fault->code, "Simulated fault");
    if (fault->retry_after_s) reply.headers.emplace_back("Retry-After", std::to_string(fault->retry_after_s));
  } else {
    reply = simulated::rest_api(core.state, request);
  }
  simulated::LoggedRequest logged{.sent = false,
                                  .account_sid = account,
                                  .method = raw.method,
                                  .url = raw.target,
                                  .params = request.query};
  logged.params.insert(logged.params.end(), request.form.begin(), request.form.end());
  logged.status = reply.status;
  logged.faulted = fault.has_value();
  logged.dropped = fault && fault->drop_answer;
  logged.at_ms = core.state.now().ms;
  const auto id = "RQ" + core.state.hex("request", core.requests++);
  core.log.add(std::move(logged));
  auto response = response_of(std::move(reply), id);
  response.delay_ms = fault ? fault->delay_ms : 0;
  response.drop = fault && fault->drop_answer;
  return response;
}

}  // namespace

struct Simulator::Core : simulated::Core {
  using simulated::Core::Core;
};

Simulator::Simulator(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Simulator::~Simulator() = default;

Result<std::unique_ptr<Simulator>> Simulator::open(SimulatorOptions options, Clock& clock, Disk* disk,
                                                   HttpClient* http) {
  auto core = std::make_unique<Core>(options.seed, clock, http);
  if (!options.folder.empty()) {
    if (!disk) return fail(Code::internal, "a simulator with a folder needs a disk");
    if (auto opened = core->state.open_journal(*disk, options.folder); !opened)
      return std::unexpected(opened.error());
  }
  return std::unique_ptr<Simulator>(new Simulator(std::move(core)));
}

SimHttpResponse Simulator::handle(const SimHttpRequest& raw) {
  try {
    if (raw.body.size() > max_body_bytes)
      return response_of(simulated::error_reply(413, 20001, "the body is larger than 1 MiB"), "");
    const auto request = read_request(raw);
    if (!request) return response_of(simulated::error_reply(400, 20001, "the path cannot be decoded"), "");
    const std::string_view path = request->path;
    if (path.starts_with(control_prefix))
      return response_of(simulated::control(*core_, raw.method, path.substr(control_prefix.size()),
                                            request->query, raw.body),
                         "");
    if (path == api_prefix || path.starts_with("/2010-04-01/Accounts/") ||
        path == "/2010-04-01/Accounts.json")
      return api(*core_, raw, *request);
    return response_of(simulated::not_found(*request), "");
  } catch (const std::exception& error) {
    return response_of(simulated::error_reply(500, 20500, error.what()), "");
  }
}

}  // namespace ringledger
