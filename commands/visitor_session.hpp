// Visits of a website: what a page tells with its publishable key, and what the server decides about leases.
// No Idempotency-Key: `session_key` names a session while it lives (api.md "Conventions").
#pragma once

#include "commands/command.hpp"
#include "commands/pool.hpp"

namespace ringledger {

struct ShownNumber {
  E164 e164;
  std::string display;
  RL_FIELDS(ShownNumber, e164, display);
};

/// What the page is to show now.
struct VisitAnswer {
  SessionId session;
  std::optional<ShownNumber> number;  ///< null: what stands on the page
  std::int64_t heartbeat_s = 0;
  std::optional<pools::Overflow> policy;  ///< when no number was free
  RL_FIELDS(VisitAnswer, session, number, heartbeat_s, policy);
};
/// As stored: also what the server's timers need.
struct VisitResult {
  SessionId session;
  std::optional<ShownNumber> number;
  std::int64_t heartbeat_s = 0;
  std::optional<pools::Overflow> policy;
  std::int64_t lease_timeout_s = 0;
  RL_FIELDS(VisitResult, session, number, heartbeat_s, policy, lease_timeout_s);
  [[nodiscard]] VisitAnswer answer() const { return {session, number, heartbeat_s, policy}; }
};

struct StartVisitorSession {
  static constexpr std::string_view operation = "StartVisitorSession";
  static constexpr std::string_view summary =
      "A visitor opened a page: lends a number; the same session_key gets it again while the session lives";
  static constexpr Route route{Method::post, "/v1/public/campaigns/{campaign}/sessions"};
  static constexpr int statuses[] = {200, 201};
  CampaignId campaign;
  Text<200> session_key;
  std::optional<Text<200>> visitor;
  std::optional<Text<2048>> landing_url, referrer;
  sessions::Texts utm, click_ids;
  std::optional<bool> consent;
  BOOST_DESCRIBE_CLASS(StartVisitorSession, (),
                       (campaign, session_key, visitor, landing_url, referrer, utm, click_ids, consent), (),
                       ())
  using Answer = VisitResult;
};
std::vector<Error> field_faults(const StartVisitorSession&, const Book&, const Context&);
Decision<StartVisitorSession::Answer> decide(const StartVisitorSession&, const Book&, const Context&);

struct AddTouch {
  static constexpr std::string_view operation = "AddTouch";
  static constexpr std::string_view summary = "The visitor came again, on another way";
  static constexpr Route route{Method::post, "/v1/public/campaigns/{campaign}/sessions/{session}/touches"};
  CampaignId campaign;
  SessionId session;
  std::optional<Text<2048>> landing_url, referrer;
  sessions::Texts utm, click_ids;
  BOOST_DESCRIBE_CLASS(AddTouch, (), (campaign, session, landing_url, referrer, utm, click_ids), (), ())
  using Answer = VisitResult;
};
std::vector<Error> field_faults(const AddTouch&, const Book&, const Context&);
Decision<AddTouch::Answer> decide(const AddTouch&, const Book&, const Context&);

/// The visit is over; its number stays on hold for a call.
struct EndVisitorSession {
  static constexpr std::string_view operation = "EndVisitorSession";
  static constexpr std::string_view summary = "The visitor left; a call may still come";
  static constexpr Route route{Method::post, "/v1/public/campaigns/{campaign}/sessions/{session}/end"};
  CampaignId campaign;
  SessionId session;
  BOOST_DESCRIBE_CLASS(EndVisitorSession, (), (campaign, session), (), ())

  struct Answer {
    SessionId session;
    std::optional<Timestamp> hold_until;  ///< of its number
    RL_FIELDS(Answer, session, hold_until);
  };
};
Decision<EndVisitorSession::Answer> decide(const EndVisitorSession&, const Book&, const Context&);

/// Internal: what a heartbeat finds; asked of the book, commits nothing.
struct AskVisit {
  static constexpr std::string_view operation = "Heartbeat";
  CampaignId campaign;
  SessionId session;

  struct Answer {
    VisitResult visit;
    bool lacks_number = false;  ///< ShowNumber is to find one
    RL_FIELDS(Answer, visit, lacks_number);
  };
};
Decision<AskVisit::Answer> decide(const AskVisit&, const Book&, const Context&);

/// Internal: a heartbeat came of a session without a number, or with one that is on hold.
struct ShowNumber {
  static constexpr std::string_view operation = "ShowNumber";
  CampaignId campaign;
  SessionId session;
  using Answer = VisitResult;
};
Decision<ShowNumber::Answer> decide(const ShowNumber&, const Book&, const Context&);

/// Internal, of a timer: no heartbeat came until `deadline`, or a hold ended then.
struct LapseSession {
  static constexpr std::string_view operation = "LapseSession";
  SessionId session;
  Timestamp last_seen_at, deadline;
  [[nodiscard]] std::string natural_key() const {
    return "lapse/" + session.to_string() + "/" + std::to_string(deadline.ms);
  }

  struct Answer {
    SessionId session;
    std::optional<Timestamp>
        next;  ///< when it is to be looked at again; absent: there is nothing to wait for
    RL_FIELDS(Answer, session, next);
  };
};
Decision<LapseSession::Answer> decide(const LapseSession&, const Book&, const Context&);

}  // namespace ringledger
