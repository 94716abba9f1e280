// Inside of the configuration: walking over every key there is, and its names.
#pragma once

#include <algorithm>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <string>
#include <string_view>

#include "api/config.hpp"

namespace ringledger {

constexpr std::string_view env_prefix = "RINGLEDGER_";

/// The notes of a section stand in the order of its fields, one each.
template <class Section>
consteval bool noted() {
  std::size_t i = 0;
  bool ok = true;
  boost::mp11::mp_for_each<boost::describe::describe_members<Section, boost::describe::mod_any_access>>(
      [&](auto d) {
        ok = ok && i < Section::notes.size() && Section::notes[i].key == d.name;
        ++i;
      });
  return ok && i == Section::notes.size();
}

/// f(section name, note, field) for every key, in order.
template <class C, class F>
void each_key(C& config, F&& f) {
  boost::mp11::mp_for_each<boost::describe::describe_members<Config, boost::describe::mod_any_access>>(
      [&](auto s) {
        auto& section = config.*s.pointer;
        using Section = std::remove_cvref_t<decltype(section)>;
        static_assert(noted<Section>(), "each field needs its note, in the same order");
        std::size_t i = 0;
        boost::mp11::mp_for_each<boost::describe::describe_members<Section, boost::describe::mod_any_access>>(
            [&](auto d) { f(std::string_view(s.name), Section::notes[i++], section.*d.pointer); });
      });
}

inline std::string dotted(std::string_view section, std::string_view key) {
  return std::string(section) + '.' + std::string(key);
}

inline std::string variable(std::string_view section, std::string_view key) {
  auto out = std::string(env_prefix) + std::string(section) + '_' + std::string(key);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

inline std::string range_text(const ConfigNote& note) {
  return std::to_string(note.min) + " to " + std::to_string(note.max);
}

}  // namespace ringledger
