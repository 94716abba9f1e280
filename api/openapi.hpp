// What the API tells about itself: OpenAPI 3.1 from the operations' own declarations, and a page that shows
// it.
#pragma once

#include <string>
#include <vector>

#include "api/operation.hpp"

namespace ringledger {

/// The OpenAPI 3.1 document, as JSON text; a pure function of the operations.
std::string openapi_document(const std::vector<Operation>& operations);

/// /healthz, /version, /openapi.json and /docs, public and without a look at any data. The document
/// describes `described` and these four.
std::vector<Operation> document_operations(std::vector<Operation> described);

/// The page behind /docs: one file, no fetch but /openapi.json.
std::string_view docs_page();

}  // namespace ringledger
