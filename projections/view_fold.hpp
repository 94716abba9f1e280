// One batch of facts folded into one view: rows are read once, folded in memory, and written once.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "projections/keys.hpp"
#include "projections/row_store.hpp"
#include "projections/view.hpp"

namespace ringledger {

/// Keys of entities whose facts wait because one of them could not be folded.
using ParkedKeys = std::set<std::string, std::less<>>;

/// parked_space ‖ key ‖ offset ‖ index: facts of one key in order.
std::string parked_key(std::string_view key, std::uint64_t offset, std::size_t index);

class ViewFold {
 public:
  virtual ~ViewFold() = default;
  /// Folds what the fact says about every key it touches; a key that cannot fold it is parked.
  virtual void fold(const Fact& fact) = 0;
  /// Folds a fact that was parked into its key; an error leaves the row as it was.
  virtual Result<void> fold_parked(std::string_view key, const Fact& fact) = 0;
  /// Appends the writes of the whole batch.
  virtual void finish(std::vector<RowWrite>& out) = 0;
  [[nodiscard]] const std::vector<std::string>& keys_written() const { return x_keys; }
  [[nodiscard]] const ParkedKeys& newly_parked() const { return x_newly_parked; }

 protected:
  std::vector<std::string> x_keys;
  ParkedKeys x_newly_parked;
};

/// A view with its types forgotten.
class RegisteredView {
 public:
  virtual ~RegisteredView() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Of rows and entries; a family of another layout is built anew.
  [[nodiscard]] virtual std::string_view layout() const = 0;
  /// `store` and `parked` must outlive the fold.
  [[nodiscard]] virtual std::unique_ptr<ViewFold> begin(const RowStore& store, std::string family,
                                                        const ParkedKeys& parked) const = 0;
};

/// Writes index entries that changed.
void diff_entries(const std::string& family, std::vector<Entry> before, std::vector<Entry> after,
                  std::vector<RowWrite>& out);
/// What a batch adds to counters.
class CounterDeltas {
 public:
  void add(Counters counters, std::int64_t sign);
  /// The new values of those that change, and the marks of those that come or go; a counter of 0 is no row.
  void write(const RowStore& store, const std::string& family, std::vector<RowWrite>& out) const;

 private:
  struct Delta {
    std::int64_t value = 0;
    std::vector<std::string> marks;
  };
  std::map<std::string, Delta> x_by_name;
};

template <RowView V>
class RowViewFold final : public ViewFold {
 public:
  using Row = typename V::Row;
  RowViewFold(const RowStore& store, std::string family, const RowCodec<Row>& codec, const ParkedKeys& parked)
      : x_store(store), x_family(std::move(family)), x_codec(codec), x_parked(parked) {}

  void fold(const Fact& fact) override {
    for (auto& key : V::keys(fact)) {
      if (x_parked.contains(key) || x_newly_parked.contains(key)) {
        park(key, fact, "");
      } else if (auto folded = fold_key(key, fact); !folded) {
        park(key, fact, folded.error().detail);
        x_newly_parked.insert(std::move(key));
      }
    }
  }

  Result<void> fold_parked(std::string_view key, const Fact& fact) override {
    return fold_key(std::string(key), fact);
  }

  void finish(std::vector<RowWrite>& out) override {
    CounterDeltas deltas;
    for (auto& [key, rows] : x_rows) write_row(key, rows, deltas, out);
    deltas.write(x_store, x_family, out);
    for (auto& write : x_parking) out.push_back(std::move(write));
  }

 private:
  struct Rows {
    std::optional<Row> before, now;
  };

  void park(const std::string& key, const Fact& fact, std::string reason) {
    x_parking.push_back({x_family, parked_key(key, fact.offset, fact.index), std::move(reason)});
  }

  Result<Rows*> load(const std::string& key) {
    if (auto at = x_rows.find(key); at != x_rows.end()) return &at->second;
    Rows rows;
    if (auto text = x_store.get(x_family, in_space(row_space, key))) {
      auto row = x_codec.decode(*text);
      if (!row) return std::unexpected(row.error());
      rows.now = std::move(*row);
      rows.before = rows.now;
    }
    return &x_rows.emplace(key, std::move(rows)).first->second;
  }

  Result<void> fold_key(const std::string& key, const Fact& fact) {
    auto rows = load(key);
    if (!rows) return std::unexpected(rows.error());
    auto next = V::project((*rows)->now, fact, key);
    if (!next) return std::unexpected(next.error());
    (*rows)->now = std::move(*next);
    return {};
  }

  static std::vector<Entry> indexes(const std::optional<Row>& row, const std::optional<Row>& other) {
    if (!row) return {};
    if constexpr (ComparingView<V>) return V::indexes(*row, other ? &*other : nullptr);
    return V::indexes(*row);
  }
  static Counters counters(const std::optional<Row>& row, const std::optional<Row>& other) {
    if (!row) return {};
    if constexpr (ComparingView<V>) return V::counters(*row, other ? &*other : nullptr);
    return V::counters(*row);
  }

  void write_row(const std::string& key, const Rows& rows, CounterDeltas& deltas,
                 std::vector<RowWrite>& out) {
    const auto& [before, now] = rows;
    if (before == now) return;
    std::optional<std::string> text;
    if (now) text = x_codec.encode(*now);
    out.push_back({x_family, in_space(row_space, key), std::move(text)});
    diff_entries(x_family, indexes(before, now), indexes(now, before), out);
    deltas.add(counters(before, now), -1);
    deltas.add(counters(now, before), 1);
    x_keys.push_back(key);
  }

  const RowStore& x_store;
  std::string x_family;
  const RowCodec<Row>& x_codec;
  const ParkedKeys& x_parked;
  std::map<std::string, Rows> x_rows;
  std::vector<RowWrite> x_parking;
};

template <EntryView V>
class EntryViewFold final : public ViewFold {
 public:
  explicit EntryViewFold(std::string family) : x_family(std::move(family)) {}
  void fold(const Fact& fact) override {
    for (auto& e : V::entries(fact)) {
      x_writes.push_back({x_family, in_space(index_space, e.key), std::move(e.value)});
    }
  }
  Result<void> fold_parked(std::string_view, const Fact&) override { return {}; }
  void finish(std::vector<RowWrite>& out) override {
    for (auto& write : x_writes) out.push_back(std::move(write));
  }

 private:
  std::string x_family;
  std::vector<RowWrite> x_writes;
};

template <RowView V>
class RegisteredRowView final : public RegisteredView {
 public:
  explicit RegisteredRowView(RowCodec<typename V::Row> codec) : x_codec(std::move(codec)) {
    if constexpr (requires { V::entry_layout; }) x_codec.layout.append(" ").append(V::entry_layout);
  }
  [[nodiscard]] std::string_view name() const override { return V::name; }
  [[nodiscard]] std::string_view layout() const override { return x_codec.layout; }
  [[nodiscard]] const RowCodec<typename V::Row>& codec() const { return x_codec; }
  [[nodiscard]] std::unique_ptr<ViewFold> begin(const RowStore& store, std::string family,
                                                const ParkedKeys& parked) const override {
    return std::make_unique<RowViewFold<V>>(store, std::move(family), x_codec, parked);
  }

 private:
  RowCodec<typename V::Row> x_codec;
};

template <EntryView V>
class RegisteredEntryView final : public RegisteredView {
 public:
  [[nodiscard]] std::string_view name() const override { return V::name; }
  [[nodiscard]] std::string_view layout() const override { return "entries1"; }
  [[nodiscard]] std::unique_ptr<ViewFold> begin(const RowStore&, std::string family,
                                                const ParkedKeys&) const override {
    return std::make_unique<EntryViewFold<V>>(std::move(family));
  }
};

}  // namespace ringledger
