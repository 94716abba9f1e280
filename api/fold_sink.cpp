#include "api/fold_sink.hpp"

#include <algorithm>

#include "api/logging.hpp"
#include "domain/fold.hpp"
#include "projections/erasures.hpp"

namespace ringledger {

namespace {

/// Who may do what, and where: what a request is judged by before it is served.
bool changes_rights(const Event& event) {
  return std::visit(
      []<class E>(const E&) {
        return in_variant<E, accounts::Event> || in_variant<E, workspaces::Event> ||
               in_variant<E, members::Event> || in_variant<E, keys::Event>;
      },
      event);
}

bool changes_rights(const CountedBatch& batch) {
  return std::ranges::any_of(batch.commits, [](const Counted& c) {
    return std::ranges::any_of(c.commit->events, [](const Event& e) { return changes_rights(e); });
  });
}

std::vector<std::string> subjects_erased_in(const CountedBatch& batch) {
  std::vector<std::string> all;
  for (const auto& c : batch.commits) {
    for (const auto& event : c.commit->events) {
      for (auto& subject : subjects_erased_by(event)) all.push_back(std::move(subject));
    }
  }
  return all;
}

}  // namespace

void FoldSink::fold(CountedBatch batch, std::move_only_function<void()> done) {
  x_ports.gate->counted(batch.next, changes_rights(batch));
  std::lock_guard lock(x_mutex);
  x_waiting.push_back({std::move(batch), std::move(done)});
  if (x_busy) return;
  x_busy = true;
  x_ports.executor->post([this] { fold_waiting(); });
}

/// Everything that waits is one batch: one write however many came meanwhile.
void FoldSink::fold_waiting() {
  std::deque<Waiting> all;
  {
    std::lock_guard lock(x_mutex);
    all.swap(x_waiting);
    if (all.empty()) {
      x_busy = false;
      return;
    }
  }
  CountedBatch merged = std::move(all.front().batch);
  for (std::size_t i = 1; i < all.size(); ++i) {
    auto& b = all[i].batch;
    std::move(b.commits.begin(), b.commits.end(), std::back_inserter(merged.commits));
    merged.voided.insert(merged.voided.end(), b.voided.begin(), b.voided.end());
    std::move(b.kept.begin(), b.kept.end(), std::back_inserter(merged.kept));
    merged.next = b.next;
    merged.kept_next = b.kept_next;
    merged.ownership = std::move(b.ownership);
  }
  auto began = x_ports.clock->monotonic_us();
  if (auto ok = fold_once(merged); !ok) {
    bool passes = ok.error().code == Code::read_only || ok.error().code == Code::unknown_outcome;
    if (!passes) return x_ports.on_fatal(ok.error());
    // The commits are durable; only their rows wait, for space or for whoever keeps keys. Nothing else is
    // folded before them.
    log_warn("read models wait", {{"reason", ok.error().detail}});
    all.front().batch = std::move(merged);
    Waiting first{std::move(all.front().batch), [dones = std::move(all)]() mutable {
                    for (auto& w : dones) w.done();
                  }};
    std::lock_guard lock(x_mutex);
    x_waiting.push_front(std::move(first));
    x_ports.executor->post_after(space_retry_ms, [this] { fold_waiting(); });
    return;
  }
  x_ports.metrics->stage(Metrics::Stage::fold,
                         static_cast<double>(x_ports.clock->monotonic_us() - began) / 1e6);
  x_ports.figures->log_end_offset(merged.next);
  x_ports.gate->shown(merged.next);
  for (auto& w : all) w.done();
  if (x_ports.folded) x_ports.folded();
  if (!subjects_erased_in(merged).empty()) x_ports.erased();
  x_ports.executor->post([this] { fold_waiting(); });
}

/// Before any row shows the erasure: what the book and the views have folded is unreadable in the log.
Result<void> FoldSink::destroy_keys(const CountedBatch& merged) {
  auto subjects = subjects_erased_in(merged);
  return subjects.empty() ? Result<void>() : x_ports.vault->destroy_all(subjects);
}

Result<void> FoldSink::fold_once(const CountedBatch& merged) {
  if (auto ok = destroy_keys(merged); !ok) return ok;
  if (auto ok = x_ports.log->keep(merged.kept); !ok) return ok;
  if (auto ok = x_ports.book->apply(merged); !ok) return ok;
  CommitBatch batch;
  batch.from = merged.from;
  batch.next = merged.next;
  for (const auto& c : merged.commits) {
    batch.bytes += c.bytes;
    batch.commits.push_back({c.offset, c.commit});
  }
  return x_ports.views->apply(batch);
}

CommitReader commit_reader(EventLog& log, CommitCodec& codec, const json::BookRowStore& book) {
  return [&log, &codec, &book](std::uint64_t from) -> Result<CommitBatch> {
    constexpr std::size_t stretch_bytes = 1024 * 1024;
    CommitBatch batch;
    batch.from = batch.next = from;
    auto end = book.folded();
    if (from >= end) return batch;
    auto kept = log.kept();  // all that counts before `end`
    auto records = log.read(from, stretch_bytes);
    if (!records) return std::unexpected(records.error());
    for (const auto& record : *records) {
      if (record.offset >= end) break;
      batch.next = record.offset + 1;
      batch.bytes += record.payload.size();
      if (record.kind != RecordKind::commit || book.is_void(record.offset)) continue;
      auto commit = codec.decode_commit(record.payload);
      if (!commit)
        return fail(Code::internal, "offset " + std::to_string(record.offset) + ": " + commit.error().detail);
      batch.commits.push_back({record.offset, std::make_shared<const Commit>(std::move(*commit))});
    }
    bool all = (records->empty() ? from : records->back().offset + 1) >= kept;
    if (all) batch.next = end;  // what is left before `end` is void, and no record of a copy
    return batch;
  };
}

}  // namespace ringledger
