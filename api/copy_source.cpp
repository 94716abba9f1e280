#include "api/copy_source.hpp"

#include <deque>
#include <memory>

#include "adapters/crypto/hash.hpp"
#include "adapters/json/commit_json.hpp"

namespace ringledger::offline {
namespace {

constexpr std::size_t stretch_bytes = 1024 * 1024;
constexpr std::size_t stretch_commits = 1000;

std::unexpected<Error> not_ours(const LogRecord& record) {
  return fail(Code::internal,
              "offset " + std::to_string(record.offset) + ": this commit was not written by Ringledger");
}

/// One of several sources, with what was read of it ahead.
class Ahead {
 public:
  explicit Ahead(CopySource source) : x_source(std::move(source)) {}
  /// The next commit; nullptr at the end.
  Result<LogRecord*> front() {
    while (x_ahead.empty()) {
      auto stretch = x_source.next(x_next);
      if (!stretch) return std::unexpected(stretch.error());
      if (stretch->next == x_next) return nullptr;
      x_next = stretch->next;
      for (auto& record : stretch->commits) {
        if (!json::log_ms_in(record.payload)) return not_ours(record);
        x_ahead.push_back(std::move(record));
      }
    }
    return &x_ahead.front();
  }
  [[nodiscard]] std::int64_t front_ms() const { return *json::log_ms_in(x_ahead.front().payload); }
  LogRecord take() {
    auto record = std::move(x_ahead.front());
    x_ahead.pop_front();
    return record;
  }
  void begin_again() {
    x_ahead.clear();
    x_next = 0;
  }

 private:
  CopySource x_source;
  Offset x_next = 0;
  std::deque<LogRecord> x_ahead;
};

/// The earliest; of equal ones the first. nullptr: all are at their end.
Result<Ahead*> earliest(std::vector<Ahead>& parts) {
  Ahead* first = nullptr;
  for (auto& part : parts) {
    auto record = part.front();
    if (!record) return std::unexpected(record.error());
    if (*record && (!first || part.front_ms() < first->front_ms())) first = &part;
  }
  return first;
}

}  // namespace

Result<std::string_view> kept_part(const LogRecord& record) {
  auto rest = json::unstamped(record.payload);
  if (rest.empty()) return not_ours(record);
  return rest;
}

CopySource counted_of(EventLog& log, std::function<bool(Offset)> is_void) {
  return {[&log, is_void = std::move(is_void)](Offset from) -> Result<CopySource::Stretch> {
    CopySource::Stretch out{{}, from};
    if (from >= log.kept()) return out;
    auto records = log.read(from, stretch_bytes);
    if (!records) return std::unexpected(records.error());
    for (auto& record : *records) {
      out.next = record.offset + 1;
      if (record.kind == RecordKind::commit && !is_void(record.offset))
        out.commits.push_back(std::move(record));
    }
    return out;
  }};
}

CopySource of_partition(CopySource all, std::uint32_t partition, std::uint32_t partitions) {
  return {[all = std::move(all), partition, partitions](Offset from) -> Result<CopySource::Stretch> {
    auto stretch = all.next(from);
    if (!stretch) return stretch;
    CopySource::Stretch out{{}, stretch->next};
    for (auto& record : stretch->commits) {
      auto account = json::account_in(record.payload);
      if (!account) return not_ours(record);
      if (account->slot() % partitions == partition) out.commits.push_back(std::move(record));
    }
    return out;
  }};
}

CopySource merged(std::vector<CopySource> sources) {
  auto parts = std::make_shared<std::vector<Ahead>>();
  for (auto& source : sources) parts->emplace_back(std::move(source));
  return {[parts](Offset from) -> Result<CopySource::Stretch> {
    if (from == 0) {
      for (auto& part : *parts) part.begin_again();
    }
    CopySource::Stretch out{{}, from};
    while (out.commits.size() < stretch_commits) {
      auto first = earliest(*parts);
      if (!first) return std::unexpected(first.error());
      if (!*first) break;
      out.commits.push_back((*first)->take());
      ++out.next;
    }
    return out;
  }};
}

Result<CopySums> sums_of(const CopySource& source) {
  CopySums sums;
  for (Offset from = 0;;) {
    auto stretch = source.next(from);
    if (!stretch) return std::unexpected(stretch.error());
    if (stretch->next == from) return sums;
    from = stretch->next;
    for (const auto& record : stretch->commits) {
      auto rest = kept_part(record);
      if (!rest) return std::unexpected(rest.error());
      ++sums.commits;
      sums.hash = sha256_hex(sums.hash + std::string(*rest));
    }
  }
}

}  // namespace ringledger::offline
