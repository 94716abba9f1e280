#include "api/away_partition.hpp"

#include <algorithm>

#include "api/accept.hpp"
#include "api/problem.hpp"
#include "api/trace.hpp"

namespace ringledger {

/// A request on its way.
struct AwayPartition::Asked {
  std::int64_t began_ms = 0;
  std::string trace_id;
  const Operation* operation = nullptr;
  HttpAnswerTo answer;
};

AwayPartition::AwayPartition(const Ports& ports) : x_ports(ports), x_forwarding(ports.hop) {}

void AwayPartition::handle(HttpRequest request, const Operation* operation, HttpAnswerTo answer) {
  auto asked = std::make_shared<Asked>(x_ports.hop.clock->monotonic_ms(),
                                       trace_id_of(request, *x_ports.random), operation, std::move(answer));
  x_ports.metrics->in_flight(Metrics::InFlight::requests, 1);
  bool came_from_a_node = !request.header(Forwarding::mark).empty();
  if (came_from_a_node) return give_up(*asked, Code::not_writer);
  auto hop = std::make_shared<Forwarding::Hop>();
  hop->answer_ms = std::max<std::int64_t>(preferred_wait_ms(request.header("Prefer")), 0);
  hop->request = on_its_way(std::move(request), span_of(asked->trace_id, *x_ports.random), *x_ports.vault);
  if (hop->request.method == "HEAD") hop->request.method = "GET";  // the server leaves the body out
  hop->here = [this, weak = std::weak_ptr(hop)] {
    if (auto again = weak.lock()) x_forwarding.go(again);
  };
  hop->answer = [this, asked](HttpResponse response) { finish(*asked, std::move(response)); };
  hop->give_up = [this, asked](Code code) { give_up(*asked, code); };
  x_forwarding.go(std::move(hop));
}

void AwayPartition::give_up(Asked& asked, Code code) {
  auto why =
      code == Code::not_writer
          ? "No node that hosts this account's partition is reached at the moment."
          : "The node that hosts this account's partition did not answer; repeat a command with the same "
            "key.";
  auto response = problem({code, why, {}, {}, {}}, asked.trace_id);
  response.headers.emplace_back("Trace-Id", asked.trace_id);
  finish(asked, std::move(response));
}

void AwayPartition::finish(Asked& asked, HttpResponse response) {
  x_ports.metrics->in_flight(Metrics::InFlight::requests, -1);
  if (asked.operation) {
    auto took_ms = x_ports.hop.clock->monotonic_ms() - asked.began_ms;
    x_ports.metrics->route(asked.operation->path)
        .finished(response.status, static_cast<double>(took_ms) / 1000);
    if (asked.operation->prepare) x_ports.metrics->command(asked.operation->operation).finished("forwarded");
  }
  asked.answer(std::move(response));
}

}  // namespace ringledger
