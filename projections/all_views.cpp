#include "projections/all_views.hpp"

#include "projections/access.hpp"
#include "projections/calls.hpp"
#include "projections/campaigns.hpp"
#include "projections/connections.hpp"
#include "projections/contacts.hpp"
#include "projections/erasures.hpp"
#include "projections/history.hpp"
#include "projections/inventory.hpp"
#include "projections/members.hpp"
#include "projections/messages.hpp"
#include "projections/provider_sync.hpp"
#include "projections/sessions.hpp"
#include "projections/warnings.hpp"
#include "projections/workspaces.hpp"

namespace ringledger {

ViewSet all_views() {
  ViewSet views;
  views.add<AccessView>();
  views.add<WorkspacesView>();
  views.add<MembersView>();
  views.add<ConnectionsView>();
  views.add<CampaignsView>();
  views.add<InventoryView>();
  views.add<CallsView>();
  views.add<ContactsView>();
  views.add<MessagesView>();
  views.add<SessionsView>();
  views.add<WarningsView>();
  views.add<ProviderSyncView>();
  views.add<HistoryView>();
  views.add<ErasuresView>();
  return views;
}

}  // namespace ringledger
