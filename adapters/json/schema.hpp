// JSON Schema (2020-12) of described types, for OpenAPI and for GET /v1/event-types.
#pragma once

#include <boost/json/value.hpp>

#include "adapters/json/json_reader.hpp"

namespace ringledger::json {

enum class SchemaOf { request, answer, event };

template <class T>
boost::json::object schema_of(SchemaOf what);

template <class T>
boost::json::object object_schema(SchemaOf what, auto&& skip) {
  boost::json::object properties;
  boost::json::array required;
  using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto d) {
    using F = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
    if (skip(std::string_view(d.name))) return;
    if constexpr (is_optional<F> && is_patch_body<T>) {
      properties[d.name] = schema_of<typename F::value_type>(what);  // left out or set, never null
    } else {
      properties[d.name] = schema_of<F>(what);
    }
    bool may_lack = is_optional<F> || is_patch<F> || is_sealed<F>;
    if (what == SchemaOf::request) {
      may_lack = may_lack || is_vector<F>;
      if constexpr (requires { T::defaulted(std::string_view{}); })
        may_lack = may_lack || T::defaulted(d.name);
      if constexpr (requires { T::needed(std::string_view{}); }) may_lack = may_lack && !T::needed(d.name);
    }
    if (what == SchemaOf::answer || !may_lack) required.emplace_back(d.name);
  });
  boost::json::object o{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) o["required"] = std::move(required);
  if (what == SchemaOf::request) o["additionalProperties"] = false;
  return o;
}

/// A schema that also allows null.
inline boost::json::object nullable(boost::json::object s) {
  if (auto* type = s.if_contains("type"); type && type->is_string()) {
    *type = boost::json::array{*type, "null"};
    if (auto* choices = s.if_contains("enum")) choices->get_array().emplace_back(nullptr);
    return s;
  }
  return {{"anyOf", boost::json::array{std::move(s), boost::json::object{{"type", "null"}}}}};
}

template <class T>
boost::json::object text_schema() {
  boost::json::object o{{"type", "string"}};
  if constexpr (requires { T::max; }) {
    o["minLength"] = T::min;
    o["maxLength"] = T::max;
  } else if constexpr (requires { T::shape::format; }) {
    o["format"] = T::shape::format;
  }
  return o;
}

template <class T>
boost::json::object schema_of(SchemaOf what) {
  using boost::json::object;
  if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_integral_v<T>) {
    return {{"type", "integer"}};
  } else if constexpr (std::is_same_v<T, double>) {
    return {{"type", "number"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_enum_v<T>) {
    boost::json::array choices;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
        [&](auto d) { choices.emplace_back(enum_text(d.value)); });
    return {{"type", "string"}, {"enum", std::move(choices)}};
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return {{"type", "string"}, {"format", "date-time"}};
  } else if constexpr (std::is_same_v<T, E164>) {
    return {{"type", "string"}, {"pattern", "^\\+[1-9][0-9]{6,14}$"}};
  } else if constexpr (std::is_same_v<T, Share>) {
    return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  } else if constexpr (std::is_same_v<T, Money>) {
    object amount{{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,4})?$"}};
    object money{{"type", "object"},
                 {"properties", object{{"amount", amount}, {"currency", object{{"type", "string"}}}}},
                 {"required", boost::json::array{"amount", "currency"}}};
    if (what == SchemaOf::request) money["additionalProperties"] = false;
    return money;
  } else if constexpr (is_id<T>) {
    if (what == SchemaOf::request && std::is_same_v<T, NumberId>)
      return {{"type", "string"}};  // or its E.164
    return {{"type", "string"}, {"pattern", "^" + std::string(T::prefix) + "[0-9a-hjkmnp-tv-z]{26}$"}};
  } else if constexpr (std::is_same_v<T, OneTimeSecret>) {
    return {{"type", boost::json::array{"string", "null"}}};
  } else if constexpr (std::is_same_v<T, Raw>) {
    return object{};
  } else if constexpr (is_optional<T>) {
    return nullable(schema_of<typename T::value_type>(what));
  } else if constexpr (is_patch<T>) {
    return nullable(schema_of<typename decltype(T::value)::value_type>(what));
  } else if constexpr (is_vector<T>) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>(what)}};
  } else if constexpr (is_text_map<T>) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>(what)}};
  } else if constexpr (requires { std::declval<T>().clear().has_value(); }) {  // Personal
    return schema_of<std::remove_cvref_t<decltype(std::declval<T>().clear())>>(what);
  } else if constexpr (is_sealed<T>) {
    return {{"type", boost::json::array{"string", "null"}}};
  } else if constexpr (requires { std::declval<T>().text_form(); }) {
    return text_schema<T>();
  } else {
    static_assert(Described<T>, "describe this type with RL_FIELDS");
    return object_schema<T>(what, [](std::string_view) { return false; });
  }
}

}  // namespace ringledger::json
