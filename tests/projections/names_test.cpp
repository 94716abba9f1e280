// Campaigns, connections, workspaces, members: their rows and lists.
#include "projections/campaigns.hpp"
#include "projections/connections.hpp"
#include "projections/members.hpp"
#include "projections/workspaces.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

std::vector<std::string> campaign_names(const World& w, PageRequest page = {}, WorkspaceId workspace = ws()) {
  std::vector<std::string> out;
  for (const auto& row : list_campaigns(w.sight().of<CampaignsView>(), workspace, page).value().items) {
    out.push_back(row.campaign.name);
  }
  return out;
}

campaigns::Updated update(std::uint64_t n) {
  campaigns::Updated e;
  e.campaign = cmp(n);
  e.workspace = ws();
  return e;
}

TEST_CASE("ASG-01 campaigns are listed alphabetically, case ignored, all of the workspace") {
  World w;
  w.given({campaign(1, "beta"), campaign(2, "Alpha"), campaign(3, "alphabet"), campaign(4, "Gamma"),
           campaign(5, "other", campaigns::Type::static_, ws(2))});
  CHECK(campaign_names(w) == std::vector<std::string>{"Alpha", "alphabet", "beta", "Gamma"});
  auto e = update(4);
  e.name = "aa";
  w.given({e});
  CHECK(campaign_names(w) == std::vector<std::string>{"aa", "Alpha", "alphabet", "beta"});
  auto page = list_campaigns(w.sight().of<CampaignsView>(), ws(), {.limit = 3}).value();
  CHECK(page.total == 4);
  CHECK(campaign_names(w, {.limit = 3, .cursor = *page.next_cursor}) == std::vector<std::string>{"beta"});
  CHECK(campaign_names(w, {.limit = 2, .skip = 3}) == std::vector<std::string>{"beta"});
  CHECK_FALSE(
      list_campaigns(w.sight().of<CampaignsView>(), ws(2), {.cursor = *page.next_cursor}).has_value());
}

TEST_CASE("ASG-01 case is ignored in every script") {
  World w;
  w.given({campaign(1, "été b"), campaign(2, "ÉTÉ a"), campaign(3, "Été c")});
  CHECK(campaign_names(w) == std::vector<std::string>{"ÉTÉ a", "été b", "Été c"});
}

TEST_CASE("a campaign's row shows what was set, its version only what people set") {
  World w;
  w.given({campaign(1, "Radio")});
  auto e = update(1);
  e.forward_to = E164{"+14155550100"};
  e.channels = std::vector{campaigns::Channel::sms};
  w.given({e}).given({imported(1, "+14155550101")}).given({assigned(1, 1)});
  auto row = find_campaign(w.sight().of<CampaignsView>(), ws(), cmp(1)).value().value().campaign;
  CHECK(row.forward_to == E164{"+14155550100"});
  CHECK(row.channels == std::vector{campaigns::Channel::sms});
  CHECK(row.numbers == 1);
  CHECK(row.version == 2);
  auto clear = update(1);
  clear.forward_to_cleared = true;
  w.given({clear}).given({unassigned(1, 1)}).given({campaigns::Archived{cmp(1), ws()}});
  row = find_campaign(w.sight().of<CampaignsView>(), ws(), cmp(1)).value().value().campaign;
  CHECK_FALSE(row.forward_to.has_value());
  CHECK(row.numbers == 0);
  CHECK(row.archived);
  CHECK_FALSE(find_campaign(w.sight().of<CampaignsView>(), ws(2), cmp(1)).value().has_value());
}

TEST_CASE("a connection's row says that secrets are set, and never holds them") {
  World w;
  connections::Added added;
  added.connection = con();
  added.workspace = ws();
  added.name = "Twilio";
  added.account_sid = "AC1";
  added.auth_token = Secret<std::string>("canary secret");
  added.auth_token_last4 = "cret";
  w.given({added});
  connections::Verified verified{con(), ws(), connections::State::active, "Full", 0, ""};
  w.given({verified});
  auto row = find_connection(w.sight().of<ConnectionsView>(), ws(), con()).value().value();
  CHECK(row.auth_token_set);
  CHECK_FALSE(row.api_key_secret_set);
  CHECK(row.state == connections::State::active);
  CHECK(row.account_type == "Full");
  CHECK(row.verified_at == w.log.now());
  CHECK(row.version == 1);
  for (const auto& family : w.store->families()) {
    w.store->snapshot()->scan(family, "", "\xff", false, [](std::string_view, std::string_view value) {
      CHECK(value.find("canary") == std::string_view::npos);
      return true;
    });
  }
  connections::Updated updated;
  updated.connection = con();
  updated.workspace = ws();
  updated.name = "Main";
  updated.api_key_secret = Secret<std::string>("x");
  w.given({updated});
  auto page = list_connections(w.sight().of<ConnectionsView>(), ws(), {}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].name == "Main");
  CHECK(page.items[0].api_key_secret_set);
  CHECK(page.items[0].version == 2);
  CHECK(page.total == 1);
  CHECK(list_connections(w.sight().of<ConnectionsView>(), ws(2), {}).value().items.empty());
}

TEST_CASE("a connection's row shows that its API key was removed") {
  World w;
  connections::Added added;
  added.connection = con();
  added.workspace = ws();
  added.api_key_sid = "SK1";
  added.api_key_secret = Secret<std::string>("x");
  w.given({added, connections::ApiKeyRemoved{con(), ws(), true}});
  auto row = [&] { return find_connection(w.sight().of<ConnectionsView>(), ws(), con()).value().value(); };
  CHECK(row().api_key_sid == "SK1");
  CHECK_FALSE(row().api_key_secret_set);
  w.given({connections::ApiKeyRemoved{con(), ws(), false}});
  CHECK_FALSE(row().api_key_sid);
  CHECK(row().version == 3);
}

TEST_CASE("a connection added without secrets says so until they come") {
  World w;
  connections::Added added;
  added.connection = con();
  added.workspace = ws();
  w.given({added});
  auto row = [&] { return find_connection(w.sight().of<ConnectionsView>(), ws(), con()).value().value(); };
  CHECK_FALSE(row().auth_token_set);
  connections::Updated updated;
  updated.connection = con();
  updated.workspace = ws();
  updated.auth_token = Secret<std::string>("token");
  updated.auth_token_last4 = "oken";
  w.given({updated});
  CHECK(row().auth_token_set);
  CHECK(row().auth_token_last4 == "oken");
  CHECK_FALSE(row().api_key_secret_set);
}

TEST_CASE("workspaces and members are listed within their account and workspace") {
  World w;
  w.given({members::Added{mem(), true, Personal<std::string>("Ann"), {}},
           members::Added{mem(2), false, Personal<std::string>("Bob"), {}},
           workspaces::Created{ws(1), "Dental", "US", "UTC", workspaces::Plan::indie, mem()},
           workspaces::Created{ws(2), "Audio", "GB", "UTC", workspaces::Plan::agency, mem()}});
  workspaces::Updated update;
  update.workspace = ws(1);
  update.plan = workspaces::Plan::agency;
  w.given({update}).given({members::RoleGranted{mem(2), ws(1), members::Role::agent}});
  auto page = list_workspaces(w.sight().of<WorkspacesView>(), acc(), {}).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].workspace.name == "Audio");
  CHECK(page.items[1].workspace.plan == workspaces::Plan::agency);
  CHECK(page.items[1].workspace.version == 2);
  CHECK_FALSE(find_workspace(w.sight().of<WorkspacesView>(), acc(2), ws(1)).value().has_value());

  auto members_in = [&](WorkspaceId workspace) {
    std::vector<MemberId> ids;
    auto found = list_members(w.sight().of<MembersView>(), workspace, {}).value();
    CHECK(found.total == found.items.size());
    for (const auto& row : found.items) ids.push_back(row.member.id);
    return ids;
  };
  CHECK(members_in(ws(1)) == std::vector<MemberId>{mem(), mem(2)});
  CHECK(members_in(ws(2)) == std::vector<MemberId>{mem()});
  w.given({members::RoleGranted{mem(2), ws(1), members::Role::manager}});
  CHECK(members_in(ws(1)).size() == 2);
  auto bob = find_member(w.sight().of<MembersView>(), acc(), mem(2)).value().value();
  CHECK(bob.member.role_in(ws(1)) == members::Role::manager);
  CHECK(bob.member.version == 3);
  w.given({members::RoleRevoked{mem(2), ws(1)}});
  CHECK(members_in(ws(1)).size() == 1);
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
