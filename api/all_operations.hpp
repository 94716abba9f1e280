// Every route the server answers, in one list; OpenAPI and the route table derive from it.
#pragma once

#include "api/query_operation.hpp"
#include "api/webhooks.hpp"

namespace ringledger {

/// `ready` and `figures` make the answers of /readyz and /metrics. To describe the routes only, the
/// ports may be empty: nothing is called.
std::vector<Operation> all_operations(QueryPorts ports, std::function<HttpResponse()> ready,
                                      std::function<HttpResponse()> figures, Webhooks* webhooks = nullptr);

}  // namespace ringledger
