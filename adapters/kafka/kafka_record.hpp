// A record of the log as a Kafka message: key = account id, value = the payload as it is, headers = its kind,
// and what a person or a connector wants to know without parsing: format level `v`, commit id, command, event
// types.
#pragma once

#include <librdkafka/rdkafka.h>

#include "commands/ports/event_log.hpp"

namespace ringledger {

/// Owned by the caller (librdkafka takes headers over with a produce that succeeds).
rd_kafka_headers_t* kafka_headers(const NewRecord& record);
/// "acc_…", or "" for what belongs to no account.
std::string kafka_key(const NewRecord& record);

/// A message that none of us wrote is of kind `foreign`, without payload. Whether a release reads the level
/// of any other matters only when it counts: that is for who folds it.
LogRecord kafka_record(const rd_kafka_message_t& message);

}  // namespace ringledger
