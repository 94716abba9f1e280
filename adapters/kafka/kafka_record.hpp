// A record of the log as a Kafka message: key = account id, value = the payload as it is, headers = what a
// person or a connector wants to know without parsing: kind, format version `v`, commit id, command, event
// types.
#pragma once

#include <librdkafka/rdkafka.h>

#include "commands/ports/event_log.hpp"

namespace ringledger {

inline constexpr std::string_view kafka_format_version = "1";

/// Owned by the caller (librdkafka takes headers over with a produce that succeeds).
rd_kafka_headers_t* kafka_headers(const NewRecord& record);
/// "acc_…", or "" for what belongs to no account.
std::string kafka_key(const NewRecord& record);

/// A message that none of us wrote is of kind `foreign`, without payload. Code::internal: it is ours, but of
/// a later format than this release reads.
Result<LogRecord> kafka_record(const rd_kafka_message_t& message);

}  // namespace ringledger
