// Histories that could have happened, from a seed.
#pragma once

#include <map>
#include <random>
#include <set>

#include "tests/projections/support/world.hpp"

namespace ringledger::test {

/// Makes possible events one commit at a time, over two workspaces, and keeps what they amount to.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : x_random(seed) {}
  /// The events of the first commit: two workspaces, their owner, campaigns.
  std::vector<Event> beginning();
  /// The next commit's events; `at` is the log time it will get.
  std::vector<Event> next(Timestamp at);

  std::map<NumberId, numbers::Number> numbers;  ///< as evolve has them
  std::map<CampaignId, campaigns::Created> campaigns;
  std::map<NumberId, Timestamp> last_calls;  ///< received where the number is now
  std::map<CallId, calls::Call> calls;
  std::set<CallId> first_calls;  ///< by which their caller became known
  /// A number from 0 to n - 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(x_random() % n); }
  bool once_in(std::size_t n) { return below(n) == 0; }

 private:
  std::vector<Event> event_of(const numbers::Number& n);
  std::vector<Event> call_to(const numbers::Number& n);
  contacts::Erased& contact_of(WorkspaceId workspace, const std::string& phone, std::vector<Event>& events);
  std::vector<Event> some_erasure();
  std::vector<Event> some_name();
  std::vector<Event> some_note();
  void note(const calls::Event& event, const std::vector<Event>& commit, Timestamp at);
  numbers::Imported some_import(std::uint64_t n);
  std::mt19937_64 x_random;
  std::vector<calls::Received> x_calls_on;
  std::uint64_t x_calls_made = 0;
  /// Of each caller in a workspace, with what an erasure has to name.
  std::map<std::pair<WorkspaceId, std::string>, contacts::Erased> x_callers;
  std::uint64_t x_contacts_made = 0;
};

}  // namespace ringledger::test
