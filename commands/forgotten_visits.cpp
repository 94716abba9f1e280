#include "commands/forgotten_visits.hpp"

namespace ringledger {

Decision<ForgetVisits::Answer> decide(const ForgetVisits& c, const Book& book, const Context& ctx) {
  if (c.ended_before.ms > ctx.now.ms - sessions::kept_after_end_ms)
    return refuse(Code::validation_failed, "They ended too short a while ago.");
  sessions::Forgotten e{c.workspace, {}, c.ended_before};
  for (auto session : c.sessions) {
    bool needed = book.find<sessions::Session>(session) || book.find<SessionOfCall>(session);
    if (!needed) e.sessions.push_back(session);
  }
  ForgetVisits::Answer answer{static_cast<std::int64_t>(e.sessions.size())};
  if (e.sessions.empty()) return Accepted<ForgetVisits::Answer>{{}, answer};
  return Accepted<ForgetVisits::Answer>{{std::move(e)}, answer};
}

}  // namespace ringledger
