// What became of a command's wishes at the provider, read from the log: the outcomes that were recorded for
// them, whatever was asked before or later.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

  [[nodiscard]] NumberId id() const { return x_id; }
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

/// The same of every number that one commit made wishes for. Not thread-safe.
class RecordedOutcomes {
 public:
  /// `numbers`: those the command names; none: those of its commit at `offset`.
  RecordedOutcomes(AccountId account, std::uint64_t offset, std::vector<NumberId> numbers = {})
      : x_account(account), x_offset(offset), x_numbers(std::move(numbers)) {}
  /// True: nothing of it is pending any more. Each look goes on where the last one stood.
  Result<bool> settled(const ViewReader& history, const CommitAt& commit_at, std::uint64_t shown);
  /// The first number whose outcome is awaited. REQUIRES: a look that was not settled.
  [[nodiscard]] NumberId awaited() const { return x_all[x_next].id(); }
  using Settled = std::pair<RecordedOutcome, RecordedOutcome::State>;
  /// Those that were done or refused. REQUIRES: settled.
  [[nodiscard]] const std::vector<Settled>& recorded() const { return x_recorded; }
  /// Of the last commit that recorded one of them. REQUIRES: there is one.
  [[nodiscard]] std::uint64_t position() const;

 private:
  Result<void> find_numbers(const CommitAt& commit_at);
  Result<std::shared_ptr<const Commit>> commit(const CommitAt& commit_at, std::uint64_t offset);

  AccountId x_account;
  std::uint64_t x_offset;
  std::vector<NumberId> x_numbers;
  std::vector<RecordedOutcome> x_all;
  std::size_t x_next = 0;
  std::vector<Settled> x_recorded;
  /// Numbers that came together have commits in common, and these may be large.
  std::deque<std::pair<std::uint64_t, std::shared_ptr<const Commit>>> x_read;
};

}  // namespace ringledger
