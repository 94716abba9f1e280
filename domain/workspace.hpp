// Workspaces: a client, brand or team inside an account.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/contact.hpp"
#include "domain/described.hpp"
#include "domain/ids.hpp"
#include "domain/values.hpp"

namespace ringledger::workspaces {

BOOST_DEFINE_ENUM_CLASS(Plan, indie, agency)

struct Created {
  static constexpr std::string_view type = "workspace.created.v1";
  WorkspaceId workspace;
  std::string name;
  std::string default_country;  ///< ISO 3166-1 alpha-2
  std::string time_zone;        ///< IANA name
  Plan plan{};
  MemberId owner;  ///< the creator, who owns it
  RL_FIELDS(Created, workspace, name, default_country, time_zone, plan, owner);
};

/// Only the fields that were set are present.
struct Updated {
  static constexpr std::string_view type = "workspace.updated.v1";
  WorkspaceId workspace;
  std::optional<std::string> name, default_country, time_zone;
  std::optional<Plan> plan;
  std::optional<bool> detect_caller_name{};
  std::optional<Share> least_ai_confidence{};
  std::optional<std::vector<std::string>> manager_grants{}, member_grants{};
  RL_FIELDS(Updated, workspace, name, default_country, time_zone, plan, detect_caller_name,
            least_ai_confidence, manager_grants, member_grants);
};

using Event = std::variant<Created, Updated>;

/// Capabilities, sorted: what managers and members may do with calls and contacts until it is set.
inline std::vector<std::string> first_grants() { return {"calls.read", "contacts.read"}; }

struct Workspace {
  WorkspaceId id;
  std::string name, default_country, time_zone;
  Plan plan{};
  std::int64_t version = 0;
  bool detect_caller_name = true;                             ///< CNA-04: takes names from an AI
  Share least_ai_confidence = contacts::least_ai_confidence;  ///< CNA-06, C20: strictly above
  std::vector<std::string> manager_grants = first_grants(),   ///< ROL-02 "depends": capabilities, sorted
      member_grants = first_grants();
  RL_FIELDS(Workspace, id, name, default_country, time_zone, plan, version, detect_caller_name,
            least_ai_confidence, manager_grants, member_grants);
};

Workspace created(const Created& event);
void update(Workspace& workspace, const Updated& event);

}  // namespace ringledger::workspaces
