#include "adapters/kafka/kafka_record.hpp"

#include "domain/format_level.hpp"

namespace ringledger {
namespace {

constexpr std::size_t most_types_bytes = 1024;  // headers are kept small: a bulk command has many events

RecordKind kind_of(std::string_view text) {
  for (auto kind : {RecordKind::log, RecordKind::claim, RecordKind::commit}) {
    if (text == text_of(kind)) return kind;
  }
  return RecordKind::foreign;
}

void add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

/// Each type once, in the order met.
std::string types_of(const Commit& commit) {
  std::string types;
  for (const auto& event : commit.events) {
    auto type = std::string(type_of(event));
    if ((',' + types + ',').contains(',' + type + ',') || types.size() + type.size() > most_types_bytes)
      continue;
    types += (types.empty() ? "" : ",") + type;
  }
  return types;
}

std::optional<std::string_view> header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  bool there = rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
               rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!there || !value) return std::nullopt;
  return std::string_view(static_cast<const char*>(value), size);
}

}  // namespace

rd_kafka_headers_t* kafka_headers(const NewRecord& record) {
  auto* headers = rd_kafka_headers_new(5);
  add(headers, "kind", text_of(record.kind));
  add(headers, "v", std::to_string(level_in(record.payload).value_or(first_level)));
  if (!record.commit) return headers;
  add(headers, "commit", record.commit->id.to_string());
  add(headers, "command", record.commit->command);
  add(headers, "types", types_of(*record.commit));
  return headers;
}

std::string kafka_key(const NewRecord& record) {
  return record.commit ? record.commit->account.to_string() : std::string();
}

LogRecord kafka_record(const rd_kafka_message_t& message) {
  LogRecord record{static_cast<Offset>(message.offset), RecordKind::foreign, {}};
  auto kind = kind_of(header(message, "kind").value_or(""));
  bool ours = kind != RecordKind::foreign && header(message, "v") && message.payload;
  if (!ours || message.len > max_payload_bytes) return record;
  record.kind = kind;
  record.payload.assign(static_cast<const char*>(message.payload), message.len);
  return record;
}

}  // namespace ringledger
