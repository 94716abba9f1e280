// One route of the API: what it is called, who may use it, what goes in and out, and what it does.
// Built from a command's or a query's declaration; OpenAPI and the route table derive from it.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/url.hpp"
#include "adapters/json/json_reader.hpp"
#include "api/caller.hpp"
#include "api/http_types.hpp"
#include "commands/shard.hpp"

namespace ringledger {

/// A request on its way through the API.
struct Call {
  HttpRequest request;
  Method method{};
  std::string path;  ///< decoded segments are in `parts`; this is as sent, without query
  std::map<std::string, std::string, std::less<>> parts;  ///< by name in the route's braces
  FormFields query;
  Caller caller;
  std::string trace_id, traceparent;
  json::NumberFinder numbers;  ///< E.164 -> id within the caller's account
};

/// A command ready to be decided.
struct Prepared {
  std::string name;  ///< operationId
  std::size_t draws = 0;
  std::function<Outcome(const Book&, const Context&)> decide;
  /// What is wrong as far as was read: nothing will be committed, `decide` tells the rest of it. The answer,
  /// when the book cannot be asked.
  std::optional<Refusal> faults;
  std::optional<NumberId> number;  ///< whose provider's outcome `Prefer: wait` waits for
  /// The answer's body when that outcome is known, from the answer's own and the number (null: gone).
  std::function<std::string(const std::string& body, const numbers::Number*)> with_outcome;
  /// Of a command about many numbers, which tells of each by itself: the body when all outcomes of its commit
  /// are known, from the answer's own and what was refused of which number.
  std::function<std::string(const std::string& body, const std::map<NumberId, std::string>& refused)>
      with_outcomes;
};

/// What a query sees.
struct QueryContext {
  const Sight& sight;
  Timestamp now;
  std::string log;  ///< `<epoch>.<partition>`: what positions begin with
};
using QueryAnswer = std::expected<HttpResponse, Refusal>;

struct Operation {
  std::string_view operation;
  std::vector<std::string_view> commands;  ///< operationIds that may stand in an event's `command`
  std::string_view summary;
  Method method{};
  std::string_view path;
  Access access{};
  bool is_public = false;      ///< no credential: health, documents
  bool limits_itself = false;  ///< its rate is not the address's, but of whom its credential proves
  /// The same for everybody, whatever the read models show.
  [[nodiscard]] bool is_document() const { return is_public && !limits_itself; }
  std::size_t cost = 1;        ///< units of the rate limit
  bool asks_provider = false;  ///< a query that may take as long as a provider does

  /// Answers OPTIONS on this path: whether a page of another origin may use it. Without it OPTIONS is 405.
  std::function<void(const Call&, HttpAnswerTo)> preflight;

  // For OpenAPI.
  boost::json::object body, answer;
  std::string_view body_media = "application/json";
  std::vector<std::pair<std::string, boost::json::object>> path_parameters, query_parameters;
  std::vector<int> statuses{200};  ///< of success, and others with the same body
  std::vector<std::string_view> media{"application/json"};

  // Exactly one of these.
  std::function<std::expected<Prepared, Refusal>(const Call&)> prepare;   ///< a command
  std::function<QueryAnswer(const Call&, const QueryContext&)> query;     ///< read from views
  std::function<std::expected<Prepared, Refusal>(const Call&)> ask_book;  ///< read from the book
  std::function<void(const Call&, HttpAnswerTo)> serve;                   ///< anything else
};

/// Names in braces, in order.
std::vector<std::string> names_in(std::string_view path);
std::string_view method_text(Method method);

/// All operations, matched by method and path.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Operation> operations);
  struct Match {
    const Operation* operation = nullptr;  ///< null: no such path, or (when `allow` is set) method
    std::map<std::string, std::string, std::less<>> parts;
    std::string allow;
  };
  [[nodiscard]] Match match(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Operation>& all() const { return x_operations; }

 private:
  struct Node {
    std::map<std::string, std::size_t, std::less<>> children;  ///< literal segment -> node
    std::size_t any = 0;                                       ///< a segment in braces -> node
    std::map<Method, std::size_t> operations;
  };
  std::size_t child(std::size_t node, std::string_view segment);
  std::vector<Operation> x_operations;
  std::vector<Node> x_nodes;
};

}  // namespace ringledger
