// The exact texts and severities of the assignment warnings (features.md ASG-04…07).
#include "domain/warning.hpp"

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

}  // namespace ringledger
