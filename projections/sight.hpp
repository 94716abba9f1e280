// Reading views: all of them at one frozen moment, typed by view.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "projections/view_fold.hpp"

namespace ringledger {

/// One view's family in a snapshot. Keys are given and told without their space byte. Thread-safe.
class ViewReader {
 public:
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  ViewReader(std::shared_ptr<RowSnapshot> snapshot, std::string family)
      : x_snapshot(std::move(snapshot)), x_family(std::move(family)) {}

  [[nodiscard]] std::optional<std::string> get(char space, std::string_view key) const;
  /// Visits [from, to) of a space until `visit` is false; an empty `to` means the space's end.
  void scan(char space, std::string_view from, std::string_view to, bool reversed, const Visit& visit) const;
  /// Visits every key that starts with `prefix`, told whole.
  void scan_prefix(char space, std::string_view prefix, bool reversed, const Visit& visit) const;
  [[nodiscard]] std::int64_t counter(std::string_view name) const;
  /// The offset from which on commits are not yet folded.
  [[nodiscard]] std::uint64_t position() const;
  /// An error when a read failed: what was not found since may be there.
  [[nodiscard]] Result<void> health() const { return x_snapshot->health(); }

 private:
  std::shared_ptr<RowSnapshot> x_snapshot;
  std::string x_family;
};

/// The rows of view V in a snapshot.
template <RowView V>
class Rows : public ViewReader {
 public:
  using Row = typename V::Row;
  Rows(std::shared_ptr<RowSnapshot> snapshot, std::string family, const RowCodec<Row>& codec)
      : ViewReader(std::move(snapshot), std::move(family)), x_codec(&codec) {}
  /// nullopt: no such row. A row that cannot be read is Code::internal.
  [[nodiscard]] Result<std::optional<Row>> row(std::string_view key) const {
    auto text = get(row_space, key);
    if (!text) {
      if (auto healthy = health(); !healthy) return std::unexpected(healthy.error());
      return std::optional<Row>();
    }
    auto row = x_codec->decode(*text);
    if (!row) return std::unexpected(row.error());
    return std::optional<Row>(std::move(*row));
  }

 private:
  const RowCodec<Row>* x_codec;
};

/// All views at one moment. Keep it for one answer, not longer; it must not outlive its runner.
class Sight {
 public:
  struct Place {
    std::string family;
    const RegisteredView* view = nullptr;
  };
  using Places = std::map<std::string, Place, std::less<>>;
  Sight(std::shared_ptr<RowSnapshot> snapshot, std::shared_ptr<const Places> places)
      : x_snapshot(std::move(snapshot)), x_places(std::move(places)) {}

  /// REQUIRES: V is registered with the runner.
  template <RowView V>
  [[nodiscard]] Rows<V> of() const {
    const auto& place = x_places->at(std::string(V::name));
    return {x_snapshot, place.family, static_cast<const RegisteredRowView<V>*>(place.view)->codec()};
  }
  template <EntryView V>
  [[nodiscard]] ViewReader of() const {
    return reader(V::name);
  }
  [[nodiscard]] ViewReader reader(std::string_view view) const {
    return {x_snapshot, x_places->at(std::string(view)).family};
  }
  /// The lowest position of all views: everything before it is shown by each of them.
  [[nodiscard]] std::uint64_t position() const;
  /// An error when a read failed: no absence in this sight proves anything.
  [[nodiscard]] Result<void> health() const { return x_snapshot->health(); }

 private:
  std::shared_ptr<RowSnapshot> x_snapshot;
  std::shared_ptr<const Places> x_places;
};

}  // namespace ringledger
