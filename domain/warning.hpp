// Assignment warnings: what a person should know before a number moves (ASG-04…09, exact texts of S0).
#pragma once

#include <optional>
#include <string>

#include "domain/campaign.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger {

BOOST_DEFINE_ENUM_CLASS(WarningCode, moving_between_campaigns, active_visitor_session, campaign_left_empty,
                        pool_exhaustion_risk, recent_visitor)
BOOST_DEFINE_ENUM_CLASS(Severity, info, warning, danger, critical)

struct Warning {
  WarningCode code{};
  Severity severity{};
  std::string message;
  std::optional<CampaignId> campaign;
  std::optional<SessionId> session;
  RL_FIELDS(Warning, code, severity, message, campaign, session);
};

/// The number leaves `name` (ASG-04); critical when that campaign is static (ASG-05).
Warning moving_between_campaigns(CampaignId id, const std::string& name, campaigns::Type type);
/// The number is shown to a website visitor now (ASG-06).
Warning active_visitor_session(SessionId session);
/// The number is the last one of `name` (ASG-07).
Warning campaign_left_empty(CampaignId id, const std::string& name);

/// One number less and so many visitors would find none (ASG-09).
Warning pool_exhaustion_risk(CampaignId id, const std::string& name, Share blocked);
/// Somebody saw it a short time ago and may still call.
Warning recent_visitor(SessionId session, Timestamp seen_at, Timestamp now);

}  // namespace ringledger
