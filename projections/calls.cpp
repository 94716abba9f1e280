#include "projections/calls.hpp"

#include <boost/describe/enum_to_string.hpp>

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, numbers::Event, sessions::Event>;

std::string key_of(WorkspaceId workspace, CallId call) { return KeyBuilder().id(workspace).id(call).done(); }

}  // namespace

std::vector<std::string> CallsView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [](const auto& e) {
    return std::vector<std::string>{key_of(e.workspace, e.call)};
  });
}

Projected<CallRow> CallsView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), [&](const auto& e) -> Projected<Row> {
    std::optional<calls::Call> before;
    if (row) before = std::move(row->call);
    auto after = calls::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the call " + e.call.to_string());
    return Row{fact.commit.account, std::move(*after)};
  });
}

Result<std::optional<CallRow>> find_call(const Rows<CallsView>& rows, WorkspaceId workspace, CallId call) {
  return rows.row(key_of(workspace, call));
}

}  // namespace ringledger
