// Events by their stored type name: JSON in, JSON out, and the upcasts that turn old versions into new.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <string>

#include "adapters/json/json_reader.hpp"
#include "domain/event.hpp"

namespace ringledger::json {

/// Turns the stored members of one version into those of the next; gives the next version's type name.
using Upcast = std::function<std::string(boost::json::object& members)>;
/// By stored type name ("number.assigned.v1"). A v1 is never edited: its change is a v2 and an entry here.
using Upcasts = std::map<std::string, Upcast, std::less<>>;
const Upcasts& upcasts();

/// The event's clear and personal members.
Split split_event(const Event& event);
/// Reads the event named `type` from its members (sealed ones merged in already).
Result<Event> read_event(std::string_view type, boost::json::object members, const Upcasts& upcasts);
/// Every stored type name, sorted.
std::vector<std::string_view> event_types();
/// Whose key seals the event's personal fields; "" when it has none.
std::string subject_of_sealed(const Event& event);

}  // namespace ringledger::json
