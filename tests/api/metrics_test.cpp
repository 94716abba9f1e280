// Metrics: every family is there under its name, counts what it should, and is bounded in labels.
#include "api/metrics.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace ringledger;

namespace {
bool has_line(const std::string& text, std::string_view line) {
  return ('\n' + text).contains('\n' + std::string(line) + '\n');
}
std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}
}  // namespace

TEST_CASE("requests are counted by route and status, and timed by route") {
  Metrics m;
  auto& route = m.route("/v1/numbers/{number}");
  CHECK(&route == &m.route("/v1/numbers/{number}"));
  route.finished(200, 0.0002);
  route.finished(200, 0.3);
  route.finished(404, 0.0002);
  route.finished(-7, 0.0002);
  auto text = m.text();
  CHECK(has_line(text, R"(http_requests_total{route="/v1/numbers/{number}",status="200"} 2)"));
  CHECK(has_line(text, R"(http_requests_total{route="/v1/numbers/{number}",status="404"} 1)"));
  CHECK(has_line(text, R"(http_request_seconds_count{route="/v1/numbers/{number}"} 4)"));
  CHECK(has_line(text, R"(http_request_seconds_bucket{route="/v1/numbers/{number}",le="0.00025"} 3)"));
}

TEST_CASE("every other family counts under its documented name") {
  Metrics m;
  m.command("AssignNumber").finished("accepted");
  m.command("AssignNumber").finished("accepted");
  m.stage(Metrics::Stage::sync, 0.004);
  auto& first = m.partition(0);
  first.log_end_offset(1'234'567);
  first.view_position("inventory.v1", 42);
  first.claims(2);
  first.claims(2);
  first.resigned("void_commit");
  first.seat(7, true);
  m.void_commit("old_term");
  m.reconciler_call("ok");
  first.parked(3);
  m.in_flight(Metrics::InFlight::commands, 2);
  m.in_flight(Metrics::InFlight::commands, -1);
  m.connections(9);
  m.log_lines_dropped(5);
  m.unhosted(2);
  auto text = m.text();
  for (auto* line :
       {R"(commands_total{command="AssignNumber",outcome="accepted"} 2)",
        R"(commit_stage_seconds_count{stage="sync"} 1)", R"(commit_stage_seconds_count{stage="queue"} 0)",
        R"(commit_stage_seconds_bucket{stage="sync",le="0.005"} 1)",
        R"(log_end_offset{partition="0"} 1234567)", R"(claims_total{partition="0"} 2)",
        R"(resigns_total{cause="void_commit",partition="0"} 1)", R"(partition_term{partition="0"} 7)",
        R"(partition_writer{partition="0"} 1)", R"(view_position{partition="0",view="inventory.v1"} 42)",
        R"(void_commits_total{reason="old_term"} 1)", R"(reconciler_calls_total{outcome="ok"} 1)",
        R"(parked_total{partition="0"} 3)", R"(in_flight{what="commands"} 1)",
        R"(in_flight{what="requests"} 0)", "http_connections 9", "log_lines_dropped 5",
        "partitions_without_host 2"}) {
    CAPTURE(line);
    CHECK(has_line(text, line));
  }
}

TEST_CASE("labels are bounded: what comes past 512 counts under other") {
  Metrics m;
  for (int i = 0; i < 2000; ++i) m.void_commit("reason" + std::to_string(i));
  auto text = m.text();
  CHECK(count(text, "void_commits_total{") == 513);
  CHECK(has_line(text, R"(void_commits_total{reason="other"} 1488)"));
}

TEST_CASE("a label cannot end its line") {
  Metrics m;
  m.void_commit("a\"b\nc\\d");
  CHECK(m.text().contains(R"(void_commits_total{reason="a\"b\nc\\d"} 1)"));
}

TEST_CASE("threads counting together lose nothing") {
  Metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&m, t] {
      for (int i = 0; i < 2000; ++i) {
        m.route("/r" + std::to_string(i % 3)).finished(200 + t % 2, 0.001);
        m.command("C").finished(i % 2 ? "accepted" : "refused");
        if (i % 500 == 0) CHECK(m.text().size() > 100);
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(has_line(m.text(), R"(commands_total{command="C",outcome="refused"} 4000)"));
}
