// A commit: the events of one accepted command, one record in the log (architecture.md "The stored commit").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/event.hpp"

namespace ringledger {

/// Who issued a command: "mem_…" (also through one of the member's keys), "key_…" for a service key,
/// "operator", or "system" for reactors and timers.
struct Principal {
  std::string text;
  friend bool operator==(const Principal&, const Principal&) = default;
};

/// The result a command's answer is rendered from, as it is stored: `clear` and `personal` are JSON
/// objects; rendering merges `personal` into `clear` (RFC 7396 shape, nested members too). Personal
/// members are empty after an erasure. `subject` names the data subject when `personal` is not empty.
struct StoredResult {
  int status = 200;
  std::string clear = "{}";
  std::string personal;
  std::string subject;
  friend bool operator==(const StoredResult&, const StoredResult&) = default;
};

struct Commit {
  std::uint64_t term = 0;
  std::string node;
  std::uint64_t seq = 0;
  std::string basis;  ///< first 16 hex of SHA-256(basis before ‖ payload before)
  CommitId id;
  AccountId account;
  Principal principal;
  std::string command;   ///< operationId
  std::string key_hash;  ///< of account, principal and key, or of a natural key (hex)
  std::string req_hash;  ///< HMAC of the request under the installation key (hex)
  Timestamp log_time;    ///< the account's log time: never falls within an account
  Timestamp at;          ///< wall clock, information only
  std::string cause;     ///< commit id that caused this one, "" for a client's command
  std::string trace;     ///< W3C traceparent
  std::string refusal;   ///< code of a refusal by state; "" when accepted
  StoredResult result;
  std::uint64_t first_sequence = 0;  ///< of events[0] in the account, from 1
  std::vector<Event> events;
  friend bool operator==(const Commit&, const Commit&) = default;
};

struct Claim {
  std::uint64_t term = 0;
  std::string node;
  std::string url;
  friend bool operator==(const Claim&, const Claim&) = default;
};

struct LogHeader {
  std::string epoch;
  std::string installation;
  std::uint32_t partitions = 1;
  friend bool operator==(const LogHeader&, const LogHeader&) = default;
};

/// An event's name for ever: `<commit id>/<index>`.
inline std::string event_id(CommitId commit, std::size_t index) {
  return commit.to_string() + "/" + std::to_string(index);
}

/// One event where it stands in the log: what read models and evolve are given.
struct Fact {
  const Event& event;
  const Commit& commit;
  std::uint64_t offset = 0;  ///< of the commit
  std::size_t index = 0;     ///< of the event in the commit
  [[nodiscard]] std::uint64_t sequence() const { return commit.first_sequence + index; }
  [[nodiscard]] Timestamp at() const { return commit.log_time; }
  [[nodiscard]] std::string id() const { return event_id(commit.id, index); }
};

}  // namespace ringledger
