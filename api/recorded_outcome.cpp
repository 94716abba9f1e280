#include "api/recorded_outcome.hpp"

#include <algorithm>
#include <set>

#include "domain/fold.hpp"

namespace ringledger {
namespace {

constexpr std::size_t points_a_read = 500;
constexpr std::size_t commits_kept = 4;

template <class F>
void each_event_of(NumberId number, const Commit& commit, F&& visit) {
  for (const auto& event : commit.events) {
    std::visit(
        [&]<class E>(const E& e) {
          if constexpr (in_variant<E, numbers::Event>) {
            if (e.number == number) visit(e);
          }
        },
        event);
  }
}

/// Each once, in the order of the events.
std::vector<NumberId> numbers_of(const Commit& commit) {
  std::vector<NumberId> numbers;
  std::set<NumberId> seen;
  for (const auto& event : commit.events) {
    std::visit(
        [&]<class E>(const E& e) {
          if constexpr (in_variant<E, numbers::Event>) {
            if (seen.insert(e.number).second) numbers.push_back(e.number);
          }
        },
        event);
  }
  return numbers;
}

}  // namespace

Result<RecordedOutcome::State> RecordedOutcome::look(const ViewReader& history, const CommitAt& commit_at,
                                                     std::uint64_t shown) {
  auto settled = [this] { return x_state != State::unseen && x_state != State::pending; };
  while (!settled() && x_next < shown) {
    auto points = feed_of_entity(history, x_account, x_id.to_string(), x_next, shown - 1, points_a_read);
    if (points.empty()) break;
    for (const auto& point : points) {
      if (settled()) break;
      if (point.offset < x_next || !point.type.starts_with("number.")) continue;
      auto commit = commit_at(point.offset);
      if (!commit) return std::unexpected(commit.error());
      fold(**commit, point.offset);
    }
    x_next = std::max(x_next, settled() ? x_next : points.back().offset + 1);
  }
  return x_state;
}

void RecordedOutcome::fold(const Commit& commit, std::uint64_t offset) {
  auto before = x_number;
  each_event_of(x_id, commit, [&](const auto& e) {
    x_number = numbers::evolve(std::move(x_number), e, commit.log_time);
    if (offset > x_offset && x_state == State::pending) settle(e);
  });
  if (offset == x_offset) wish(before, commit);
  x_next = offset + 1;
}

void RecordedOutcome::wish(const std::optional<numbers::Number>& before, const Commit& commit) {
  each_event_of(x_id, commit, [&]<class E>(const E& e) {
    if constexpr (std::is_same_v<E, numbers::Deleted>) x_release = e.release;
    x_cnam = x_cnam || std::is_same_v<E, numbers::CnamToggled>;
    x_label = x_label || std::is_same_v<E, numbers::Renamed>;
  });
  if (!x_number) return;
  x_revision = x_number->wanted_revision;
  bool asked = x_release || x_revision != (before ? before->wanted_revision : 0);
  x_state = asked ? State::pending : State::none;
}

/// Is what was refused what this command asked? No group named: everything is.
bool RecordedOutcome::concerns(const std::vector<numbers::SettingGroup>& refused) const {
  using Group = numbers::SettingGroup;
  if (refused.empty()) return true;
  auto asked = x_cnam ? Group::cnam : x_label ? Group::label : Group::hooks;
  return std::ranges::find(refused, asked) != refused.end();
}

void RecordedOutcome::settle(const Event& event) {
  auto refuse = [this](std::int64_t code, const std::string& message, bool cnam) {
    x_state = State::refused;
    x_error = {code, message, cnam};
  };
  std::visit(
      [&]<class E>(const E& e) {
        if constexpr (std::is_same_v<E, numbers::Released>) {
          if (e.revision >= x_revision) x_state = State::done;
        } else if constexpr (std::is_same_v<E, numbers::ReleaseFailed>) {
          if (e.revision >= x_revision) refuse(e.error_code, e.error_message, false);
        } else if constexpr (std::is_same_v<E, numbers::ProviderSynced>) {
          if (e.revision >= x_revision) x_state = State::done;
        } else if constexpr (std::is_same_v<E, numbers::ProviderFailed>) {
          if (e.revision < x_revision) return;
          if (concerns(e.refused)) return refuse(e.error_code, e.error_message, false);
          x_state = State::done;
        } else if constexpr (std::is_same_v<E, numbers::CnamRefused>) {
          if (x_cnam && e.revision >= x_revision) refuse(e.error_code, e.error_message, true);
        } else if constexpr (std::is_same_v<E, numbers::Imported> ||
                             std::is_same_v<E, numbers::TransferredIn> ||
                             std::is_same_v<E, numbers::Deleted>) {
          x_state = State::none;
        }
      },
      event);
}

Result<void> RecordedOutcomes::find_numbers(const CommitAt& commit_at) {
  if (!x_all.empty()) return {};
  if (x_numbers.empty()) {
    auto own = commit(commit_at, x_offset);
    if (!own) return std::unexpected(own.error());
    x_numbers = numbers_of(**own);
  }
  for (auto number : x_numbers) x_all.emplace_back(x_account, number, x_offset);
  return {};
}

Result<std::shared_ptr<const Commit>> RecordedOutcomes::commit(const CommitAt& commit_at,
                                                               std::uint64_t offset) {
  for (const auto& [at, known] : x_read)
    if (at == offset) return known;
  auto read = commit_at(offset);
  if (!read) return read;
  if (x_read.size() == commits_kept) x_read.pop_front();
  x_read.emplace_back(offset, *read);
  return read;
}

Result<bool> RecordedOutcomes::settled(const ViewReader& history, const CommitAt& commit_at,
                                       std::uint64_t shown) {
  using State = RecordedOutcome::State;
  if (auto found = find_numbers(commit_at); !found) return std::unexpected(found.error());
  CommitAt kept = [&](std::uint64_t offset) { return commit(commit_at, offset); };
  for (; x_next < x_all.size(); ++x_next) {
    auto& one = x_all[x_next];
    auto state = one.look(history, kept, shown);
    if (!state) return std::unexpected(state.error());
    if (*state == State::unseen || *state == State::pending) return false;
    if (*state != State::none) x_recorded.emplace_back(std::move(one), *state);
  }
  return true;
}

std::uint64_t RecordedOutcomes::position() const {
  std::uint64_t last = 0;
  for (const auto& [outcome, state] : x_recorded) last = std::max(last, outcome.position());
  return last;
}

}  // namespace ringledger
