// Commands about campaigns.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// What of a tracker's settings is to be set; what is left out stays.
struct PoolWish {
  std::optional<std::int64_t> heartbeat_s, lease_timeout_s, hold_s, call_window_s, cooldown_s,
      repeat_window_s, lookback_s;
  std::optional<bool> hold_soft;
  std::optional<pools::Overflow> overflow;
  Patch<Text<40>> fallback_number;  ///< a phone number in any usual form
  BOOST_DESCRIBE_CLASS(PoolWish, (),
                       (heartbeat_s, lease_timeout_s, hold_s, call_window_s, hold_soft, overflow,
                        fallback_number, cooldown_s, repeat_window_s, lookback_s),
                       (), ())
};

/// The last three are null, and empty, but for website trackers.
struct CampaignView {
  CampaignId id;
  std::string name;
  campaigns::Type campaign_type{};
  std::vector<campaigns::Channel> channels;
  std::optional<E164> forward_to;
  bool archived = false;
  std::int64_t numbers = 0;
  std::int64_t version = 0;
  std::optional<std::string> publishable_key{};
  std::vector<std::string> allowed_origins{};
  std::optional<pools::Settings> pool{};
  RL_FIELDS(CampaignView, id, name, campaign_type, channels, forward_to, archived, numbers, version,
            publishable_key, allowed_origins, pool);
};
CampaignView view_of(const campaigns::Campaign&);

struct CreateCampaign {
  static constexpr std::string_view operation = "CreateCampaign";
  static constexpr std::string_view summary =
      "Creates a campaign; its name is unique in the workspace, case ignored";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/campaigns"};
  static constexpr Access access = needs("campaigns.write");
  static constexpr int statuses[] = {201};
  WorkspaceId workspace;
  Text<200> name;
  campaigns::Type campaign_type{};
  std::vector<campaigns::Channel> channels;  ///< empty: ["voice"]
  std::optional<Text<40>> forward_to;        ///< a phone number in any usual form
  // Of a website tracker.
  std::optional<std::vector<std::string>> allowed_origins{};  ///< where its pages are: "https://shop.example"
  std::optional<PoolWish> pool{};
  BOOST_DESCRIBE_CLASS(CreateCampaign, (),
                       (workspace, name, campaign_type, channels, forward_to, allowed_origins, pool), (), ())

  using Answer = CampaignView;
};
std::vector<Error> field_faults(const CreateCampaign&, const Book&, const Context&);
Decision<CreateCampaign::Answer> decide(const CreateCampaign&, const Book&, const Context&);

struct UpdateCampaign {
  static constexpr std::string_view operation = "UpdateCampaign";
  static constexpr std::string_view summary = "Changes a campaign's settings";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/campaigns/{campaign}"};
  static constexpr Access access = needs("campaigns.write");
  WorkspaceId workspace;
  CampaignId campaign;
  std::optional<Text<200>> name;
  std::optional<std::vector<campaigns::Channel>> channels;
  Patch<Text<40>> forward_to;
  std::optional<std::vector<std::string>> allowed_origins{};
  std::optional<PoolWish> pool{};
  BOOST_DESCRIBE_CLASS(UpdateCampaign, (),
                       (workspace, campaign, name, channels, forward_to, allowed_origins, pool), (), ())

  using Answer = CampaignView;
};
std::vector<Error> field_faults(const UpdateCampaign&, const Book&, const Context&);
Decision<UpdateCampaign::Answer> decide(const UpdateCampaign&, const Book&, const Context&);

/// Only an empty campaign can be archived; its name stays taken.
struct ArchiveCampaign {
  static constexpr std::string_view operation = "ArchiveCampaign";
  static constexpr std::string_view summary = "Ends a campaign that has no numbers";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/campaigns/{campaign}/archive"};
  static constexpr Access access = needs("campaigns.write");
  WorkspaceId workspace;
  CampaignId campaign;
  BOOST_DESCRIBE_CLASS(ArchiveCampaign, (), (workspace, campaign), (), ())

  using Answer = CampaignView;
};
Decision<ArchiveCampaign::Answer> decide(const ArchiveCampaign&, const Book&, const Context&);

}  // namespace ringledger
