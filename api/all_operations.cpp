#include "api/all_operations.hpp"

#include "api/node_state.hpp"
#include "api/openapi.hpp"
#include "api/problem.hpp"
#include "api/snippet.hpp"

namespace ringledger {
namespace {

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

/// /readyz tells everybody as much about each node alone; who asks here makes the node ask others.
Operation cluster_operation(std::function<HttpResponse()> make, Executor* blocking) {
  Operation op;
  op.operation = "GetCluster";
  op.summary = "Nodes, partitions, terms, owners and lag";
  op.method = Method::get;
  op.path = "/v1/cluster";
  op.access = {Access::Need::anyone};
  op.cost = 10;
  op.answer = json::schema_of<ClusterAnswer>(json::SchemaOf::answer);
  op.serve = [make = std::move(make), blocking](const Call& call, HttpAnswerTo answer) {
    if (!call.query.empty()) {
      auto fault = bad_parameter(call.query.front().first, "is not a parameter of this route");
      return answer(problem(fault.error(), call.trace_id));
    }
    blocking->post([make, a = std::move(answer)]() mutable { a(make()); });
  };
  return op;
}

}  // namespace

std::vector<Operation> all_operations(QueryPorts ports, NodeDocuments node, Webhooks* webhooks,
                                      Visitors* visitors) {
  auto all = command_operations();
  auto hooks = webhook_operations(webhooks);
  std::move(hooks.begin(), hooks.end(), std::back_inserter(all));
  auto pages = visitor_operations(visitors);
  std::move(pages.begin(), pages.end(), std::back_inserter(all));
  all.push_back(snippet_operation());
  auto queries = query_operations(std::move(ports));
  std::move(queries.begin(), queries.end(), std::back_inserter(all));
  auto readiness =
      public_document("GetReadiness", "/readyz", "Whether this node may be used now", std::move(node.ready));
  readiness.statuses = {200, 503};
  readiness.answer = json::schema_of<ReadyAnswer>(json::SchemaOf::answer);
  all.push_back(std::move(readiness));
  auto metrics =
      public_document("GetMetrics", "/metrics", "Figures in Prometheus' text form", std::move(node.figures));
  metrics.media = {"text/plain"};
  all.push_back(std::move(metrics));
  all.push_back(cluster_operation(std::move(node.cluster), node.blocking));
  auto documents = document_operations(all);
  std::move(documents.begin(), documents.end(), std::back_inserter(all));
  return all;
}

}  // namespace ringledger
