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

/// How the caller's touches are weighed. The default is what a call is attributed by when it rings.
BOOST_DEFINE_ENUM_CLASS(Model, last_touch, first_touch, last_non_direct, lead_creation, linear,
                        first_and_lead, position, time_decay)
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

/// A time that a visitor came: the visit's beginning, or another way that led into the same one.
struct Touch {
  SessionId session;
  Timestamp at;
  bool direct = false;   ///< nothing told how the visitor came: no campaign parameter, click id or referrer
  std::string evidence;  ///< id of the event
  RL_FIELDS(Touch, session, at, direct, evidence);
};
/// In time, each once: the first and the newest `most_touches - 1`.
void remember(std::vector<Touch>& touches, const Touch& touch);
inline constexpr std::size_t most_touches = 32;

/// A stretch of time in which a session was shown the number, as a lease or as shared overflow.
struct Showing {
  SessionId session;
  CampaignId campaign;
  Timestamp from;
  std::optional<Timestamp> until;  ///< absent: still shown
  bool risky = false;              ///< leased while the one before might still call
  bool overflow = false;
  std::string evidence;          ///< id of the event that began it
  std::vector<Touch> touches{};  ///< of the session so far
  RL_FIELDS(Showing, session, campaign, from, until, risky, overflow, evidence, touches);
};

/// An earlier call of the same contact in this campaign.
struct EarlierCall {
  Timestamp at;
  SessionId session;
  Share confidence;
  std::string evidence;
  RL_FIELDS(EarlierCall, at, session, confidence, evidence);
};

/// The campaign of the number, as it was.
struct CampaignThen {
  CampaignId id;
  std::string name;
  campaigns::Type campaign_type{};
  RL_FIELDS(CampaignThen, id, name, campaign_type);
};

/// What is known at the call's position.
struct Known {
  Timestamp at;  ///< the call's
  std::optional<CampaignThen> campaign;
  std::string assigned_by;        ///< id of the event that assigned the number; "" unknown
  std::vector<Showing> showings;  ///< of this number, in any campaign
  std::optional<EarlierCall> earlier;
  std::vector<Touch> touches;        ///< of the caller's visits that earlier calls were attributed to
  std::optional<Timestamp> lead_at;  ///< when the caller became a contact
  std::int64_t call_window_ms = 30LL * 60 * 1000;
  std::int64_t repeat_window_ms = 30LL * 24 * 3600 * 1000;
  std::int64_t lookback_ms = 30LL * 24 * 3600 * 1000;  ///< touches before count no more
  RL_FIELDS(Known, at, campaign, assigned_by, showings, earlier, touches, lead_at, call_window_ms,
            repeat_window_ms, lookback_ms);
};

/// The call may be owed to who was shown the number then.
bool covers(const Known& known, const Showing& showing);
/// Which visit it was, and how surely, is told by the rules alone; a model then deals that certainty out over
/// the caller's touches. Where no visit is known there is nothing to deal out.
Snapshot attribute(const Known& known, Model model = Model::last_touch);
/// The same rules' result, weighed by another model (attribution_models.cpp).
Snapshot weighed(Snapshot by_rules, const Known& known, Model model);

}  // namespace ringledger::attribution
