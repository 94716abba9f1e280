// Events as clients see them: CloudEvents 1.0 in JSON (api.md "An event").
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "domain/commit.hpp"

namespace ringledger {

/// The event at `index` of the commit, which stands at `position`. Personal fields are in clear (null once
/// erased); secrets and digests of keys are left out.
std::string cloud_event(const Commit& commit, std::size_t index, std::string_view position);

/// JSON Schema of the whole of any event.
boost::json::object cloud_event_schema();

/// JSON Schema 2020-12 of the `data` of a stored event type; nullopt: there is no such type.
std::optional<boost::json::object> event_schema(std::string_view type);

}  // namespace ringledger
