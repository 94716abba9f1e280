// The history of one number.
#include "api/cloud_event.hpp"
#include "api/position.hpp"
#include "api/query_operation.hpp"
#include "projections/history.hpp"

namespace ringledger {
namespace {

struct GetNumberHistory {
  static constexpr std::string_view operation = "GetNumberHistory";
  static constexpr std::string_view summary =
      "The events that touched the number in this workspace, newest first; calls and messages for who may "
      "read calls";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/{number}/history"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  NumberId number;
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(GetNumberHistory, (), (workspace, number, limit, cursor, page, per_page), (), ())
  static boost::json::object answer_schema() { return envelope_schema(cloud_event_schema()); }
};

/// Also of a number that was deleted or transferred away: the workspace keeps what it saw of it, and sees
/// nothing from before it came or after it left. Never there: as if it did not exist.
QueryAnswer answer(const GetNumberHistory& q, const Asked& asked) {
  auto request = page_request(q);
  if (!request) return std::unexpected(request.error());
  bool people = asked.call.caller.may("calls.read", q.workspace);
  HistoryQuery query{asked.account(), q.number.to_string(), {q.workspace}, false,
                     people,          std::move(*request)};
  auto points = history_of(asked.ctx.sight.of<HistoryView>(), query);
  if (!points) return refused(points.error());
  if (points->total == 0) return no_such_thing();
  Page<json::Raw> events{{}, points->next_cursor, points->total, points->total_exact};
  for (const auto& point : points->items) {
    auto commit = asked.ports->commit_at(point.offset);
    if (!commit) return refused(commit.error());
    const Commit& c = **commit;
    bool right = point.index < c.events.size() && c.account == asked.account() &&
                 workspace_of(c.events[point.index]) == q.workspace;
    if (!right) return refused({Code::internal, "history.v1 names an event that the log does not have", ""});
    events.items.push_back({cloud_event(c, point.index, position_text(asked.ctx.log, point.offset))});
  }
  return list_answer(events, asked, [](const json::Raw& event) -> const json::Raw& { return event; });
}

}  // namespace

std::vector<Operation> history_queries(const QueryPortsPtr& ports) {
  return {query<GetNumberHistory>(ports)};
}

}  // namespace ringledger
