#include "projections/calls.hpp"

#include <algorithm>

#include "projections/calls_query.hpp"

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, numbers::Event, sessions::Event, contacts::Created, contacts::Named,
                       contacts::ConsentChanged, contacts::Updated, messages::Event>;

std::string key_of(WorkspaceId workspace, CallId call) { return KeyBuilder().id(workspace).id(call).done(); }

/// In the commit that received the call.
bool makes_contact(const Commit& commit, const std::optional<ContactId>& contact) {
  return contact && std::ranges::any_of(commit.events, [&](const Event& event) {
           const auto* made = std::get_if<contacts::Created>(&event);
           return made && made->contact == *contact;
         });
}

/// Before the row is told of another attribution: the one that counts becomes a past one.
void keep_attribution(CallRow& row) {
  row.earlier.push_back({std::move(row.attributed), row.call.attribution});
  if (row.earlier.size() > most_past_attributions) row.earlier.erase(row.earlier.begin() + 1);
}

}  // namespace

std::vector<std::string> CallsView::keys(const Fact& fact) {
  using Keys = std::vector<std::string>;
  return on_event<Others>(fact.event, Keys(),
                          Overload{[](const auto& e) { return Keys{key_of(e.workspace, e.call)}; },
                                   [](const contacts::Erased& e) {
                                     Keys keys;
                                     for (auto call : e.calls) keys.push_back(key_of(e.workspace, call));
                                     return keys;
                                   }});
}

Projected<CallRow> CallsView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto forget = [&](const contacts::Erased&) -> Projected<Row> {
    if (!row) return impossible(fact.event, "a call of the contact");
    calls::forget_caller(row->call);
    return std::move(row);
  };
  auto fold = [&]<class E>(const E& e) -> Projected<Row> {
    Row next{fact.commit.account, {}};
    std::optional<calls::Call> before;
    if (row) {
      next = std::move(*row);
      if (std::is_same_v<E, calls::AttributionRecomputed>) keep_attribution(next);
      before = std::move(next.call);
    }
    if constexpr (requires { e.cnam_cost; }) {
      next.cnam_cost = e.cnam_cost;
      next.made_contact = makes_contact(fact.commit, e.contact);
    }
    if constexpr (requires { e.attribution; }) next.attributed = {fact.id(), fact.commit.command, fact.at()};
    auto after = calls::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the call " + e.call.to_string());
    next.call = std::move(*after);
    return next;
  };
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), Overload{fold, forget});
}

Result<std::optional<CallRow>> find_call(const Rows<CallsView>& rows, WorkspaceId workspace, CallId call) {
  return rows.row(key_of(workspace, call));
}

std::optional<Entry> calls_index::living(const CallRow& row) {
  const auto& c = row.call;
  if (calls::is_final(c.status)) return std::nullopt;
  LiveCall live{row.account, c.id, c.connection, c.account_sid, c.provider_sid, c.started_at};
  Entry entry{all_living() + order_of(c.started_at, c.id), {}};
  row_codec::put(entry.value, live);
  return entry;
}

Result<void> each_live_call(const Rows<CallsView>& rows, const std::function<bool(const LiveCall&)>& visit) {
  bool readable = true;
  rows.scan_prefix(index_space, calls_index::all_living(), false,
                   [&](std::string_view, std::string_view value) {
                     LiveCall live;
                     readable = row_codec::take(value, live);
                     return readable && visit(live);
                   });
  if (!readable) return fail(Code::internal, "calls.v1: an entry that cannot be read");
  return rows.health();
}

}  // namespace ringledger
