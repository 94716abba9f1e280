#include "api/cloud_event.hpp"

#include "adapters/json/schema.hpp"

namespace ringledger {
namespace {

template <class F>
inline constexpr bool is_secret = false;
template <class T>
inline constexpr bool is_secret<Secret<T>> = true;

/// Members of an event that nobody is told: credentials, and what API keys are checked against.
template <class E, class F>
bool hidden(std::string_view member) {
  return is_secret<F> || (in_variant<E, keys::Event> && member == "digest");
}

template <class E>
std::string data_of(const E& event) {
  std::string out = "{";
  json::Writer writer(out, json::Mode::answer);
  using Fields = boost::describe::describe_members<E, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto d) {
    const auto& field = event.*d.pointer;
    using F = std::remove_cvref_t<decltype(field)>;
    if (hidden<E, F>(d.name)) return;
    if (out.size() > 1) out += ',';
    writer.write(std::string_view(d.name));
    out += ':';
    writer.write(field);
  });
  return out + "}";
}

template <class E>
boost::json::object data_schema() {
  auto skip = [](std::string_view member) {
    bool skipped = false;
    using Fields = boost::describe::describe_members<E, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Fields>([&](auto d) {
      using F = std::remove_cvref_t<decltype(std::declval<E>().*d.pointer)>;
      if (member == d.name) skipped = hidden<E, F>(member);
    });
    return skipped;
  };
  return json::object_schema<E>(json::SchemaOf::answer, skip);
}

template <class... Es>
std::optional<boost::json::object> schema_in(std::variant<Es...>*, std::string_view type) {
  std::optional<boost::json::object> found;
  ((type == Es::type ? void(found = data_schema<Es>()) : void()), ...);
  return found;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

std::string cloud_event(const Commit& commit, std::size_t index, std::string_view position) {
  const Event& event = commit.events[index];
  std::string out = "{";
  json::Writer writer(out, json::Mode::answer);
  auto member = [&](std::string_view name, const auto& value) {
    if (out.size() > 1) out += ',';
    writer.write(name);
    out += ':';
    writer.write(value);
  };
  member("specversion", std::string_view("1.0"));
  member("id", event_id(commit.id, index));
  member("source", "/accounts/" + commit.account.to_string());
  member("type", type_of(event));
  member("subject", subject_of(event));
  member("time", commit.log_time);
  member("datacontenttype", std::string_view("application/json"));
  member("data", json::Raw{std::visit([](const auto& e) { return data_of(e); }, event)});
  member("position", position);
  member("sequence", commit.first_sequence + index);
  member("workspace", workspace_of(event));
  member("actor", commit.principal.text);
  member("command", commit.command);
  member("commandid", commit.id);
  member("causation", unless_empty(commit.cause));
  member("traceparent", unless_empty(commit.trace));
  return out + "}";
}

boost::json::object cloud_event_schema() {
  using boost::json::object;
  object text{{"type", "string"}}, may_lack{{"type", boost::json::array{"string", "null"}}};
  object properties{{"specversion", object{{"const", "1.0"}}},
                    {"id", text},
                    {"source", text},
                    {"type", text},
                    {"subject", text},
                    {"time", object{{"type", "string"}, {"format", "date-time"}}},
                    {"datacontenttype", object{{"const", "application/json"}}},
                    {"data", object{{"type", "object"}}},
                    {"position", text},
                    {"sequence", object{{"type", "integer"}, {"minimum", 1}}},
                    {"workspace", may_lack},
                    {"actor", text},
                    {"command", text},
                    {"commandid", text},
                    {"causation", may_lack},
                    {"traceparent", may_lack}};
  boost::json::array required;
  for (const auto& p : properties) required.emplace_back(p.key());
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

std::optional<boost::json::object> event_schema(std::string_view type) {
  auto found = schema_in(static_cast<Event*>(nullptr), type);
  if (!found) return std::nullopt;
  boost::json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                             {"$id", "https://ringledger.dev/event-types/" + std::string(type)},
                             {"title", type}};
  for (auto& m : *found) schema[m.key()] = std::move(m.value());
  return schema;
}

}  // namespace ringledger
