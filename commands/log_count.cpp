#include "commands/log_count.hpp"

#include "commands/continuity.hpp"

namespace ringledger {

Result<CountedBatch> LogCount::count(const std::vector<LogRecord>& records) {
  x_rows.clear();
  CountedBatch batch;
  batch.from = x_next;
  for (const auto& record : records) {
    auto counts = count_record(record, batch);
    if (!counts) {
      return fail(counts.error().code,
                  "offset " + std::to_string(record.offset) + ": " + counts.error().detail,
                  counts.error().pointer);
    }
    x_next = record.offset + 1;
    if (!*counts) continue;
    x_kept_next = x_next;
    if (x_shared) batch.kept.push_back(record);
  }
  batch.next = x_next;
  batch.kept_next = x_kept_next;
  batch.ownership = x_own;
  return batch;
}

/// False: a stranger's, whatever else it is. What could count and cannot be read is an error, later.
bool LogCount::may_count(const LogRecord& record) {
  if (!x_shared) return true;
  if (record.kind == RecordKind::claim) return x_codec.decode_claim(record.payload).has_value();
  if (record.kind != RecordKind::commit) return record.kind == RecordKind::log;
  auto stamp = x_codec.stamp_of(record.payload);
  return stamp && x_own.is_next(stamp->term, stamp->node, stamp->seq);
}

/// True: it counts.
Result<bool> LogCount::count_record(const LogRecord& record, CountedBatch& batch) {
  if (!may_count(record)) return false;
  switch (record.kind) {
    case RecordKind::log: {
      auto header = x_codec.decode_header(record.payload);
      if (!header && x_shared) return false;
      if (!header) return std::unexpected(header.error());
      if (!x_own.epoch.empty()) return false;
      x_own.epoch = header->epoch;
      return true;
    }
    case RecordKind::claim: {
      auto claim = x_codec.decode_claim(record.payload);
      if (!claim) return std::unexpected(claim.error());
      return x_own.take(*claim);
    }
    case RecordKind::commit:
      return count_commit(record, batch);
    case RecordKind::foreign:
      break;  // is never kept
  }
  return fail(Code::internal, "a record of unknown kind");
}

Result<bool> LogCount::count_commit(const LogRecord& record, CountedBatch& batch) {
  auto decoded = x_codec.decode_commit(record.payload);
  if (!decoded) return std::unexpected(decoded.error());
  auto commit = std::make_shared<const Commit>(std::move(*decoded));
  auto line = row(book_key(commit->account, row_kind<AccountLine>, ""));
  if (!line) return std::unexpected(line.error());
  auto remembered = row(book_key(commit->account, row_kind<Remembered>, commit->key_hash));
  if (!remembered) return std::unexpected(remembered.error());
  AccountLine before = *line ? std::get<AccountLine>(**line) : AccountLine{};
  std::optional<Timestamp> seen;
  if (*remembered) seen = std::get<Remembered>(**remembered).eff;
  if (x_own.count(*commit, seen, effective_time(commit->log_time, before.eff))) {
    if (!x_shared) batch.voided.push_back(record.offset);
    return false;
  }
  if (auto ok = check_continuity(*commit, x_own, before.sequence); !ok) return std::unexpected(ok.error());
  std::optional<Error> broken;
  Book book(commit->account, [&](const std::string& key) -> std::optional<BookRowPtr> {
    auto found = row(key);
    if (!found) broken = found.error();
    return found.value_or(nullptr);
  });
  auto changes = fold_into_book(*commit, record.offset, book);
  if (broken) return std::unexpected(*broken);
  if (!changes) return std::unexpected(changes.error());
  for (const auto& change : *changes) x_rows[change.key] = change.row;
  x_own.basis = x_codec.chain(x_own.basis, record.payload);
  batch.commits.push_back({std::move(commit), record.offset, record.payload.size(), std::move(*changes)});
  return true;
}

Result<BookRowPtr> LogCount::row(const std::string& key) {
  if (auto at = x_rows.find(key); at != x_rows.end()) return at->second;
  auto found = x_book.get(key);
  if (found) x_rows.emplace(key, *found);
  return found;
}

}  // namespace ringledger
