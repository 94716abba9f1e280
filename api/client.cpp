#include "api/client.hpp"

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "adapters/crypto/hash.hpp"
#include "adapters/http/httplib_client.hpp"
#include "adapters/http/url.hpp"
#include "adapters/system/system_random.hpp"
#include "api/event_stream.hpp"

namespace ringledger::client {
namespace {

using boost::json::array;
using boost::json::object;

constexpr int silence_ms = 60'000;  // of a live feed, which comments every 15 s
constexpr std::size_t most_problem_bytes = 65'536;
constexpr auto pause_before_reconnecting = std::chrono::seconds(1);

/// Where the server is, and as whom to speak to it.
struct Server {
  std::string url = "http://127.0.0.1:8080", key;

  void declare(CLI::App& app, const char* key_variable) {
    app.add_option("--url", url, "of the server")->envname("RINGLEDGER_URL")->capture_default_str();
    app.add_option("--key", key, "API key; better from the environment")->envname(key_variable)->required();
  }
  [[nodiscard]] HttpCall call(const char* method, const std::string& path) const {
    auto base = url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
    return {method, base + path, {{"Authorization", "Bearer " + key}}, "", 30'000};
  }
};

int failed(std::string_view why) {
  std::fprintf(stderr, "ringledger: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

/// Prints the answer of a command; a problem goes to stderr.
int issue(const Server& server, const std::string& path, const object& body, std::string idempotency_key) {
  if (idempotency_key.empty()) {
    std::uint8_t drawn[16];
    SystemRandom().fill(drawn);
    idempotency_key = "cli-" + hex_encode({reinterpret_cast<const char*>(drawn), sizeof drawn});
  }
  auto call = server.call("POST", path);
  call.headers.emplace_back("Content-Type", "application/json");
  call.headers.emplace_back("Idempotency-Key", std::move(idempotency_key));
  call.body = boost::json::serialize(body);
  auto answer = HttplibClient().call(call);
  if (!answer) return failed(answer.error().detail);
  bool fine = answer->status >= 200 && answer->status < 300;
  std::fprintf(fine ? stdout : stderr, "%s\n", answer->body.c_str());
  return fine ? 0 : 1;
}

/// Ends the program when nobody reads its output any more, also while there is nothing to print.
void end_with_reader() {
  std::thread([] {
    pollfd out{STDOUT_FILENO, 0, 0};
    while (poll(&out, 1, -1) < 0) {
    }
    _exit(0);  // every line was flushed
  }).detach();
}

struct Tail {
  Server server;
  std::vector<std::string> types, workspaces, numbers;
  std::string from, to, last_id;

  [[nodiscard]] HttpCall call() const {
    FormFields query;
    for (const auto& t : types) query.emplace_back("type", t);
    for (const auto& w : workspaces) query.emplace_back("workspace", w);
    for (const auto& n : numbers) query.emplace_back("number", n);
    if (!from.empty()) query.emplace_back("from", from);
    if (!to.empty()) query.emplace_back("to", to);
    auto c = server.call("GET", query.empty() ? "/v1/events" : "/v1/events?" + form_encode(query));
    c.headers.emplace_back("Accept", "text/event-stream");
    if (!last_id.empty()) c.headers.emplace_back("Last-Event-ID", last_id);
    c.timeout_ms = silence_ms;
    return c;
  }
};

int tail(Tail t) {
  std::signal(SIGPIPE, SIG_IGN);
  end_with_reader();
  HttplibClient http;
  for (bool reached = false;; std::this_thread::sleep_for(pause_before_reconnecting)) {
    std::string problem;
    EventStream events([&](const EventStream::Message& m) {
      t.last_id = m.id;
      return std::fprintf(stdout, "%s\n", m.data.c_str()) >= 0 && std::fflush(stdout) == 0;
    });
    auto answer = http.stream(t.call(), [&](int status, std::string_view piece) {
      reached = reached || status == 200;
      if (status == 200) return events.feed(piece);
      problem.append(piece.substr(0, most_problem_bytes - std::min(problem.size(), most_problem_bytes)));
      return true;
    });
    bool coming_back = reached && (!answer || answer->status >= 500 || answer->status == 429);
    if (coming_back) continue;
    if (answer && answer->status != 200) return failed(problem);
    if (answer && !t.to.empty()) return 0;  // it ends there
    if (!answer) return failed(answer.error().detail);
  }
}

}  // namespace

void declare_account(CLI::App& group, int& exit_code) {
  struct Wish {
    Server server;
    std::string name, owner_name, owner_email, idempotency_key;
  };
  auto* sub = group.add_subcommand("create", "open an account with its owner; prints the owner's key, once");
  auto wish = std::make_shared<Wish>();
  wish->server.declare(*sub, "RINGLEDGER_OPERATOR_KEY");
  sub->add_option("--name", wish->name, "of the account")->required();
  sub->add_option("--owner-name", wish->owner_name, "who owns it")->required();
  sub->add_option("--owner-email", wish->owner_email, "the owner's address")->required();
  sub->add_option("--idempotency-key", wish->idempotency_key, "a repeat with it opens no second account");
  sub->callback([wish, &exit_code] {
    object owner{{"name", wish->owner_name}, {"email", wish->owner_email}};
    exit_code = issue(wish->server, "/v1/accounts", {{"name", wish->name}, {"owner", std::move(owner)}},
                      wish->idempotency_key);
  });
}

void declare_key(CLI::App& group, int& exit_code) {
  struct Wish {
    Server server;
    std::string name, member, expires_at, idempotency_key;
    std::vector<std::string> capabilities, workspaces;
  };
  auto* sub = group.add_subcommand(
      "create", "make a key of one's own, of a member, or of a service; prints its secret, once");
  auto wish = std::make_shared<Wish>();
  wish->server.declare(*sub, "RINGLEDGER_KEY");
  sub->add_option("--name", wish->name, "of the key")->required();
  sub->add_option("--member", wish->member, "whose key it is");
  sub->add_option("--capabilities", wish->capabilities, "of a service: numbers.read,events.read")
      ->delimiter(',');
  sub->add_option("--workspaces", wish->workspaces, "of a service: ws_…,ws_…")->delimiter(',');
  sub->add_option("--expires-at", wish->expires_at, "RFC 3339");
  sub->add_option("--idempotency-key", wish->idempotency_key, "a repeat with it makes no second key");
  sub->callback([wish, &exit_code] {
    object body{{"name", wish->name}};
    if (!wish->member.empty()) body["member"] = wish->member;
    if (!wish->expires_at.empty()) body["expires_at"] = wish->expires_at;
    if (!wish->capabilities.empty())
      body["capabilities"] = array(wish->capabilities.begin(), wish->capabilities.end());
    if (!wish->workspaces.empty())
      body["workspaces"] = array(wish->workspaces.begin(), wish->workspaces.end());
    exit_code = issue(wish->server, "/v1/keys", body, wish->idempotency_key);
  });
}

void declare_events(CLI::App& group, int& exit_code) {
  auto* sub =
      group.add_subcommand("tail", "every event of a running server as a JSON line, then those to come");
  auto wish = std::make_shared<Tail>();
  wish->server.declare(*sub, "RINGLEDGER_KEY");
  sub->add_option("--type", wish->types, "only these")->delimiter(',');
  sub->add_option("--workspace", wish->workspaces, "only of these")->delimiter(',');
  sub->add_option("--number", wish->numbers, "only of these")->delimiter(',');
  sub->add_option("--from", wish->from, "position to begin at");
  sub->add_option("--to", wish->to, "position to end at");
  sub->add_option("--last-event-id", wish->last_id, "go on right after this one");
  sub->callback([wish, &exit_code] { exit_code = tail(*wish); });
}

}  // namespace ringledger::client
