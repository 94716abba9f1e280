// What became of one command's wish at the provider, read from the log: the outcome that was recorded for it,
// whatever was asked before or later.
#pragma once

#include <optional>

#include "api/event_feed.hpp"
#include "domain/commit.hpp"
#include "projections/history.hpp"

namespace ringledger {

/// Looks as often as asked, each time on from where it stood. Not thread-safe.
class RecordedOutcome {
 public:
  /// Of the command whose commit stands at `offset`, about `number`.
  RecordedOutcome(AccountId account, NumberId number, std::uint64_t offset)
      : x_account(account), x_id(number), x_offset(offset) {}

  enum class State {
    unseen,   ///< the commit itself is not shown yet
    none,     ///< it asked nothing of the provider, or something newer took the number elsewhere
    pending,  ///< nothing is recorded yet
    done,
    refused  ///< for good
  };
  struct Error {
    std::int64_t code = 0;
    std::string message;
    bool cnam = false;  ///< the caller name look-up was refused, not the number's settings
  };

  /// Reads what `history` shows of positions before `shown`. Blocks on the log.
  Result<State> look(const ViewReader& history, const CommitAt& commit_at, std::uint64_t shown);
  /// The number as of the outcome. REQUIRES: `done` or `refused`.
  [[nodiscard]] const numbers::Number& number() const { return *x_number; }
  [[nodiscard]] const Error& error() const { return x_error; }
  /// Of the commit that recorded the outcome.
  [[nodiscard]] std::uint64_t position() const { return x_next - 1; }

 private:
  void fold(const Commit& commit, std::uint64_t offset);
  void wish(const std::optional<numbers::Number>& before, const Commit& commit);
  void settle(const Event& event);
  [[nodiscard]] bool concerns(const std::vector<numbers::SettingGroup>& refused) const;

  AccountId x_account;
  NumberId x_id;
  std::uint64_t x_offset, x_next = 0;
  State x_state = State::unseen;
  std::optional<numbers::Number> x_number;                  ///< as of x_next
  std::int64_t x_revision = 0;                              ///< the wish
  bool x_release = false, x_cnam = false, x_label = false;  ///< what was asked
  Error x_error;
};

}  // namespace ringledger
