// What a read model is: a row, a versioned name, and pure functions from events to rows, index entries
// and counters. The runner (runner.hpp) does everything else.
//
//   struct CampaignsView {
//     static constexpr std::string_view name = "campaigns.v1";
//     using Row = …;                                       // described with RL_FIELDS
//     static std::vector<std::string> keys(const Fact&);   // the rows the event touches, tenant first
//     static Result<std::optional<Row>> project(std::optional<Row>, const Fact&, std::string_view key);
//     static std::vector<Entry> indexes(const Row&);       // entries of a row, each key unique
//     static Counters counters(const Row&);                // what a row adds to which counter
//   };
//
// A view with many entries a row makes `indexes` and `counters` cheap where little changed: both take
// `const Row* other = nullptr`, the same row before or after, and leave out what both rows have alike.
//
// `static constexpr std::string_view entry_layout` is needed only to change entries or counters while the
// row's fields stay: another text makes the view be built anew, as changed fields do by themselves.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/commit.hpp"
#include "projections/row_codec.hpp"

namespace ringledger {

struct Entry {
  std::string key, value;
  auto operator<=>(const Entry&) const = default;
};
/// What a row adds to the counter of that name. `marks`: keys beside the counters that are there as long as
/// it is not 0; they follow from the name, or from what it blurs. So what leads to a value is written when
/// the value comes and when it goes, and costs nothing in between.
struct Counter {
  std::string name;
  std::int64_t value = 0;
  std::vector<std::string> marks{};
};
using Counters = std::vector<Counter>;
template <class Row>
using Projected = Result<std::optional<Row>>;

/// A view of rows. `project` gets the row as it was (nullopt: none) and answers the row as it is now
/// (nullopt: none any more); an event that cannot follow is an error and parks that key.
template <class V>
concept RowView = requires(const Fact& fact, std::optional<typename V::Row> row, const typename V::Row& now) {
  { V::name } -> std::convertible_to<std::string_view>;
  { V::keys(fact) } -> std::same_as<std::vector<std::string>>;
  { V::project(row, fact, std::string_view{}) } -> std::same_as<Projected<typename V::Row>>;
  { V::indexes(now) } -> std::same_as<std::vector<Entry>>;
  { V::counters(now) } -> std::same_as<Counters>;
};

/// A RowView that is asked only for the entries and counters in which two rows may differ.
template <class V>
concept ComparingView = RowView<V> && requires(const typename V::Row& now, const typename V::Row* other) {
  { V::indexes(now, other) } -> std::same_as<std::vector<Entry>>;
  { V::counters(now, other) } -> std::same_as<Counters>;
};

/// A view that only notes where things are: each event adds entries, none is ever changed.
template <class V>
concept EntryView = requires(const Fact& fact) {
  { V::name } -> std::convertible_to<std::string_view>;
  { V::entries(fact) } -> std::same_as<std::vector<Entry>>;
};

/// Asks `handlers` about the event; `otherwise` for the events named in `Ignored`. An event neither
/// handled nor ignored does not compile.
template <class Ignored, class R, class F>
R on_event(const Event& event, R otherwise, F&& handlers) {
  return std::visit(
      [&]<class E>(const E& e) -> R {
        if constexpr (ignored_by<E, Ignored>) {
          return std::move(otherwise);
        } else {
          return handlers(e);
        }
      },
      event);
}

/// An event about what does not exist.
inline std::unexpected<Error> impossible(const Event& event, const std::string& what) {
  return fail(Code::internal, std::string(type_of(event)) + ": " + what + " does not exist");
}

// The key spaces of a family: its first byte.
inline constexpr char row_space = 'r';
inline constexpr char index_space = 'i';
inline constexpr char counter_space = 'c';
inline constexpr char parked_space = 'p';
inline constexpr char meta_space = 'm';

inline std::string in_space(char space, std::string_view key) {
  std::string out(1, space);
  out.append(key);
  return out;
}

}  // namespace ringledger
