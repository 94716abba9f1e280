// The configuration as a person reads it: every key there is, and what each is set to.
#include <toml++/toml.h>
#include <sstream>

#include "api/config_each.hpp"

namespace ringledger {
namespace {

std::string as_toml(std::int64_t v) { return std::to_string(v); }
std::string as_toml(const Secret<std::string>& v) { return v.reveal() ? "\"(set)\"" : "\"\""; }
std::string as_toml(const ConfigMap& v) {
  std::string out;
  for (const auto& [name, value] : v)
    out += (out.empty() ? " \"" : ", \"") + name + "\" = " + (value.empty() ? "\"\"" : "\"(set)\"");
  return out.empty() ? "{}" : '{' + out + " }";
}
std::string as_toml(const ConfigNumbers& v) {
  std::string out;
  for (auto number : v) out += (out.empty() ? "" : ", ") + std::to_string(number);
  return '[' + out + ']';
}
std::string as_toml(const std::string& v) {
  std::ostringstream out;
  out << toml::value<std::string>(v);
  return out.str();
}

std::string type_text(const ConfigNote& note, std::int64_t) { return "whole number, " + range_text(note); }
std::string type_text(const ConfigNote& note, const ConfigNumbers&) {
  return "list of whole numbers, " + range_text(note);
}
std::string type_text(const ConfigNote&, const Secret<std::string>&) { return "secret text"; }
std::string type_text(const ConfigNote&, const ConfigMap&) { return "table of texts"; }
std::string type_text(const ConfigNote& note, const std::string&) {
  if (note.words.empty()) return "text";
  std::string words(note.words);
  std::ranges::replace(words, '|', ',');
  return "one of: " + words;
}

}  // namespace

std::string describe_config() {
  std::string out = "| key | environment | type | default | meaning |\n|---|---|---|---|---|\n";
  Config config;
  each_key(config, [&](auto section, auto& note, auto& field) {
    out += "| `" + dotted(section, note.key) + "` | `" + variable(section, note.key) + "` | " +
           type_text(note, field) + " | `" + as_toml(field) + "` | " + std::string(note.help) + " |\n";
  });
  return out;
}

std::string show_config(const Config& config) {
  std::string out, current;
  each_key(config, [&](auto section, auto& note, auto& field) {
    if (current != section) {
      out += std::string(out.empty() ? "" : "\n") + '[' + std::string(section) + "]\n";
      current = section;
    }
    auto value = as_toml(field);
    bool left_out = value == "[]";  // which must not be said
    out += (left_out ? "# " : "") + std::string(note.key) + " = " + value + '\n';
  });
  return out;
}

}  // namespace ringledger
