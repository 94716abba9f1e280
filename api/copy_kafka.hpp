// Which Kafka log a copy is from or to, and what is compared in the end.
#pragma once

#include <string>
#include <string_view>

#include "api/config.hpp"
#include "api/copy_source.hpp"

namespace ringledger::offline {

/// With the log that `url` names: kafka://HOST:PORT[,…]/PREFIX. Code::validation_failed names the option.
Result<Config> with_kafka(Config config, std::string_view option, std::string_view url);

/// Code::internal says both.
Result<void> check_equal(const CopySums& copied, const CopySums& wanted);

}  // namespace ringledger::offline
