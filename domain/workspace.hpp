// Workspaces: a client, brand or team inside an account.
#pragma once

#include <variant>

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
  RL_FIELDS(Updated, workspace, name, default_country, time_zone, plan);
};

using Event = std::variant<Created, Updated>;

struct Workspace {
  WorkspaceId id;
  std::string name, default_country, time_zone;
  Plan plan{};
  std::int64_t version = 0;
  RL_FIELDS(Workspace, id, name, default_country, time_zone, plan, version);
};

}  // namespace ringledger::workspaces
