// The OpenAPI document: every route once, with what clients need to call it.
#include "api/openapi.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "api/command_operation.hpp"
#include "api/query_operation.hpp"

namespace ringledger {
namespace {

using boost::json::value;

std::vector<Operation> offered() {
  auto all = command_operations();
  for (auto& op : query_operations({})) all.push_back(std::move(op));
  return all;
}
std::string lower(Method m) {
  std::string text(method_text(m));
  for (char& c : text) c = static_cast<char>(c | 0x20);
  return text;
}

TEST_CASE("every route stands in the document, its operationId once") {
  auto all = offered();
  auto doc = boost::json::parse(openapi_document(all));
  CHECK(doc.at("openapi").as_string() == "3.1.0");
  std::set<std::string> names;
  std::size_t described = 0;
  for (const auto& path : doc.at("paths").as_object()) {
    for (const auto& op : path.value().as_object()) {
      ++described;
      CHECK(names.insert(std::string(op.value().at("operationId").as_string())).second);
    }
  }
  CHECK(described == all.size());
  for (const auto& op : all) {
    auto& there = doc.at("paths").at(op.path).at(lower(op.method));
    CHECK(there.at("operationId").as_string() == op.operation);
    for (int status : op.statuses) CHECK(there.at("responses").as_object().contains(std::to_string(status)));
    CHECK(there.at("responses").as_object().contains("default"));
    CHECK(there.as_object().contains("x-commands") == !op.commands.empty());
  }
}

TEST_CASE("each name in braces is a required parameter, and no other is in the path") {
  for (const auto& op : offered()) {
    auto names = names_in(op.path);
    std::set<std::string> braces(names.begin(), names.end()), described;
    for (const auto& [name, schema] : op.path_parameters) described.insert(name);
    CHECK_MESSAGE(braces == described, op.operation);
  }
}

TEST_CASE("two commands on one route share its operation; commands need an Idempotency-Key") {
  auto doc = boost::json::parse(openapi_document(offered()));
  auto& put = doc.at("paths").at("/v1/workspaces/{workspace}/numbers/{number}/assignment").at("put");
  CHECK(put.at("x-commands") == value(boost::json::array{"AssignToCampaign", "UnassignNumber"}));
  CHECK(put.at("requestBody").at("content").as_object().contains("application/json"));
  auto& status = doc.at("paths").at("/v1/workspaces/{workspace}/numbers/{number}/status").at("put");
  CHECK(status.at("requestBody").at("required").as_bool());
  CHECK(boost::json::serialize(put.at("parameters")).find("parameters/IdempotencyKey") != std::string::npos);
  auto& get = doc.at("paths").at("/v1/workspaces/{workspace}/numbers").at("get");
  CHECK_FALSE(get.as_object().contains("requestBody"));
  CHECK(boost::json::serialize(get).find("IdempotencyKey") == std::string::npos);
}

TEST_CASE("references lead somewhere") {
  auto text = openapi_document(offered());
  auto doc = boost::json::parse(text);
  constexpr std::string_view mark = "\"$ref\":\"#";
  std::size_t found = 0;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    auto from = at + mark.size();
    boost::system::error_code ec;
    CHECK(doc.find_pointer(text.substr(from, text.find('"', from) - from), ec) != nullptr);
    ++found;
  }
  CHECK(found > 100);
}

TEST_CASE("the public documents are served and described, and the page fetches nothing from elsewhere") {
  auto documents = document_operations(offered());
  std::set<std::string> paths;
  for (auto& op : documents) {
    CHECK(op.is_public);
    paths.insert(std::string(op.path));
    HttpResponse got;
    op.serve({}, [&](HttpResponse r) { got = std::move(r); });
    CHECK(got.status == 200);
    CHECK_FALSE(got.body.empty());
    if (op.path == "/openapi.json") CHECK(got.body.find("\"GetHealth\"") != std::string::npos);
  }
  CHECK(paths == std::set<std::string>{"/healthz", "/version", "/openapi.json", "/docs"});
  CHECK(docs_page().find("http://") == std::string_view::npos);
  CHECK(docs_page().find("https://") == std::string_view::npos);
  CHECK(docs_page().find("src=") == std::string_view::npos);
}

}  // namespace
}  // namespace ringledger
