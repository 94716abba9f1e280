#include "api/openapi.hpp"

#include <boost/json/serialize.hpp>

#include "adapters/json/schema.hpp"
#include "api/limits.hpp"
#include "api/problem.hpp"
#include "api/query_operation.hpp"

namespace ringledger {
namespace {

using boost::json::array;
using boost::json::object;

object text_of_at_most(std::size_t most) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}};
}
object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

object problem_schema() {
  object text{{"type", "string"}};
  array codes;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Code>>(
      [&](auto d) { codes.emplace_back(text_of(d.value)); });
  object field{{"type", "object"},
               {"properties", object{{"pointer", text}, {"code", text}, {"detail", text}}},
               {"required", array{"pointer", "code", "detail"}}};
  object properties{
      {"type", object{{"type", "string"}, {"format", "uri"}}},
      {"title", text},
      {"status", object{{"type", "integer"}}},
      {"code", object{{"type", "string"}, {"examples", std::move(codes)}}},
      {"detail", text},
      {"errors", object{{"type", "array"}, {"items", std::move(field)}}},
      {"warnings", object{{"type", "array"}, {"items", json::schema_of<Warning>(json::SchemaOf::answer)}}},
      {"provider", json::schema_of<ProviderErrorView>(json::SchemaOf::answer)},
      {"retryable", object{{"type", "boolean"}}},
      {"trace_id", text}};
  return {
      {"type", "object"},
      {"properties", std::move(properties)},
      {"required", array{"type", "title", "status", "code", "detail", "errors", "retryable", "trace_id"}}};
}

object header_parameter(std::string_view name, bool required, std::string_view description, object schema) {
  return {{"name", name},
          {"in", "header"},
          {"required", required},
          {"description", description},
          {"schema", std::move(schema)}};
}

/// Headers that requests share, by the name operations refer to them.
object shared_parameters() {
  object text{{"type", "string"}};
  return {{"IdempotencyKey", header_parameter("Idempotency-Key", true,
                                              "Names the command: a repeat gets the first answer again.",
                                              text_of_at_most(limits::max_idempotency_key_bytes))},
          {"Position",
           header_parameter("Ringledger-Position", false, "Answer from this position or a later one.", text)},
          {"Prefer", header_parameter("Prefer", false, "wait=<seconds>, at most 30.", text)},
          {"IfMatch",
           header_parameter("If-Match", false, "The ETag that was seen; its version is compared.", text)},
          {"IfNoneMatch", header_parameter("If-None-Match", false,
                                           "The ETag that is held: 304 when it still stands.", text)}};
}

void add_parameters(array& all, std::string_view where,
                    const std::vector<std::pair<std::string, object>>& some) {
  for (const auto& [name, schema] : some) {
    object p{{"name", name}, {"in", where}, {"required", where == "path"}, {"schema", schema}};
    const auto* type = schema.if_contains("type");
    if (where == "query" && type && *type == "array") {
      p["style"] = "form";
      p["explode"] = true;
    }
    bool is_list = type && *type == "array";  // an empty value in it would be one that names nothing
    if (where == "query" && !is_list && !schema.contains("default")) p["allowEmptyValue"] = true;
    all.push_back(std::move(p));
  }
}

bool is_command(const Operation& op) { return !op.commands.empty(); }

array parameters_of(const Operation& op) {
  array all;
  add_parameters(all, "path", op.path_parameters);
  add_parameters(all, "query", op.query_parameters);
  if (op.is_public) return all;
  if (is_command(op)) {
    all.push_back(reference("parameters", "IdempotencyKey"));
    all.push_back(reference("parameters", "IfMatch"));
  }
  if (op.method == Method::get) all.push_back(reference("parameters", "IfNoneMatch"));
  all.push_back(reference("parameters", "Position"));
  all.push_back(reference("parameters", "Prefer"));
  return all;
}

object answer_headers(const Operation& op, int status) {
  object text{{"schema", object{{"type", "string"}}}};
  object headers{{"Ringledger-Position", text}};
  if (is_command(op)) headers["Idempotency-Replayed"] = text;
  if (status == 201) headers["Location"] = text;
  if (op.method == Method::get) headers["ETag"] = text;
  return headers;
}

/// The answer's schema is that of its JSON; other media are texts.
object content_of(const Operation& op) {
  object all;
  for (auto media : op.media)
    all[media] = object{{"schema", media == "application/json" ? op.answer : object{{"type", "string"}}}};
  return all;
}

object responses_of(const Operation& op) {
  object all;
  for (int status : op.statuses) {
    object one{{"description", op.summary}, {"content", content_of(op)}};
    if (!op.is_public) one["headers"] = answer_headers(op, status);
    all[std::to_string(status)] = std::move(one);
  }
  all["default"] = reference("responses", "Problem");  // of public ones: too many from one address
  if (op.is_public) return all;
  if (op.method == Method::get)
    all["304"] = object{{"description", "The representation that is held still stands."}};
  return all;
}

/// A body is sent with POST, PUT and PATCH, and may be with DELETE.
bool takes_body(const Operation& op) {
  const auto* members = op.body.if_contains("properties");
  if (op.body_media != "application/json") return true;
  return is_command(op) && members && !members->get_object().empty();
}

object operation_of(const Operation& op) {
  object o{{"operationId", op.operation}, {"summary", op.summary}};
  if (auto parameters = parameters_of(op); !parameters.empty()) o["parameters"] = std::move(parameters);
  if (is_command(op)) {
    array names;
    for (auto c : op.commands) names.emplace_back(c);
    o["x-commands"] = std::move(names);
  }
  if (takes_body(op)) {
    std::string_view media = op.method == Method::patch ? "application/merge-patch+json" : op.body_media;
    object content{{op.body_media, object{{"schema", op.body}}}};
    if (op.method == Method::patch) content[media] = object{{"schema", op.body}};
    const auto* required = op.body.if_contains("required");
    o["requestBody"] =
        object{{"required", required && !required->get_array().empty()}, {"content", std::move(content)}};
  }
  o["responses"] = responses_of(op);
  if (op.is_public) o["security"] = array{};
  return o;
}

std::string lower_method(Method method) {
  std::string text(method_text(method));
  for (char& c : text) c = static_cast<char>(c | 0x20);
  return text;
}

Operation document(std::string_view operation, std::string_view path, std::string_view summary, object answer,
                   std::string_view media = "application/json") {
  Operation op;
  op.operation = operation;
  op.summary = summary;
  op.method = Method::get;
  op.path = path;
  op.is_public = true;
  op.answer = std::move(answer);
  op.media = {media};
  return op;
}

std::vector<Operation> own_documents() {
  object text{{"type", "string"}};
  object health{{"type", "object"}, {"properties", object{{"status", text}}}, {"required", array{"status"}}};
  object version{{"type", "object"},
                 {"properties", object{{"name", text}, {"version", text}}},
                 {"required", array{"name", "version"}}};
  return {document("GetHealth", "/healthz", "Whether the process runs", std::move(health)),
          document("GetVersion", "/version", "Which release this is", std::move(version)),
          document("GetOpenApi", "/openapi.json", "This document", {{"type", "object"}}),
          document("GetDocs", "/docs", "A page that shows this document", object{}, "text/html")};
}

void serve_text(Operation& op, std::string type, std::string text) {
  op.serve = [type = std::move(type), text = std::make_shared<const std::string>(std::move(text))](
                 const Call&, HttpAnswerTo answer) {
    HttpResponse r;
    r.headers = {{"Content-Type", type}, {"Cache-Control", "no-cache"}};
    r.body = *text;
    answer(std::move(r));
  };
}

}  // namespace

std::string openapi_document(const std::vector<Operation>& operations) {
  object paths;
  for (const auto& op : operations) {
    auto& path = paths[op.path];
    if (!path.is_object()) path = object{};
    path.get_object()[lower_method(op.method)] = operation_of(op);
  }
  object problem{
      {"description", "A problem (RFC 9457); `code` says which."},
      {"content", object{{"application/problem+json", object{{"schema", reference("schemas", "Problem")}}}}}};
  object components{
      {"schemas", object{{"Problem", problem_schema()}}},
      {"parameters", shared_parameters()},
      {"responses", object{{"Problem", std::move(problem)}}},
      {"securitySchemes",
       object{{"bearer", object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "rl_…"}}}}}};
  object document{
      {"openapi", "3.1.0"},
      {"info", object{{"title", "Ringledger"},
                      {"version", RINGLEDGER_VERSION},
                      {"description",
                       "The system of record for phone numbers that ring. Commands carry an Idempotency-Key; "
                       "every answer names the position it shows."}}},
      {"servers", array{object{{"url", "/"}}}},
      {"security", array{object{{"bearer", array{}}}}},
      {"paths", std::move(paths)},
      {"components", std::move(components)}};
  return boost::json::serialize(document);
}

std::vector<Operation> document_operations(std::vector<Operation> described) {
  auto ours = own_documents();
  described.insert(described.end(), ours.begin(), ours.end());
  serve_text(ours[0], "application/json", R"({"status":"ok"})");
  serve_text(ours[1], "application/json", R"({"name":"ringledger","version":")" RINGLEDGER_VERSION R"("})");
  serve_text(ours[2], "application/json", openapi_document(described));
  serve_text(ours[3], "text/html; charset=utf-8", std::string(docs_page()));
  return ours;
}

}  // namespace ringledger
