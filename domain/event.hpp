// Every event there is, and what derives from its declaration: type name, workspace, entities.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/account.hpp"
#include "domain/call.hpp"
#include "domain/campaign.hpp"
#include "domain/connection.hpp"
#include "domain/contact.hpp"
#include "domain/fold.hpp"
#include "domain/key.hpp"
#include "domain/member.hpp"
#include "domain/message.hpp"
#include "domain/number.hpp"
#include "domain/one_of.hpp"
#include "domain/visitor_session.hpp"
#include "domain/workspace.hpp"

namespace ringledger {

using Event = OneOf<Concat<accounts::Event, workspaces::Event, members::Event, keys::Event,
                           connections::Event, campaigns::Event, numbers::Event, calls::Event,
                           sessions::Event, contacts::Event, messages::Event>::type>;
extern template class OneOf<Event::Variant>;

/// "number.assigned.v1".
std::string_view type_of(const Event& event);
/// The event's field `workspace`, when it has one.
std::optional<WorkspaceId> workspace_of(const Event& event);
/// Every id the event names (also inside optionals and lists), as text, each once, the first being
/// the entity the event is about.
std::vector<std::string> entities_of(const Event& event);
/// CloudEvents `subject`: "numbers/num_…" for the entity the event is about.
std::string subject_of(const Event& event);

}  // namespace ringledger
