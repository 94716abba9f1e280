#include "api/config.hpp"

#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <thread>

#include "api/config_each.hpp"

namespace ringledger {
namespace {
constexpr std::size_t most_file_bytes = 1024 * 1024;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({cost, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

template <class Names>
std::string nearest(std::string_view wrong, const Names& names) {
  return *std::ranges::min_element(
      names, {}, [&](const std::string& n) { return edit_distance(wrong.substr(0, 128), n); });
}

std::string quoted(std::string_view text) { return '"' + std::string(text.substr(0, 80)) + '"'; }

bool hex64(std::string_view t) {
  return t.size() == 64 &&
         std::ranges::all_of(t, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// What is wrong with a value for this key, "" when nothing; else the field is set.
std::string assign(const ConfigNote& note, std::int64_t value, std::int64_t& field) {
  if (value < note.min || value > note.max) {
    return std::to_string(value) + " is out of range (" + range_text(note) + ")";
  }
  field = value;
  return {};
}

std::string check_words(const ConfigNote& note, std::string_view value) {
  if (note.words.empty()) return {};
  std::istringstream words{std::string(note.words)};
  for (std::string word; std::getline(words, word, '|');) {
    if (word == value) return {};
  }
  return quoted(value) + " is none of " + std::string(note.words);
}

std::string check_text(const ConfigNote& note, std::string_view value) {
  auto key = note.key;
  if (key == "operator_key_sha256" && !value.empty() && !hex64(value)) {
    return "it must be 64 hex digits in lower case, the SHA-256 of the operator's key";
  }
  bool web = value.starts_with("http://") || value.starts_with("https://");
  if (key.ends_with("_url") && !value.empty() && !web) return quoted(value) + " is no http(s) URL";
  if ((key == "api_url" || key == "dir" || key == "address") && value.empty()) return "it must not be empty";
  return check_words(note, value);
}

std::string assign(const ConfigNote& note, const std::string& value, std::string& field) {
  if (auto wrong = check_text(note, value); !wrong.empty()) return wrong;
  field = value;
  return {};
}

std::string assign(const ConfigNote&, const std::string& value, Secret<std::string>& field) {
  auto lower = value;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  if (!lower.empty() && !hex64(lower)) return "it must be 64 hex digits";
  field = lower.empty() ? Secret<std::string>{} : Secret<std::string>{lower};
  return {};
}

/// `name=value`, a line each.
std::string assign(const ConfigNote&, const std::string& value, ConfigMap& field) {
  ConfigMap all;
  std::istringstream lines(value);
  for (std::string line; std::getline(lines, line);) {
    auto equals = line.find('=');
    if (line.empty()) continue;
    if (equals == std::string::npos || equals == 0) return "expected name=value, a line each";
    all[line.substr(0, equals)] = line.substr(equals + 1);
  }
  field = std::move(all);
  return {};
}

std::string assign(const ConfigNote& note, ConfigNumbers value, ConfigNumbers& field) {
  if (value.empty()) return "it must name at least one, or be left out";
  for (auto number : value) {
    std::int64_t in_range = 0;
    if (auto wrong = assign(note, number, in_range); !wrong.empty()) return wrong;
  }
  std::ranges::sort(value);
  value.erase(std::ranges::unique(value).begin(), value.end());
  field = std::move(value);
  return {};
}

/// From a flag or a variable: the text of a number, or the text itself.
std::string assign_text(const ConfigNote& note, const std::string& value, std::int64_t& field) {
  std::int64_t number = 0;
  auto end = value.data() + value.size();
  auto [at, ec] = std::from_chars(value.data(), end, number);
  if (ec != std::errc{} || at != end) return quoted(value) + " is no whole number (" + range_text(note) + ")";
  return assign(note, number, field);
}
std::string assign_text(const ConfigNote& note, const std::string& value, ConfigNumbers& field) {
  ConfigNumbers numbers;
  std::istringstream parts(value);
  for (std::string part; std::getline(parts, part, ',');) {
    std::int64_t number = 0;
    if (auto wrong = assign_text(note, part, number); !wrong.empty()) return wrong;
    numbers.push_back(number);
  }
  return assign(note, std::move(numbers), field);
}
template <class Field>
std::string assign_text(const ConfigNote& note, const std::string& value, Field& field) {
  return assign(note, value, field);
}

std::string assign_toml(const ConfigNote& note, const toml::node& node, std::int64_t& field) {
  if (auto* n = node.as_integer()) return assign(note, n->get(), field);
  return "expected a whole number (" + range_text(note) + ")";
}
/// `a.b = "c"` is a table in a table: names get their dots back.
std::string assign_table(const toml::table& table, const std::string& prefix, ConfigMap& field) {
  for (const auto& [key, node] : table) {
    auto name = prefix + std::string(key.str());
    std::string wrong;
    if (auto* inner = node.as_table())
      wrong = assign_table(*inner, name + '.', field);
    else if (auto* text = node.as_string())
      field[name] = text->get();
    else if (auto* number = node.as_integer())
      field[name] = std::to_string(number->get());
    else if (auto* truth = node.as_boolean())
      field[name] = truth->get() ? "true" : "false";
    else
      wrong = quoted(name) + ": expected a text, a whole number, true or false";
    if (!wrong.empty()) return wrong;
  }
  return {};
}
std::string assign_toml(const ConfigNote& note, const toml::node& node, ConfigNumbers& field) {
  const auto* list = node.as_array();
  ConfigNumbers numbers;
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    std::int64_t number = 0;
    if (auto wrong = assign_toml(note, *list->get(i), number); !wrong.empty()) return wrong;
    numbers.push_back(number);
  }
  if (!list) return "expected a list of whole numbers (" + range_text(note) + ")";
  return assign(note, std::move(numbers), field);
}
std::string assign_toml(const ConfigNote&, const toml::node& node, ConfigMap& field) {
  field.clear();
  if (auto* table = node.as_table()) return assign_table(*table, "", field);
  return "expected a table";
}
template <class Field>
std::string assign_toml(const ConfigNote& note, const toml::node& node, Field& field) {
  if (auto* text = node.as_string()) return assign(note, text->get(), field);
  return "expected a text in quotes";
}

/// Collects every mistake with its place.
struct Loader {
  Config config;
  std::multimap<std::uint32_t, std::string> mistakes;  ///< by line: TOML tables forget their order
  static constexpr std::uint32_t after_the_file = UINT32_MAX;

  void wrong(const std::string& place, const std::string& what) {
    mistakes.emplace(after_the_file, place + ": " + what);
  }
  void wrong(const std::string& file, std::uint32_t line, const std::string& what) {
    mistakes.emplace(line, file + ':' + std::to_string(line) + ": " + what);
  }
  [[nodiscard]] std::string all_mistakes() const {
    std::string out;
    for (const auto& [line, text] : mistakes) out += (out.empty() ? "" : "\n") + text;
    return out;
  }

  /// Gives the key for which `same(section, note)` holds its value; false when there is none. `give`
  /// answers what is wrong, `say` records it.
  bool set(auto&& same, auto&& give, auto&& say) {
    bool found = false;
    each_key(config, [&](std::string_view section, const ConfigNote& note, auto& field) {
      if (!same(section, note)) return;
      found = true;
      if (auto what = give(note, field); !what.empty()) say(dotted(section, note.key) + ": " + what);
    });
    return found;
  }

  void read_section(const std::string& file, std::string_view name, const toml::table& table) {
    for (const auto& [key, node] : table) {
      auto say = [&](const std::string& what) { wrong(file, key.source().begin.line, what); };
      bool known = set([&](auto s, auto& note) { return s == name && note.key == key.str(); },
                       [&](auto& note, auto& field) { return assign_toml(note, node, field); }, say);
      auto full = dotted(name, key.str());
      if (!known) say("unknown key " + full + "; did you mean " + nearest(full, config_keys()) + "?");
    }
  }

  void read_top(const std::string& file, const toml::key& key, const toml::node& node,
                const std::vector<std::string>& sections) {
    std::string name(key.str());
    auto say = [&](const std::string& what) { wrong(file, key.source().begin.line, what); };
    if (std::ranges::find(sections, name) != sections.end()) {
      if (auto* section = node.as_table()) return read_section(file, name, *section);
      return say(name + " is a section: write [" + name + "]");
    }
    if (node.is_table()) {
      return say("unknown section [" + name + "]; did you mean [" + nearest(name, sections) + "]?");
    }
    say("unknown key " + name + "; did you mean " + nearest(name, config_keys()) + "?");
  }

  void read_file(const std::string& file, const std::string& text) {
    std::vector<std::string> sections;
    each_key(config, [&](auto s, auto&, auto&) { sections.emplace_back(s); });
    try {
      for (const auto& [key, node] : toml::parse(text, file)) read_top(file, key, node, sections);
    } catch (const toml::parse_error& e) {
      wrong(file, e.source().begin.line, std::string(e.description()));
    }
  }

  void read_environment(const ConfigEnvironment& environment) {
    std::vector<std::string> names, section_prefixes;
    each_key(config, [&](auto s, auto& note, auto&) {
      names.push_back(variable(s, note.key));
      section_prefixes.push_back(variable(s, ""));
    });
    for (const auto& [name, value] : environment) {
      bool known = set([&](auto s, auto& note) { return variable(s, note.key) == name; },
                       [&](auto& note, auto& field) { return assign_text(note, value, field); },
                       [&](const std::string& what) { wrong(name, what); });
      bool ours = std::ranges::any_of(section_prefixes, [&](auto& p) { return name.starts_with(p); });
      if (!known && ours) wrong(name, "unknown variable; did you mean " + nearest(name, names) + "?");
    }
  }

  void read_flags(const ConfigFlags& flags) {
    for (const auto& [name, value] : flags) {
      auto say = [&](const std::string& what) { wrong("--" + name, what); };
      bool known = set([&](auto s, auto& note) { return dotted(s, note.key) == name; },
                       [&](auto& note, auto& field) { return assign_text(note, value, field); }, say);
      if (!known) say("unknown key; did you mean --" + nearest(name, config_keys()) + "?");
    }
  }
};

Result<std::string> file_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::not_found, file + ": cannot be opened");
  std::string text(most_file_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return fail(Code::not_found, file + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > most_file_bytes) return fail(Code::too_large, file + ": longer than 1 MiB");
  return text;
}

}  // namespace

Result<Config> load_config(const std::string& file, const ConfigEnvironment& environment,
                           const ConfigFlags& flags) {
  Loader loader;
  if (!file.empty()) {
    auto text = file_text(file);
    if (!text) return std::unexpected(text.error());
    loader.read_file(file, *text);
  }
  loader.read_environment(environment);
  loader.read_flags(flags);
  if (!loader.mistakes.empty()) return fail(Code::validation_failed, loader.all_mistakes());
  return std::move(loader.config);
}

ConfigEnvironment ringledger_environment() {
  ConfigEnvironment out;
  for (char** entry = environ; entry && *entry; ++entry) {
    std::string_view text(*entry);
    auto equals = text.find('=');
    if (!text.starts_with(env_prefix) || equals == std::string_view::npos) continue;
    out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::vector<std::string> config_keys() {
  std::vector<std::string> out;
  Config config;
  each_key(config, [&](auto section, auto& note, auto&) { out.push_back(dotted(section, note.key)); });
  return out;
}

namespace {

std::string base_url(std::string url, const ServerConfig& server, std::uint16_t bound_port) {
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  auto host = server.address.contains(':') ? '[' + server.address + ']' : server.address;
  return "http://" + host + ':' + std::to_string(bound_port);
}

}  // namespace

std::string Config::public_url(std::uint16_t bound_port) const {
  return base_url(server.public_url, server, bound_port);
}
std::string Config::node_url(std::uint16_t bound_port) const {
  return base_url(server.node_url, server, bound_port);
}

int Config::threads() const {
  if (server.threads > 0) return static_cast<int>(server.threads);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
}

}  // namespace ringledger
