// The event types and their schemas, for those who read the feed.
#include <boost/json/serialize.hpp>

#include "adapters/json/event_json.hpp"
#include "api/cloud_event.hpp"
#include "api/query_operation.hpp"

namespace ringledger {
namespace {

struct ListEventTypes {
  static constexpr std::string_view operation = "ListEventTypes";
  static constexpr std::string_view summary = "The types of events there are, in the order of their names";
  static constexpr Route route{Method::get, "/v1/event-types"};
  static constexpr Access access{Access::Need::any};
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<std::int64_t> page, per_page;
  BOOST_DESCRIBE_CLASS(ListEventTypes, (), (limit, cursor, page, per_page), (), ())

  struct Row {
    std::string type;
    std::string schema;  ///< path of the JSON Schema of its data
    BOOST_DESCRIBE_CLASS(Row, (), (type, schema), (), ())
  };
};

QueryAnswer answer(const ListEventTypes& q, const Asked& asked) {
  auto page = page_request(q);
  if (!page) return std::unexpected(page.error());
  auto types = json::event_types();
  auto shown = cut_page(types, "event types", *page, [](std::string_view type) { return std::string(type); });
  if (!shown) return std::unexpected(shown.error());
  return list_answer(*shown, asked, [](std::string_view type) {
    return ListEventTypes::Row{std::string(type), "/v1/event-types/" + std::string(type)};
  });
}

struct GetEventSchema {
  static constexpr std::string_view operation = "GetEventSchema";
  static constexpr std::string_view summary = "JSON Schema 2020-12 of the data of an event type";
  static constexpr Route route{Method::get, "/v1/event-types/{type}"};
  static constexpr Access access{Access::Need::any};
  std::string type;
  BOOST_DESCRIBE_CLASS(GetEventSchema, (), (type), (), ())
  static boost::json::object answer_schema() { return {{"type", "object"}}; }
};

QueryAnswer answer(const GetEventSchema& q, const Asked& asked) {
  auto schema = event_schema(q.type);
  if (!schema) return no_such_thing();
  return resource_text(boost::json::serialize(*schema), 1, asked.call);
}

}  // namespace

std::vector<Operation> event_type_queries(const QueryPortsPtr& ports) {
  return {query<ListEventTypes>(ports), query<GetEventSchema>(ports)};
}

}  // namespace ringledger
