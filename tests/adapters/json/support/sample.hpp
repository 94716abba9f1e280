// Values of any described type, made from its declaration: all optionals filled, or all empty. Every text
// and number is another one, so that a mix-up of two fields shows.
#pragma once

#include <algorithm>
#include <boost/mp11/algorithm.hpp>
#include <limits>

#include "adapters/json/json_reader.hpp"
#include "domain/call.hpp"

namespace ringledger::testing {

/// Stands in every sealed text; must never be seen in what is stored.
inline constexpr std::string_view canary = "CANARY";

/// Of an enumeration that grew: the values it had when its golden files were made, which are never edited.
template <class T>
inline constexpr std::size_t sampled_enumerators = std::numeric_limits<std::size_t>::max();
template <>
inline constexpr std::size_t sampled_enumerators<calls::Source> = 2;
template <>
inline constexpr std::size_t sampled_enumerators<calls::RouteKind> = 5;
template <>
inline constexpr std::size_t sampled_enumerators<attribution::Model> = 1;

class Sample {
 public:
  explicit Sample(bool filled) : x_filled(filled) {}

  template <class T>
  T make() {
    using namespace json;
    T out{};
    ++x_n;
    auto text = std::to_string(x_n);
    if constexpr (std::is_same_v<T, bool>) {
      out = x_filled;
    } else if constexpr (std::is_integral_v<T>) {
      out = static_cast<T>(x_n);
    } else if constexpr (std::is_same_v<T, std::string>) {
      out = "text \"" + text + "\" é\n";
    } else if constexpr (std::is_enum_v<T>) {
      std::vector<T> all;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(
          [&](auto d) { all.push_back(d.value); });
      out = all[x_n % std::min(all.size(), sampled_enumerators<T>)];
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      out = Timestamp{1'700'000'000'000 + static_cast<std::int64_t>(x_n)};
    } else if constexpr (std::is_same_v<T, E164>) {
      out = E164{"+141555501" + std::to_string(10 + x_n % 90)};
    } else if constexpr (std::is_same_v<T, Money>) {
      out = Money{static_cast<std::int64_t>(x_n) * 100 + 7, "EUR"};
    } else if constexpr (std::is_same_v<T, Share>) {
      out = Share{static_cast<std::int64_t>(x_n * 7 % 10'001)};
    } else if constexpr (is_id<T>) {
      out = T{RawId::make(1'700'000'000'000, 7, x_n)};
    } else if constexpr (is_optional<T>) {
      if (x_filled) out = make<typename T::value_type>();
    } else if constexpr (is_vector<T>) {
      if (x_filled) out = {make<typename T::value_type>(), make<typename T::value_type>()};
    } else if constexpr (is_text_map<T>) {
      if (x_filled) out["name " + text] = std::string(canary) + " " + text;  // so far only in sealed fields
    } else if constexpr (is_sealed<T>) {
      if constexpr (std::is_same_v<T, Personal<std::map<std::string, std::string>>>) {
        if (x_filled) out = T(make<std::map<std::string, std::string>>());
      } else if constexpr (std::is_same_v<T, Personal<std::vector<std::string>>>) {
        if (x_filled) out = T({std::string(canary) + " " + text, std::string(canary)});
      } else {
        if (x_filled) out = T(std::string(canary) + " " + text);
      }
    } else {
      static_assert(Described<T>);
      boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
          [&](auto d) { out.*d.pointer = make<std::remove_cvref_t<decltype(out.*d.pointer)>>(); });
    }
    return out;
  }

 private:
  bool x_filled;
  std::size_t x_n = 0;
};

/// One event of every type, in the variant's order.
inline std::vector<Event> every_event(bool filled) {
  std::vector<Event> all;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, Event::Variant>>(
      [&](auto t) { all.emplace_back(Sample(filled).make<typename decltype(t)::type>()); });
  return all;
}

/// A commit of `events` with every other member filled.
inline Commit commit_of(std::vector<Event> events) {
  Commit c;
  c.term = 3;
  c.node = "node-a.0123456789abcdef";
  c.seq = 42;
  c.basis = "0123456789abcdef";
  c.id = CommitId{RawId::make(1'700'000'000'000, 7, 1)};
  c.account = AccountId{RawId::make(1'600'000'000'000, 7, 2)};
  c.principal = {"mem_" + encode_base32(RawId::make(1'600'000'000'000, 7, 3))};
  c.command = "ImportNumber";
  c.key_hash = std::string(64, 'a');
  c.req_hash = std::string(64, 'b');
  c.log_time = {1'700'000'000'123};
  c.at = {1'700'000'000'124};
  c.cause = CommitId{RawId::make(1'700'000'000'000, 7, 4)}.to_string();
  c.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  c.result = {201, R"({"id":"x","text":"é \u0001 \b / \"q\"","n":12345678901234,"list":[1,null,true]})", "",
              ""};
  c.first_sequence = 7;
  c.events = std::move(events);
  return c;
}

}  // namespace ringledger::testing
