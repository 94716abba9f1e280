// `ringledger log create`: a topic becomes a log.
#pragma once

#include <string>

#include "adapters/kafka/kafka_settings.hpp"

namespace ringledger {

/// Makes the topic, or mends its settings, and writes `first_record` (of kind LOG) into each partition that
/// has none, the same in all. May be repeated: what is a log already stays as it is, what was begun goes on
/// with its record. True: it is a log only now. A partition that holds other records is refused
/// (Code::validation_failed).
Result<bool> create_kafka_log(KafkaSettings settings, std::int32_t partitions,
                              const std::string& first_record);

/// True: some partition holds more than the record that makes it a log. Code::not_found: there is no such
/// topic.
Result<bool> kafka_log_was_written(KafkaSettings settings);

}  // namespace ringledger
