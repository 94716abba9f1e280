#include "domain/campaign.hpp"

namespace ringledger::campaigns {

Campaign created(const Created& e) {
  Campaign c;
  c.id = e.campaign;
  c.workspace = e.workspace;
  c.name = e.name;
  c.campaign_type = e.campaign_type;
  c.channels = e.channels;
  c.forward_to = e.forward_to;
  c.version = 1;
  c.publishable_key = e.publishable_key;
  if (e.allowed_origins) c.allowed_origins = *e.allowed_origins;
  c.pool = e.pool;
  return c;
}

void update(Campaign& c, const Updated& e) {
  if (e.name) c.name = *e.name;
  if (e.channels) c.channels = *e.channels;
  if (e.forward_to || e.forward_to_cleared) c.forward_to = e.forward_to;
  if (e.publishable_key) c.publishable_key = e.publishable_key;
  if (e.allowed_origins) c.allowed_origins = *e.allowed_origins;
  if (e.pool) c.pool = e.pool;
  ++c.version;
}

}  // namespace ringledger::campaigns
