// Every route the server answers, in one list; OpenAPI and the route table derive from it.
#pragma once

#include "api/query_operation.hpp"
#include "api/visitors.hpp"
#include "api/webhooks.hpp"

namespace ringledger {

/// What a node tells of itself. `cluster` blocks, and is run on `blocking`.
struct NodeDocuments {
  std::function<HttpResponse()> ready, figures, cluster;
  Executor* blocking = nullptr;
};

/// To describe the routes only, all may be empty: nothing is called.
std::vector<Operation> all_operations(QueryPorts ports, NodeDocuments node, Webhooks* webhooks = nullptr,
                                      Visitors* visitors = nullptr);

}  // namespace ringledger
