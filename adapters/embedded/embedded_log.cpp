// The embedded engine put together: opening and creating, the group loop on the log executor, shutdown.
#include "adapters/embedded/embedded_log.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "adapters/embedded/group_writer.hpp"
#include "adapters/embedded/log_folder.hpp"
#include "adapters/embedded/log_queue.hpp"
#include "adapters/embedded/log_tail.hpp"

namespace ringledger {
namespace {

Result<void> check_options(const EmbeddedLog::Options& options) {
  bool sane = !options.folder.empty() && options.segment_bytes >= 2 * segment_header_bytes &&
              options.max_group_commits > 0 && options.head_interval_ms > 0;
  if (!sane)
    return fail(Code::validation_failed,
                "the log's options make no sense: folder, segment_bytes (at least "
                "8192), max_group_commits and head_interval_ms must be given");
  return {};
}

}  // namespace

struct EmbeddedLog::Core : std::enable_shared_from_this<EmbeddedLog::Core> {
  Core(Disk& disk, Options given, Executor& log, Executor& tail_on, std::shared_ptr<void> lock,
       const Head& known)
      : options(std::move(given)),
        log_executor(log),
        tail_executor(tail_on),
        folder_lock(std::move(lock)),
        segments(std::make_shared<SegmentSet>(disk)),
        head_file(disk, options.folder),
        queue(options.max_queued_bytes, options.max_group_commits, options.max_group_bytes),
        writer(disk, options.folder, {options.segment_bytes, options.preallocate, options.floor_free_bytes},
               *segments, head_file, options.before_write) {
    head_file.assume(known);
  }

  void append(WaitingRecord record);
  void schedule() {
    log_executor.post([self = shared_from_this()] { self->run_group(); });
  }
  void run_group();
  void write_group(std::vector<WaitingRecord> group);
  void finish(std::vector<LogRecord> records, std::vector<Appended>& done, std::size_t written);
  void stop_for(Error error);
  void fail_queue();
  void owe_head();
  void write_head();
  void shut();

  const Options options;
  Executor& log_executor;
  Executor& tail_executor;
  OpenReport report;
  std::string epoch;
  std::mutex writing;  // held by whoever writes groups or ends the log; callbacks run under it
  std::shared_ptr<void> folder_lock;
  bool closed = false;  // under `writing`
  std::shared_ptr<SegmentSet> segments;
  HeadFile head_file;
  LogQueue queue;
  GroupWriter writer;
  std::shared_ptr<LogTail> tail;
  std::atomic<bool> failed = false;
  bool head_timer = false;  // under `writing`
};

void EmbeddedLog::Core::append(WaitingRecord record) {
  auto pushed = queue.push(record);
  if (pushed && *pushed) schedule();
  if (pushed) return;
  log_executor.post([done = std::move(record.done), error = std::move(pushed.error())]() mutable {
    done(std::unexpected(std::move(error)));
  });
}

void EmbeddedLog::Core::run_group() {
  std::lock_guard lock(writing);
  if (closed) return;
  auto group = queue.next_group();
  if (group.empty()) return;
  write_group(std::move(group));
  schedule();
}

/// As many writes as segments the group spans; usually one.
void EmbeddedLog::Core::write_group(std::vector<WaitingRecord> group) {
  std::vector<LogRecord> records;
  std::vector<Appended> done;
  for (auto& waiting : group) {
    records.push_back({0, waiting.record.kind, std::move(waiting.record.payload)});
    done.push_back(std::move(waiting.done));
  }
  while (!records.empty()) {
    auto written = failed ? fail(Code::unknown_outcome, "the log stopped") : writer.write(records);
    if (written) {
      std::vector<LogRecord> rest(
          std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(*written)),
          std::make_move_iterator(records.end()));
      records.resize(*written);
      finish(std::move(records), done, *written);
      records = std::move(rest);
      continue;
    }
    Error error = std::move(written.error());
    if (error.code != Code::read_only) {
      stop_for(error);
      error.code = Code::unknown_outcome;
    }
    for (auto& one : done) one(std::unexpected(error));
    if (failed) fail_queue();
    return;
  }
}

/// Answers the first `written` of `done` and takes them off; then the tail gets the records.
void EmbeddedLog::Core::finish(std::vector<LogRecord> records, std::vector<Appended>& done,
                               std::size_t written) {
  for (std::size_t i = 0; i < written; ++i) done[i]({});
  done.erase(done.begin(), done.begin() + static_cast<std::ptrdiff_t>(written));
  tail->push(std::move(records));
  owe_head();
}

/// Nothing is written any more; the process is told to stop, once.
void EmbeddedLog::Core::stop_for(Error error) {
  if (failed.exchange(true)) return;
  queue.refuse({Code::unknown_outcome, "the log stopped: " + error.detail, ""});
  if (options.on_fatal) options.on_fatal(std::move(error));
}

void EmbeddedLog::Core::fail_queue() {
  for (auto group = queue.next_group(); !group.empty(); group = queue.next_group()) {
    for (auto& waiting : group)
      waiting.done(fail(Code::unknown_outcome, "the log stopped before this record was written"));
  }
}

/// Within the interval the head file will say how far the log reaches now.
void EmbeddedLog::Core::owe_head() {
  if (std::exchange(head_timer, true)) return;
  log_executor.post_after(options.head_interval_ms, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    {
      std::lock_guard lock(self->writing);
      self->head_timer = false;
      if (self->closed) return;
    }
    if (self->options.head_executor == nullptr) return self->write_head();
    self->options.head_executor->post([self] { self->write_head(); });
  });
}

/// A full disk leaves the head older, which is harmless; any other failure means the disk is failing.
void EmbeddedLog::Core::write_head() {
  if (failed) return;
  auto advanced = head_file.advance(writer.head());
  if (!advanced && advanced.error().code != Code::read_only) stop_for(std::move(advanced.error()));
}

/// REQUIRES: `writing` is held.
void EmbeddedLog::Core::shut() {
  closed = true;
  queue.refuse({Code::not_writer, "the log is closed", ""});
  fail_queue();
  writer.release();
  head_file.retire();
  folder_lock.reset();
}

Result<std::unique_ptr<EmbeddedLog>> EmbeddedLog::open(Disk& disk, Options options, Executor& log_executor,
                                                       Executor& tail_executor) {
  if (auto sane = check_options(options); !sane) return std::unexpected(std::move(sane.error()));
  auto opened = open_log_folder(disk, {options.folder, options.segment_bytes, options.preallocate,
                                       options.create_if_absent, options.new_epoch, options.first_record});
  if (!opened) return std::unexpected(std::move(opened.error()));
  const LogFacts& facts = opened->facts;
  auto core = std::make_shared<Core>(disk, std::move(options), log_executor, tail_executor,
                                     std::move(opened->lock), facts.head);
  for (const auto& segment : facts.segments) core->segments->add(segment);
  if (auto ready = core->writer.open(); !ready) return std::unexpected(std::move(ready.error()));
  auto advanced = core->head_file.advance(core->writer.head());
  if (!advanced && advanced.error().code != Code::read_only)
    return std::unexpected(std::move(advanced.error()));
  const Segment& last = *facts.segments.back();
  core->epoch = last.header().epoch;
  core->report = {opened->created, facts.segments.size(), core->segments->end(), facts.torn_bytes, "", 0};
  if (facts.torn_bytes > 0) {
    core->report.cut_segment = last.path();
    core->report.cut_position = last.extent().end.position;
  }
  auto on_error = [weak = std::weak_ptr(core)](Error error) {
    if (auto self = weak.lock()) self->stop_for(std::move(error));
  };
  core->tail =
      std::make_shared<LogTail>(tail_executor, core->segments, core->segments->end(), std::move(on_error));
  return std::unique_ptr<EmbeddedLog>(new EmbeddedLog(std::move(core)));
}

EmbeddedLog::~EmbeddedLog() {
  core_->tail->stop();
  std::lock_guard lock(core_->writing);
  if (!core_->closed) core_->shut();
}

Result<void> EmbeddedLog::close() {
  core_->queue.refuse({Code::not_writer, "the log is closed", ""});
  std::unique_lock lock(core_->writing);
  if (core_->closed) return {};
  for (auto group = core_->queue.next_group(); !group.empty(); group = core_->queue.next_group()) {
    core_->write_group(std::move(group));
  }
  Result<void> advanced = core_->failed ? Result<void>{} : core_->head_file.advance(core_->writer.head());
  core_->shut();
  lock.unlock();
  core_->tail->stop();
  return advanced;
}

const EmbeddedLog::OpenReport& EmbeddedLog::report() const { return core_->report; }
std::size_t EmbeddedLog::segments() const { return core_->segments->size(); }
std::size_t EmbeddedLog::queued_bytes() const { return core_->queue.bytes(); }

void EmbeddedLog::append(NewRecord record, Appended done) {
  core_->append({std::move(record), std::move(done)});
}

Result<std::vector<LogRecord>> EmbeddedLog::read(Offset from, std::size_t max_bytes) {
  return core_->segments->read(from, UINT64_MAX, max_bytes);
}

Offset EmbeddedLog::end() const { return core_->segments->end(); }

void EmbeddedLog::tail(Offset from, TailHandler handler) { core_->tail->start(from, std::move(handler)); }
void EmbeddedLog::pause_tail(bool paused) { core_->tail->pause(paused); }

const std::string& EmbeddedLog::epoch() const { return core_->epoch; }

}  // namespace ringledger
