// The node's routes: every command, every query, and the node's own state.
#include "adapters/json/json_writer.hpp"
#include "api/all_operations.hpp"
#include "api/command_operation.hpp"
#include "api/logging.hpp"
#include "api/node.hpp"
#include "api/openapi.hpp"
#include "api/query_operation.hpp"

namespace ringledger {
namespace {

struct PartitionState {
  std::int64_t partition = 0;
  std::string role;
  std::uint64_t term = 0;
  std::string writer_url;
  BOOST_DESCRIBE_CLASS(PartitionState, (), (partition, role, term, writer_url), (), ())
};
struct ReadyAnswer {
  bool ready = false;
  std::optional<std::string> reason;
  std::vector<PartitionState> partitions;
  BOOST_DESCRIBE_CLASS(ReadyAnswer, (), (ready, reason, partitions), (), ())
};

Operation public_document(std::string_view operation, std::string_view path, std::string_view summary,
                          std::function<HttpResponse()> make) {
  Operation op;
  op.operation = operation;
  op.summary = summary;
  op.method = Method::get;
  op.path = path;
  op.is_public = true;
  op.serve = [make = std::move(make)](const Call&, HttpAnswerTo answer) { answer(make()); };
  return op;
}

}  // namespace

/// The only counted commit at an offset: history.v1 names no others.
Result<std::shared_ptr<const Commit>> Node::commit_at(std::uint64_t offset) {
  auto records = x_log->read(offset, 1);
  if (!records) return std::unexpected(records.error());
  if (records->empty() || records->front().offset != offset || records->front().kind != RecordKind::commit) {
    return fail(Code::internal, "the log has no commit at offset " + std::to_string(offset));
  }
  auto commit = x_codec->decode_commit(records->front().payload);
  if (!commit) return std::unexpected(commit.error());
  return std::make_shared<const Commit>(std::move(*commit));
}

std::vector<Operation> Node::operations() {
  QueryPorts ports;
  ports.phones = &x_phones;
  ports.clock = x_ports.clock;
  ports.public_base_url = x_public_url;
  ports.commit_at = [this](std::uint64_t offset) { return commit_at(offset); };
  ports.list_candidates = [this](AccountId account, ConnectionId connection) {
    auto who = credentials(account, connection);
    if (who) return x_gatherer->ask({connection, *who, true, {}, {}});
    ProviderFacts none;
    none.connection = connection;
    none.failure = CarrierFailure{
        CarrierFailure::Kind::invalid_credentials, {0, "The connection has no credentials.", ""}, 0};
    return none;
  };
  ports.sight = [this] { return x_views->sight(); };
  ports.identify = [this](const HttpRequest& request) { return x_authenticator->identify(request); };
  auto ready = [this] {
    auto state = readiness();
    ReadyAnswer body{state.ready,
                     state.ready ? std::nullopt : std::optional(state.reason),
                     {{0, state.seat.mine ? "writer" : "follower", state.seat.term, state.seat.owner_url}}};
    HttpResponse r;
    r.status = state.ready ? 200 : 503;
    r.headers = {{"Content-Type", "application/json"}};
    if (!state.ready) r.headers.emplace_back("Retry-After", "1");
    r.body = json::to_text(body);
    return r;
  };
  auto figures = [this] {
    x_metrics->log_end_offset(x_log->end());
    x_metrics->log_lines_dropped(log_lines_dropped());
    HttpResponse r;
    r.headers = {{"Content-Type", std::string(Metrics::content_type)}};
    r.body = x_metrics->text();
    return r;
  };
  return all_operations(std::move(ports), ready, figures, x_webhooks.get());
}

std::vector<Operation> all_operations(QueryPorts ports, std::function<HttpResponse()> ready,
                                      std::function<HttpResponse()> figures, Webhooks* webhooks) {
  auto all = command_operations();
  auto hooks = webhook_operations(webhooks);
  std::move(hooks.begin(), hooks.end(), std::back_inserter(all));
  auto queries = query_operations(std::move(ports));
  std::move(queries.begin(), queries.end(), std::back_inserter(all));
  auto readiness =
      public_document("GetReadiness", "/readyz", "Whether this node may be used now", std::move(ready));
  readiness.statuses = {200, 503};
  readiness.answer = json::schema_of<ReadyAnswer>(json::SchemaOf::answer);
  all.push_back(std::move(readiness));
  auto metrics =
      public_document("GetMetrics", "/metrics", "Figures in Prometheus' text form", std::move(figures));
  metrics.media = {"text/plain"};
  all.push_back(std::move(metrics));
  auto documents = document_operations(all);
  std::move(documents.begin(), documents.end(), std::back_inserter(all));
  return all;
}

}  // namespace ringledger
