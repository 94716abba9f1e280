// Internal: numbers whose hooks at the provider name a URL of ours from before it changed. No route.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// Wishes the hooks of these numbers anew. A number that was wished something else meanwhile, or has nothing
/// of ours any more, is passed over: what is sent next names today's URL anyway.
struct RenewOutdatedHooks {
  static constexpr std::string_view operation = "RenewOutdatedHooks";
  struct Seen {
    NumberId number;
    std::int64_t revision = 0;  ///< of its wishes, when its hooks were looked at
  };
  std::vector<Seen> numbers;
  std::string public_url;

  struct Answer {
    std::int64_t renewed = 0;
    RL_FIELDS(Answer, renewed);
  };
};
Decision<RenewOutdatedHooks::Answer> decide(const RenewOutdatedHooks&, const Book&, const Context&);

}  // namespace ringledger
