#include "api/log_copy.hpp"

#include <chrono>
#include <future>

#include "adapters/json/commit_json.hpp"

namespace ringledger::offline {
namespace {

constexpr std::size_t most_on_the_way = 1000;
constexpr auto patience = std::chrono::seconds(30);  // without any record from the target

}  // namespace

Result<void> LogCopy::run(const CopySource& source) {
  x_source = &source;
  x_target.tail(0, [this](std::vector<LogRecord> records) {
    std::lock_guard lock(x_mutex);
    x_arrived.push_back(std::move(records));
    x_changed.notify_all();
  });
  auto end = end_now();
  if (!end) return std::unexpected(end.error());
  if (auto ok = read_to(*end); !ok) return ok;
  auto more = look_ahead(0);
  if (!more) return std::unexpected(more.error());
  if (!*more) return {};
  if (auto ok = claim(); !ok) return ok;
  return send_all();
}

Result<Offset> LogCopy::end_now() {
  std::promise<Result<Offset>> told;
  x_target.end_now([&](Result<Offset> end) { told.set_value(std::move(end)); });
  return told.get_future().get();
}

Result<void> LogCopy::read_to(Offset end) {
  while (x_next < end) {
    if (auto ok = read_some(); !ok) return ok;
  }
  return {};
}

Result<void> LogCopy::read_some() {
  std::vector<LogRecord> records;
  {
    std::unique_lock lock(x_mutex);
    x_changed.wait_for(lock, patience, [&] { return !x_arrived.empty() || x_failed; });
    if (x_failed) return std::unexpected(*x_failed);
    if (x_arrived.empty())
      return fail(Code::unknown_outcome, "the target log does not answer; run the copy again");
    records = std::move(x_arrived.front());
    x_arrived.pop_front();
    x_target.pause_tail(x_arrived.size() > 8);  // a large log is not held in memory
  }
  std::vector<LogRecord> counted;
  for (auto& record : records) {
    auto before = x_own;
    if (auto ok = absorb(record); !ok) return ok;
    x_next = record.offset + 1;
    bool counts = before.epoch != x_own.epoch || before.term != x_own.term || before.seq != x_own.seq;
    if (counts) counted.push_back(std::move(record));
  }
  if (auto kept = x_target.keep(counted); !kept) return kept;
  x_progress(x_confirmed);
  return {};
}

Result<void> LogCopy::absorb(const LogRecord& record) {
  if (record.kind == RecordKind::log && x_own.epoch.empty()) {
    auto header = x_codec.decode_header(record.payload);
    if (!header) return std::unexpected(header.error());
    x_own.epoch = header->epoch;
  }
  if (record.kind == RecordKind::claim) {
    if (auto claim = x_codec.decode_claim(record.payload)) x_own.take(*claim);
  }
  return record.kind == RecordKind::commit ? absorb_commit(record) : Result<void>{};
}

/// Nothing but this copy's commits may count in the target.
Result<void> LogCopy::absorb_commit(const LogRecord& record) {
  auto stamp = x_codec.stamp_of(record.payload);
  if (!stamp || !x_own.is_next(stamp->term, stamp->node, stamp->seq)) return {};
  auto there = look_ahead(0);
  if (!there) return std::unexpected(there.error());
  if (!*there || json::unstamped(record.payload) != json::unstamped(x_ahead.front().payload)) {
    return fail(Code::validation_failed, "the target holds a commit at offset " +
                                             std::to_string(record.offset) +
                                             " that the source has not there: it is no copy of this log");
  }
  x_own.seq = stamp->seq;
  x_own.basis = x_codec.chain(x_own.basis, record.payload);
  x_ahead.pop_front();
  ++x_confirmed;
  return {};
}

/// True: the source has a commit that many behind what was confirmed.
Result<bool> LogCopy::look_ahead(std::size_t at) {
  while (x_ahead.size() <= at) {
    auto stretch = x_source->next(x_source_next);
    if (!stretch) return std::unexpected(stretch.error());
    if (stretch->next == x_source_next) return false;
    x_source_next = stretch->next;
    for (auto& record : stretch->commits) {
      if (auto rest = kept_part(record); !rest) return std::unexpected(rest.error());
      x_ahead.push_back(std::move(record));
    }
  }
  return true;
}

void LogCopy::append(NewRecord record) {
  x_target.append(std::move(record), [this](Result<void> done) {
    if (done) return;
    std::lock_guard lock(x_mutex);
    if (!x_failed) x_failed = Error{Code::unknown_outcome, done.error().detail + "; run the copy again", ""};
    x_changed.notify_all();
  });
}

Result<void> LogCopy::claim() {
  Claim mine{x_own.term + 1, x_node, ""};
  append({RecordKind::claim, x_codec.encode(mine), {}});
  while (x_own.term < mine.term) {
    if (auto ok = read_some(); !ok) return ok;
  }
  if (x_own.owner != x_node)
    return fail(Code::validation_failed, "another node writes the target: stop it first");
  x_seq = 0;
  x_basis = x_own.basis;
  return {};
}

Result<void> LogCopy::send_all() {
  for (std::size_t sent = 0;;) {
    auto more = look_ahead(sent);
    if (!more) return std::unexpected(more.error());
    if (*more && sent < most_on_the_way) {
      if (auto ok = send(x_ahead[sent++]); !ok) return ok;
      continue;
    }
    if (sent == 0) return {};
    auto before = x_confirmed;
    if (auto ok = read_some(); !ok) return ok;
    if (x_own.owner != x_node)
      return fail(Code::validation_failed, "another node writes the target: stop it first");
    sent -= x_confirmed - before;
  }
}

Result<void> LogCopy::send(const LogRecord& record) {
  auto commit = x_codec.decode_commit(record.payload);
  if (!commit) return std::unexpected(commit.error());
  auto payload = json::restamped(record.payload, {x_own.term, x_node, ++x_seq}, x_basis);
  x_basis = x_codec.chain(x_basis, payload);
  append({RecordKind::commit, std::move(payload), std::make_shared<const Commit>(std::move(*commit))});
  return {};
}

}  // namespace ringledger::offline
