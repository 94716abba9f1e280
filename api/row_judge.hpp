// Judging strangers by a row in memory, so that what was answered before a request came holds for it: a key,
// a token or an origin may be new, and the row in memory be the old one.
#pragma once

#include "api/visible_gate.hpp"
#include "api/written_cache.hpp"

namespace ringledger {

/// Thread-safe. Lives as long as what it judges.
template <class Id, class Row>
class RowJudge {
 public:
  using Rows = WrittenCache<Id, Row>;
  RowJudge(Rows& rows, VisibleGate& gate, Executor& readers)
      : x_rows(rows), x_gate(gate), x_readers(readers) {}

  /// `who` is a copyable request, asked on this thread or on a reader's:
  /// `accepts(row)` (null: there is none): true: it goes on from there; false: nothing has become of it.
  /// `prepare()`, if it has that: on a reader's thread, before it is judged for the last time.
  /// `may_read()`, before each waiting and reading: false: it has been refused for what that costs.
  /// `refuse()`: the row as it was when the request came speaks against it. `unreadable(error)`: ends it too.
  template <class Who>
  void judge(Id id, Who who) {
    auto row = x_rows.cached(id);
    if (!row) return look(id, std::move(who), false);
    if (!who.accepts(row)) look_when_shown(id, std::move(who));
  }

 private:
  static constexpr std::int64_t most_ms =
      2000;  ///< should the views hang, what they show is better than nothing

  /// `current`: the views show what was answered before the request came.
  template <class Who>
  void look(Id id, Who who, bool current) {
    if (!who.may_read()) return;
    x_readers.post([this, id, who = std::move(who), current] {
      if constexpr (requires { who.prepare(); }) {
        auto ready = current ? who.prepare() : Result<void>();
        if (!ready) return who.unreadable(ready.error());
      }
      auto row = x_rows.find(id);
      if (!row) return who.unreadable(row.error());
      if (who.accepts(*row)) return;
      current ? who.refuse() : look_when_shown(id, who);
    });
  }
  template <class Who>
  void look_when_shown(Id id, Who who) {
    if (!who.may_read()) return;
    auto counted = x_gate.counted();
    if (counted == 0) return look(id, std::move(who), true);
    x_gate.when_shown(counted - 1, most_ms, [this, id, who = std::move(who)](bool) { look(id, who, true); });
  }

  Rows& x_rows;
  VisibleGate& x_gate;
  Executor& x_readers;
};

}  // namespace ringledger
