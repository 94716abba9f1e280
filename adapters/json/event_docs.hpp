// docs/events.md, written from the events' own declarations.
#pragma once

#include <string>

namespace ringledger::json {

/// The whole file: per stored type, in order of their names, a table of its fields: dotted path, JSON
/// type, whether it may be absent, whether it is sealed.
std::string events_markdown();

}  // namespace ringledger::json
