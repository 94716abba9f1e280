// The script that websites load to show each visitor a number of their own.
#pragma once

#include "api/operation.hpp"

namespace ringledger {

/// As it is served: under 5 KB.
const std::string& snippet();
/// GET /js/v1/ringledger.js, with an ETag and an hour in caches.
Operation snippet_operation();

}  // namespace ringledger
