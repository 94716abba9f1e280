// Every read model there is.
#pragma once

#include "projections/runner.hpp"

namespace ringledger {

/// The views of an installation, with the binary row codec.
ViewSet all_views();

}  // namespace ringledger
