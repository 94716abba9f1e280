// Attribution: whom a call is owed to, and why we say so (../shared/spec/number-pools.md D.4). A pure
// function of what was known at the call's position; its result is stored as a fact and never changes.
#pragma once

#include <string>
#include <vector>

#include "domain/campaign.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::attribution {

/// How touches are weighed; only the default is computed so far.
BOOST_DEFINE_ENUM_CLASS(Model, last_touch)
/// What a reader should know before trusting it.
BOOST_DEFINE_ENUM_CLASS(Flag, risky, repeat_caller, ambiguous, unattributed, stale_display, overflow)
/// Of the rules below; a change of what they give is a new version.
inline constexpr std::int64_t model_version = 1;

struct Candidate {
  SessionId session;
  Share confidence;
  RL_FIELDS(Candidate, session, confidence);
};

/// The snapshot (api.md "the snapshot"), names as they were.
struct Snapshot {
  std::optional<CampaignId> campaign;
  std::optional<std::string> campaign_name;
  std::optional<std::string> source;  ///< the campaign's name, or "overflow"; absent without a campaign
  std::optional<SessionId> session;
  std::vector<Candidate> candidates;
  Model model{};
  std::int64_t model_version = 0;
  Share confidence;
  std::vector<std::string> evidence;  ///< ids of the events used
  std::vector<Flag> flags;
  RL_FIELDS(Snapshot, campaign, campaign_name, source, session, candidates, model, model_version, confidence,
            evidence, flags);
};

/// A stretch of time in which a session was shown the number, as a lease or as shared overflow.
struct Showing {
  SessionId session;
  CampaignId campaign;
  Timestamp from;
  std::optional<Timestamp> until;  ///< absent: still shown
  bool risky = false;              ///< leased while the one before might still call
  bool overflow = false;
  std::string evidence;  ///< id of the event that began it
  std::string touch{};   ///< id of the newest event that told how the visitor came
  RL_FIELDS(Showing, session, campaign, from, until, risky, overflow, evidence, touch);
};

/// An earlier call of the same contact in this campaign.
struct EarlierCall {
  Timestamp at;
  SessionId session;
  Share confidence;
  std::string evidence;
};

/// What is known at the call's position.
struct Known {
  Timestamp at;                                   ///< the call's
  const campaigns::Campaign* campaign = nullptr;  ///< the number's, if any
  std::string assigned_by;                        ///< id of the event that assigned the number; "" unknown
  std::vector<Showing> showings;                  ///< of this number, in any campaign
  std::optional<EarlierCall> earlier;
  std::int64_t call_window_ms = 30LL * 60 * 1000;
  std::int64_t repeat_window_ms = 30LL * 24 * 3600 * 1000;
};

Snapshot attribute(const Known& known);

}  // namespace ringledger::attribution
