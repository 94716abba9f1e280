// Makes an Operation from a query's declaration, and what all queries share: pages, envelopes, ETags.
//
//   struct GetCampaign {
//     static constexpr std::string_view operation = "GetCampaign";
//     static constexpr std::string_view summary = "One campaign";
//     static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/campaigns/{campaign}"};
//     static constexpr Access access = needs("campaigns.read");
//     WorkspaceId workspace;  // members named in the route come from the path, the others from the query
//     CampaignId campaign;
//     BOOST_DESCRIBE_CLASS(GetCampaign, (), (workspace, campaign), (), ())
//     using Answer = CampaignView;  // or `using Row = …;` for a list in the one envelope
//   };
//   QueryAnswer answer(const GetCampaign&, const Asked&);
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "api/command_operation.hpp"
#include "commands/ports/phone_reader.hpp"
#include "commands/ports/system.hpp"
#include "projections/page.hpp"

namespace ringledger {

/// What queries need beyond the read models. Everything must outlive the operations and be thread-safe.
struct QueryPorts {
  const PhoneReader* phones;
  const Clock* clock;
  std::string public_base_url;  ///< webhook URLs begin with it
  /// The counted commit at an offset that history.v1 names; may block; never null.
  std::function<Result<std::shared_ptr<const Commit>>(std::uint64_t offset)> commit_at;
  /// Every number of the connection's provider account; blocks (on a reader thread).
  std::function<ProviderFacts(AccountId, ConnectionId)> list_candidates;
  /// The views now, for answers that go on (event streams).
  std::function<Sight()> sight;
  /// Today's rights of who sent the request, for answers that go on. No rate is taken.
  std::function<std::expected<Caller, Refusal>(const HttpRequest&)> identify;
};
using QueryPortsPtr = std::shared_ptr<const QueryPorts>;

/// A query where it is asked.
struct Asked {
  const Call& call;
  const QueryContext& ctx;
  const QueryPortsPtr& ports;
  [[nodiscard]] AccountId account() const { return call.caller.account; }
};

/// The last position that the sight shows, as text.
std::string shown_position(const QueryContext& ctx);

// Refusals of queries.
/// From the read models: a bad cursor or page is 400 naming the parameter, damage is 500.
std::unexpected<Refusal> refused(const Error& error);
/// The answer, unless the read models could not be read: then what it lacks, or a 404, proves nothing.
QueryAnswer if_readable(QueryAnswer answer, const QueryContext& ctx);
std::unexpected<Refusal> bad_parameter(std::string_view name, std::string detail);
/// Of a list that is in order of one time, `member`: whether the newest comes first, which it does by
/// default.
std::expected<bool, Refusal> newest_first(const std::optional<std::string>& sort, std::string_view member);

inline constexpr std::int64_t max_limit = 500;
inline constexpr std::int64_t default_limit = 50;
/// `limit` and `cursor`, or `page` (from 1) and `per_page`. 400 naming what is out of bounds.
std::expected<PageRequest, Refusal> page_request(std::optional<std::int64_t> limit,
                                                 const std::optional<std::string>& cursor,
                                                 std::optional<std::int64_t> page,
                                                 std::optional<std::int64_t> per_page);
template <class Q>
std::expected<PageRequest, Refusal> page_request(const Q& q) {
  return page_request(q.limit, q.cursor, q.page, q.per_page);
}

/// The one envelope of lists, its items as JSON text already.
struct ListText {
  std::string items;  ///< separated by commas
  std::optional<std::string> next_cursor;
  std::uint64_t total = 0;
  bool total_exact = true;
};
std::string envelope(const ListText& list, std::string_view position);
HttpResponse json_answer(std::string body);

/// A page as the envelope; `shape` makes an item's row from what the projection gave, or tells the error that
/// kept it from that.
template <class T, class Shape>
QueryAnswer list_answer(const Page<T>& page, const Asked& asked, Shape&& shape) {
  ListText list{{}, page.next_cursor, page.total, page.total_exact};
  json::Writer writer(list.items, json::Mode::answer);
  for (const auto& item : page.items) {
    if (!list.items.empty()) list.items += ',';
    if constexpr (requires { shape(item).error(); }) {
      auto row = shape(item);
      if (!row) return refused(row.error());
      writer.write(*row);
    } else {
      writer.write(shape(item));
    }
  }
  return json_answer(envelope(list, shown_position(asked.ctx)));
}

/// A page of a list that is in memory whole, in the order of the keys that `order` makes of its items.
template <class T, class Order>
std::expected<Page<T>, Refusal> cut_page(const std::vector<T>& all, const std::string& list,
                                         const PageRequest& page, Order&& order) {
  auto from = all.begin();
  if (!page.cursor.empty()) {
    auto after = read_cursor(list, page.cursor);
    if (!after) return refused(after.error());
    from = std::find_if(from, all.end(), [&](const T& item) { return order(item) > *after; });
  }
  from += std::min(all.end() - from, static_cast<std::ptrdiff_t>(page.skip));
  auto to = from + std::min(all.end() - from, static_cast<std::ptrdiff_t>(page.limit));
  Page<T> shown;
  shown.total = all.size();
  if (to != all.end()) shown.next_cursor = make_cursor(list, order(*std::prev(to)));
  shown.items.assign(from, to);
  return shown;
}

/// A single resource: with its ETag `"<version>.<16 hex of the body's SHA-256>"`; 304 without a body when
/// If-None-Match names it.
HttpResponse resource_text(std::string body, std::int64_t version, const Call& call);
template <class Answer>
HttpResponse resource(const Answer& answer, std::int64_t version, const Call& call) {
  return resource_text(json::to_text(answer), version, call);
}

/// JSON Schema of the envelope around a row's schema.
boost::json::object envelope_schema(boost::json::object row);

template <class Q>
Operation query(const QueryPortsPtr& ports) {
  Operation op;
  op.operation = Q::operation;
  op.summary = Q::summary;
  op.method = Q::route.method;
  op.path = Q::route.path;
  op.access = Q::access;
  if constexpr (requires { Q::cost; }) op.cost = Q::cost;
  if constexpr (requires { Q::asks_provider; }) op.asks_provider = Q::asks_provider;
  if constexpr (requires { Q::media; }) op.media.assign(std::begin(Q::media), std::end(Q::media));
  describe_parameters<Q>(op, true);
  if constexpr (requires { Q::answer_schema(); }) {
    op.answer = Q::answer_schema();
  } else if constexpr (requires { typename Q::Row; }) {
    op.answer = envelope_schema(json::schema_of<typename Q::Row>(json::SchemaOf::answer));
  } else {
    op.answer = json::schema_of<typename Q::Answer>(json::SchemaOf::answer);
  }
  op.query = [ports](const Call& call, const QueryContext& ctx) -> QueryAnswer {
    auto q = reading::read<Q>(call, false);
    if (!q) return std::unexpected(q.error());
    return if_readable(answer(*q, Asked{call, ctx, ports}), ctx);
  };
  return op;
}

// The queries by noun, each in its own file.
std::vector<Operation> account_queries(const QueryPortsPtr& ports);
std::vector<Operation> campaign_queries(const QueryPortsPtr& ports);
std::vector<Operation> figures_queries(const QueryPortsPtr& ports);
std::vector<Operation> call_queries(const QueryPortsPtr& ports);
std::vector<Operation> message_queries(const QueryPortsPtr& ports);
std::vector<Operation> contact_queries(const QueryPortsPtr& ports);
std::vector<Operation> pool_queries(const QueryPortsPtr& ports);
std::vector<Operation> number_queries(const QueryPortsPtr& ports);
std::vector<Operation> diagnosis_queries(const QueryPortsPtr& ports);
std::vector<Operation> candidate_queries(const QueryPortsPtr& ports);
std::vector<Operation> history_queries(const QueryPortsPtr& ports);
std::vector<Operation> event_queries(const QueryPortsPtr& ports);
std::vector<Operation> event_type_queries(const QueryPortsPtr& ports);

/// Every query there is. Public documents beside them: api/openapi.hpp.
std::vector<Operation> query_operations(QueryPorts ports);

}  // namespace ringledger
