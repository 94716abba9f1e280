// The exact texts and severities of the assignment warnings (features.md ASG-04…09).
#include "domain/warning.hpp"

#include <algorithm>

namespace ringledger {

Warning moving_between_campaigns(CampaignId id, const std::string& name, campaigns::Type type) {
  auto severity = type == campaigns::Type::static_ ? Severity::critical : Severity::warning;
  return {.code = WarningCode::moving_between_campaigns,
          .severity = severity,
          .message = "This number will be removed from " + name +
                     ". That campaign may stop working if it's a static campaign.",
          .campaign = id,
          .session = std::nullopt};
}

Warning active_visitor_session(SessionId session) {
  return {.code = WarningCode::active_visitor_session,
          .severity = Severity::danger,
          .message =
              "This number is currently displayed to a visitor on your website. Unassigning it "
              "now may cause a failed call for that visitor.",
          .campaign = std::nullopt,
          .session = session};
}

Warning campaign_left_empty(CampaignId id, const std::string& name) {
  return {.code = WarningCode::campaign_left_empty,
          .severity = Severity::warning,
          .message = "Removing this number will leave " + name +
                     " with no numbers. Calls to this campaign will stop.",
          .campaign = id,
          .session = std::nullopt};
}

Warning pool_exhaustion_risk(CampaignId id, const std::string& name, Share blocked) {
  auto per_mille = (blocked.ten_thousandths + 5) / 10;
  auto percent = std::to_string(per_mille / 10) + "." + std::to_string(per_mille % 10);
  return {.code = WarningCode::pool_exhaustion_risk,
          .severity = Severity::warning,
          .message = "Without this number about " + percent + " % of the visitors of " + name +
                     " would find no number free, at the traffic of the last hours.",
          .campaign = id,
          .session = std::nullopt};
}

Warning recent_visitor(SessionId session, Timestamp seen_at, Timestamp now) {
  auto minutes = std::max<std::int64_t>(0, now.ms - seen_at.ms) / 60'000;
  return {.code = WarningCode::recent_visitor,
          .severity = Severity::info,
          .message = "Someone saw this number " + std::to_string(minutes) +
                     " minutes ago. Their call will not be tracked.",
          .campaign = std::nullopt,
          .session = session};
}

}  // namespace ringledger
