// A small world for tests: ids that read well, one account with two workspaces on one provider account.
#pragma once

#include "domain/event.hpp"

namespace ringledger::testing {

template <class IdType>
IdType id(std::uint64_t n) {
  return IdType{RawId::make(1'000, 7, n)};
}

inline const AccountId account = id<AccountId>(1);
inline const WorkspaceId dental = id<WorkspaceId>(2), vision = id<WorkspaceId>(3),
                         foreign_ws = id<WorkspaceId>(4);
inline const MemberId owner = id<MemberId>(5), admin = id<MemberId>(6), manager = id<MemberId>(7);
inline const KeyId owner_key = id<KeyId>(8);
inline const ConnectionId dental_twilio = id<ConnectionId>(10), vision_twilio = id<ConnectionId>(11);
inline const CampaignId spring = id<CampaignId>(20), autumn = id<CampaignId>(21), site = id<CampaignId>(22),
                        texts = id<CampaignId>(23), vision_ads = id<CampaignId>(24);
inline const NumberId n1 = id<NumberId>(31), n2 = id<NumberId>(32), n3 = id<NumberId>(33);
inline const std::string ac_sid = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// "+1415555" and the four digits of 100 + n.
inline E164 phone(unsigned n) { return E164{"+1415555" + std::to_string(10'000 + n).substr(1)}; }
/// "PN" and 32 digits ending in n.
inline std::string pn(unsigned n) {
  std::string digits = std::to_string(n);
  return "PN" + std::string(32 - digits.size(), '0') + digits;
}

/// The account, its people, both workspaces, a connection to one provider account in each.
inline std::vector<Event> people() {
  return {
      accounts::Created{account, "Acme", owner},
      members::Added{owner, true, Personal<std::string>("Olga Owner"),
                     Personal<std::string>("olga@acme.example")},
      workspaces::Created{dental, "Acme Dental", "US", "America/New_York", workspaces::Plan::agency, owner},
      workspaces::Created{vision, "Acme Vision", "GB", "Europe/London", workspaces::Plan::indie, owner},
      members::Added{admin, false, Personal<std::string>("Ada Admin"),
                     Personal<std::string>("ada@acme.example")},
      members::RoleGranted{admin, dental, members::Role::admin},
      members::Added{manager, false, Personal<std::string>("Max Manager"),
                     Personal<std::string>("max@acme.example")},
      members::RoleGranted{manager, dental, members::Role::manager},
      keys::Created{owner_key, "first key", owner, {}, {}, "digest", {}},
  };
}
inline connections::Added connection_added(ConnectionId con, WorkspaceId ws,
                                           const std::string& sid = ac_sid) {
  return {con,      ws,  connections::Provider::twilio,
          "Twilio", sid, Secret<std::string>("token-1234567890"),
          {},       {},  "7890"};
}
inline campaigns::Created campaign_created(
    CampaignId c, const std::string& name, campaigns::Type type,
    std::vector<campaigns::Channel> channels = {campaigns::Channel::voice}, WorkspaceId ws = dental) {
  return {c, ws, name, type, std::move(channels), {}};
}
inline std::vector<Event> acme() {
  auto all = people();
  all.insert(
      all.end(),
      {
          connection_added(dental_twilio, dental),
          connection_added(vision_twilio, vision),
          campaign_created(spring, "Spring", campaigns::Type::static_),
          campaign_created(autumn, "Autumn", campaigns::Type::static_),
          campaign_created(site, "Website", campaigns::Type::website_tracker),
          campaign_created(texts, "Texts", campaigns::Type::static_, {campaigns::Channel::sms}),
          campaign_created(vision_ads, "Ads", campaigns::Type::static_, {campaigns::Channel::voice}, vision),
      });
  return all;
}

/// As a `keep` import records it: voice and SMS, theirs hooks in place.
inline numbers::Imported imported(NumberId n, unsigned digits) {
  numbers::Imported e;
  e.number = n;
  e.workspace = dental;
  e.connection = dental_twilio;
  e.e164 = phone(digits);
  e.sid = pn(digits);
  e.country = "US";
  e.area_code = "415";
  e.number_type = numbers::NumberType::local;
  e.capabilities = {true, true, true, false};
  e.actual.hooks.voice_url = "https://theirs.example/voice";
  e.actual.hooks.voice_method = "POST";
  e.actual.friendly_name = "(415) 555-0100";
  return e;
}
inline numbers::Assigned assigned(NumberId n, CampaignId c, std::optional<CampaignId> from = {}) {
  return {n, dental, c, from, {}};
}
inline numbers::Unassigned unassigned(NumberId n, CampaignId from) { return {n, dental, from, {}}; }

inline std::vector<Event> operator+(std::vector<Event> events, const Event& more) {
  events.push_back(more);
  return events;
}

}  // namespace ringledger::testing
