// Campaigns: what numbers are lent to.
#pragma once

#include <variant>
#include <vector>

#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/pool_settings.hpp"
#include "domain/values.hpp"

namespace ringledger::campaigns {

BOOST_DEFINE_FIXED_ENUM_CLASS(Type, int, static_, website_tracker)  // JSON: a trailing _ is dropped
BOOST_DEFINE_ENUM_CLASS(Channel, voice, sms)

struct Created {
  static constexpr std::string_view type = "campaign.created.v1";
  CampaignId campaign;
  WorkspaceId workspace;
  std::string name;
  Type campaign_type{};
  std::vector<Channel> channels;
  std::optional<E164> forward_to;
  // Of a website tracker.
  std::optional<std::string> publishable_key{};
  std::optional<std::vector<std::string>> allowed_origins{};
  std::optional<pools::Settings> pool{};
  RL_FIELDS(Created, campaign, workspace, name, campaign_type, channels, forward_to, publishable_key,
            allowed_origins, pool);
};

/// Only the fields that were set are present; `forward_to_cleared` when it was set to null.
struct Updated {
  static constexpr std::string_view type = "campaign.updated.v1";
  CampaignId campaign;
  WorkspaceId workspace;
  std::optional<std::string> name;
  std::optional<std::vector<Channel>> channels;
  std::optional<E164> forward_to;
  bool forward_to_cleared = false;
  std::optional<std::string> publishable_key{};  ///< of a tracker that was older than such keys
  std::optional<std::vector<std::string>> allowed_origins{};
  std::optional<pools::Settings> pool{};  ///< all of them
  RL_FIELDS(Updated, campaign, workspace, name, channels, forward_to, forward_to_cleared, publishable_key,
            allowed_origins, pool);
};

struct Archived {
  static constexpr std::string_view type = "campaign.archived.v1";
  CampaignId campaign;
  WorkspaceId workspace;
  RL_FIELDS(Archived, campaign, workspace);
};

using Event = std::variant<Created, Updated, Archived>;

/// Write-side state. `numbers`: how many numbers are assigned to it.
struct Campaign {
  CampaignId id;
  WorkspaceId workspace;
  std::string name;
  Type campaign_type{};
  std::vector<Channel> channels;
  std::optional<E164> forward_to;
  bool archived = false;
  std::int64_t numbers = 0;
  std::int64_t version = 0;
  std::optional<std::string> publishable_key{};
  std::vector<std::string> allowed_origins{};
  std::optional<pools::Settings> pool{};  ///< what was set; a tracker without has the defaults
  RL_FIELDS(Campaign, id, workspace, name, campaign_type, channels, forward_to, archived, numbers, version,
            publishable_key, allowed_origins, pool);
  [[nodiscard]] bool is_tracker() const { return campaign_type == Type::website_tracker; }
  [[nodiscard]] pools::Settings pool_settings() const { return pool.value_or(pools::Settings{}); }
};
/// What both folds of campaigns make of their first fact and of later ones.
Campaign created(const Created&);
void update(Campaign&, const Updated&);

}  // namespace ringledger::campaigns
