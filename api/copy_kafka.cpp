#include "api/copy_kafka.hpp"

#include <fmt/format.h>

namespace ringledger::offline {

Result<Config> with_kafka(Config config, std::string_view option, std::string_view url) {
  constexpr std::string_view scheme = "kafka://";
  auto slash = url.starts_with(scheme) ? url.find('/', scheme.size()) : std::string_view::npos;
  if (slash == std::string_view::npos || slash == scheme.size() || slash + 1 == url.size()) {
    return fail(Code::validation_failed,
                fmt::format("{} must be kafka://HOST:PORT[,HOST:PORT…]/PREFIX, not {}", option, url));
  }
  config.log.engine = "kafka";
  config.kafka.bootstrap = url.substr(scheme.size(), slash - scheme.size());
  config.kafka.topic.clear();
  config.kafka.topic_prefix = url.substr(slash + 1);
  return config;
}

Result<void> check_equal(const CopySums& copied, const CopySums& wanted) {
  if (copied == wanted) return {};
  return fail(Code::internal, fmt::format("the copy has {} commits with hash {}, the source {} with {}",
                                          copied.commits, copied.hash, wanted.commits, wanted.hash));
}

}  // namespace ringledger::offline
