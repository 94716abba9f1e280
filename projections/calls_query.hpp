// Where the entries of calls.v1 stand (each index has a counter of the same name): shared by the view and its
// list.
#pragma once

#include "projections/calls.hpp"

namespace ringledger::calls_index {

CallSummary summary_of(const CallRow& row);
/// Every call of the workspace.
std::string all(WorkspaceId workspace);
/// The calls with that value of a facet: ids as their raw bytes, an outcome by its name.
std::string having(WorkspaceId workspace, CallFacet facet, std::string_view value);
/// The facet's value of a call; nullopt: it has none.
std::optional<std::string> value_of(const CallSummary& call, CallFacet facet);
/// Calls in progress, of every workspace.
std::string all_living();
std::optional<Entry> living(const CallRow& row);
/// Where a call stands in any of them.
std::string order_of(Timestamp started_at, CallId call);

}  // namespace ringledger::calls_index
