// Where the entries of calls.v1 stand (each index has a counter of the same name): shared by the view and its
// list. Marks: pieces of callers' numbers and names lead to whole ones, all of them blurred
// (workspace ‖ 'd' ‖ facet ‖ piece ‖ value), and these to their calls by the facet's index. Other counters: a
// number's calls by campaign (workspace ‖ 'h' ‖ …); a contact's answered calls and their seconds (workspace ‖
// 'A', 'T').
#pragma once

#include "projections/calls.hpp"

namespace ringledger::calls_index {

CallSummary summary_of(const CallRow& row);
/// Every call of the workspace.
std::string all(WorkspaceId workspace);
/// The calls with that value of a facet: ids as their raw bytes, an outcome by its name. What is the caller's
/// stands there blurred.
std::string having(WorkspaceId workspace, CallFacet facet, std::string_view value);
/// The facet's value of a call; nullopt: it has none.
std::optional<std::string> value_of(const CallSummary& call, CallFacet facet);
/// Calls in progress, of every workspace.
std::string all_living();
std::optional<Entry> living(const CallRow& row);
/// Shorter parts of numbers and names are in most calls: they are looked for call by call.
inline constexpr std::size_t shortest_search = 3;
/// What is searched for: digits in either number, or all of it in the caller's name, case ignored.
struct Sought {
  std::string text, digits;
  [[nodiscard]] bool in(const CallSummary& call) const;
};
/// The indexes that hold all calls it is in, some of them twice, and perhaps a few others. nullopt: they are
/// not known, or more than `most`.
std::optional<std::vector<std::string>> searched_indexes(const Rows<CallsView>& rows, WorkspaceId workspace,
                                                         const Sought& sought, std::size_t most);
/// Where a call stands in any of them.
std::string order_of(Timestamp started_at, CallId call);

}  // namespace ringledger::calls_index
