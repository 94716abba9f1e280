#include "domain/workspace.hpp"

namespace ringledger::workspaces {

Workspace created(const Created& e) {
  Workspace w;
  w.id = e.workspace;
  w.name = e.name;
  w.default_country = e.default_country;
  w.time_zone = e.time_zone;
  w.plan = e.plan;
  w.version = 1;
  return w;
}

void update(Workspace& w, const Updated& e) {
  if (e.name) w.name = *e.name;
  if (e.default_country) w.default_country = *e.default_country;
  if (e.time_zone) w.time_zone = *e.time_zone;
  if (e.plan) w.plan = *e.plan;
  if (e.detect_caller_name) w.detect_caller_name = *e.detect_caller_name;
  if (e.least_ai_confidence) w.least_ai_confidence = *e.least_ai_confidence;
  if (e.manager_grants) w.manager_grants = *e.manager_grants;
  if (e.member_grants) w.member_grants = *e.member_grants;
  ++w.version;
}

}  // namespace ringledger::workspaces
