// The queries the API offers. A new one is added to its noun's file, which this list names.
#include <iterator>

#include "api/query_operation.hpp"

namespace ringledger {

std::vector<Operation> query_operations(QueryPorts ports) {
  auto shared = std::make_shared<const QueryPorts>(std::move(ports));
  std::vector<Operation> all;
  for (auto* of_noun : {&account_queries, &campaign_queries, &number_queries, &call_queries, &figures_queries,
                        &message_queries, &contact_queries, &pool_queries, &diagnosis_queries,
                        &candidate_queries, &history_queries, &event_queries, &event_type_queries}) {
    auto some = of_noun(shared);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace ringledger
