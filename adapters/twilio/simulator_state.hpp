// What the simulated Twilio remembers, as records of text fields, and the journal that keeps it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "commands/ports/disk.hpp"
#include "commands/ports/system.hpp"
#include "domain/result.hpp"

namespace ringledger::simulated {

enum class Kind : std::uint8_t { account, number, application, key, call, message };
inline constexpr std::size_t kinds = 6;
inline constexpr std::size_t max_records = 1'000'000;
inline constexpr std::size_t max_history = 10'000;  ///< calls or messages of one account

/// A resource. Fields are named as in Twilio's JSON; what has its default is absent.
struct Record {
  std::uint64_t seq = 0;  ///< order of creation, over all kinds
  std::string sid;
  std::int64_t created_ms = 0, updated_ms = 0;
  std::map<std::string, std::string, std::less<>> fields;

  /// "" when absent.
  [[nodiscard]] const std::string& get(std::string_view field) const;
  void set(std::string_view field, std::string value);  ///< "" removes
  [[nodiscard]] bool is(std::string_view field) const { return get(field) == "true"; }
};

/// Resources of one kind of one account, newest first as Twilio lists them.
class Collection {
 public:
  using BySeq = std::map<std::uint64_t, Record, std::greater<>>;
  [[nodiscard]] const BySeq& all() const { return by_seq_; }
  [[nodiscard]] const Record* find(std::string_view sid) const;
  /// By the field `phone_number`, exactly.
  [[nodiscard]] const Record* find_phone(std::string_view phone) const;
  void put(Record record);
  void erase(std::uint64_t seq);

 private:
  BySeq by_seq_;
  std::unordered_map<std::string, std::uint64_t> by_sid_, by_phone_;
};

/// Not thread-safe: the simulator's lock guards it.
class State {
 public:
  State(std::uint64_t seed, Clock& clock) : seed_(seed), clock_(clock) {}
  /// Reads `folder/journal.jsonl` and goes on writing it.
  Result<void> open_journal(Disk& disk, const std::string& folder);

  [[nodiscard]] Timestamp now() const { return Timestamp{clock_.now().ms + offset_ms_}; }
  Result<void> set_offset(std::int64_t offset_ms);
  [[nodiscard]] std::int64_t offset_ms() const { return offset_ms_; }

  /// A new record with a SID of that prefix, not stored yet; Code::rate_limited past max_records.
  Result<Record> make(std::string_view sid_prefix);
  /// 32 hex digits that follow from the seed, the purpose and the record.
  [[nodiscard]] std::string hex(std::string_view purpose, std::uint64_t seq) const;
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Stores or replaces; of calls and messages the oldest beyond max_history go.
  Result<void> put(Kind kind, const std::string& account, Record record);
  Result<void> erase(Kind kind, const std::string& account, std::uint64_t seq);
  [[nodiscard]] const Collection& of(Kind kind, const std::string& account) const;
  [[nodiscard]] const Collection& accounts() const { return of(Kind::account, ""); }
  /// The account made first, nullptr when there is none: the demo's.
  [[nodiscard]] const Record* first_account() const;
  /// Whether any account owns that number.
  [[nodiscard]] bool is_owned(std::string_view phone) const;

 private:
  Result<void> append(const std::string& line);
  Result<void> replay(std::string_view text);
  bool apply(std::string_view line);
  void store(Kind kind, const std::string& account, Record record);
  void remove(Kind kind, const std::string& account, std::uint64_t seq);
  Result<void> compact();

  std::uint64_t seed_;
  Clock& clock_;
  std::int64_t offset_ms_ = 0;
  std::uint64_t last_seq_ = 0;
  std::size_t count_ = 0;
  std::map<std::string, std::array<Collection, kinds>> accounts_;
  std::unordered_map<std::string, int> owned_;
  Disk* disk_ = nullptr;
  std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t end_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace ringledger::simulated
