// The embedded engine put together: opening and creating, the group loop on the log executor, shutdown.
#include "adapters/embedded/embedded_log.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "adapters/embedded/group_writer.hpp"
#include "adapters/embedded/log_queue.hpp"
#include "adapters/embedded/log_tail.hpp"
#include "adapters/embedded/recovery.hpp"

namespace ringledger {
namespace {

bool is_epoch(std::string_view text) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= max_epoch_bytes &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

Result<void> check_options(const EmbeddedLog::Options& options) {
  bool sane = !options.folder.empty() && options.segment_bytes >= 2 * segment_header_bytes &&
              options.max_group_commits > 0 && options.head_interval_ms > 0;
  if (!sane)
    return fail(Code::validation_failed,
                "the log's options make no sense: folder, segment_bytes (at least "
                "8192), max_group_commits and head_interval_ms must be given");
  return {};
}

/// Makes the log's files: a head that says so, the first segment with its record, then the real head. Until
/// that one is there nothing was ever acknowledged, and a next open begins anew.
Result<Head> create_log(Disk& disk, const EmbeddedLog::Options& options) {
  if (!is_epoch(options.new_epoch)) {
    return fail(Code::validation_failed, "a new log needs an epoch of 1 to 64 characters of [A-Za-z0-9_-]");
  }
  if (options.first_record.size() > max_payload_bytes)
    return fail(Code::too_large, "the log's first record is too large");
  SegmentHeader header{0, options.new_epoch, {}};
  header.before.crc = epoch_seed(options.new_epoch);
  std::string frames;
  std::uint32_t crc =
      append_frame(frames, header.before.crc, {0, RecordKind::log, options.first_record}, true);
  std::string head_path = options.folder + "/" + std::string(head_file_name);
  Head creating{true, options.new_epoch, 0, 0, 0, 0};
  Head ready{false, options.new_epoch, 0, segment_header_bytes + frames.size(), 1, crc};
  auto done = replace_file(disk, head_path, encode_head(creating));
  if (done)
    done =
        create_segment(disk, options.folder, header, frames, options.preallocate ? options.segment_bytes : 0);
  if (done) done = replace_file(disk, head_path, encode_head(ready));
  if (!done) return std::unexpected(std::move(done.error()));
  return ready;
}

/// A creation that a crash cut short left at most the first segment; more than that is no such thing.
Result<void> check_unfinished(Disk& disk, const std::string& folder) {
  auto segments = list_segments(disk, folder);
  if (!segments) return std::unexpected(std::move(segments.error()));
  bool untouched = segments->empty() || (segments->size() == 1 && segments->front() == 0);
  if (untouched && !segments->empty()) {
    std::uint64_t records = 0;
    auto count = [&](const Frame&, const Segment&, std::uint64_t) -> Result<void> {
      return ++records, Result<void>{};
    };
    auto facts = examine_log(disk, folder, std::nullopt, Depth::all, count);
    untouched = facts && records == 1 && facts->torn_bytes == 0;
  }
  if (untouched) return {};
  return fail(
      Code::internal,
      "log folder " + folder +
          ": the head file says that the log was never finished, yet it "
          "holds more than its first record: the head file is an old copy; restore it, or write it anew with "
          "`ringledger log verify --rebuild-head`");
}

Result<void> remove_leftovers(Disk& disk, const std::string& folder) {
  auto names = disk.list(folder);
  if (!names) return std::unexpected(std::move(names.error()));
  for (const auto& name : *names) {
    if (!name.ends_with(".seg.tmp")) continue;
    if (auto removed = disk.remove(folder + "/" + name); !removed) return removed;
  }
  return {};
}

struct Opened {
  LogFacts facts;
  bool created = false;
};

/// The folder's log, created when there is none, its tail mended.
Result<Opened> open_folder(Disk& disk, const EmbeddedLog::Options& options) {
  auto head = read_known_head(disk, options.folder);
  if (!head) return std::unexpected(std::move(head.error()));
  bool unfinished = head->has_value() && (*head)->creating;
  if (unfinished) {
    if (auto checked = check_unfinished(disk, options.folder); !checked)
      return std::unexpected(std::move(checked.error()));
  }
  Opened opened;
  if (unfinished || !head->has_value()) {
    if (!options.create_if_absent) return fail(Code::not_found, "no log in folder " + options.folder);
    auto created = create_log(disk, options);
    if (!created) return std::unexpected(std::move(created.error()));
    *head = std::move(*created);
    opened.created = true;
  }
  auto facts = examine_log(disk, options.folder, *head, Depth::tail);
  if (!facts) return std::unexpected(std::move(facts.error()));
  if (auto mended = mend_tail(disk, *facts); !mended) return std::unexpected(std::move(mended.error()));
  opened.facts = std::move(*facts);
  if (auto removed = remove_leftovers(disk, options.folder); !removed)
    return std::unexpected(std::move(removed.error()));
  // A name whose folder could not be synced before is seen, and would still be lost with the power.
  if (auto synced = disk.sync_folder(options.folder); !synced)
    return std::unexpected(std::move(synced.error()));
  return opened;
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
    records.push_back({0, waiting.kind, std::move(waiting.payload)});
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
  if (auto made = disk.make_folders(options.folder); !made) return std::unexpected(std::move(made.error()));
  auto lock = disk.lock(options.folder + "/" + std::string(lock_file_name));
  if (!lock) return std::unexpected(std::move(lock.error()));
  auto opened = open_folder(disk, options);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const LogFacts& facts = opened->facts;
  auto core = std::make_shared<Core>(disk, std::move(options), log_executor, tail_executor, std::move(*lock),
                                     facts.head);
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

void EmbeddedLog::append(RecordKind kind, std::string payload, Appended done) {
  core_->append({kind, std::move(payload), std::move(done)});
}

Result<std::vector<LogRecord>> EmbeddedLog::read(Offset from, std::size_t max_bytes) {
  return core_->segments->read(from, UINT64_MAX, max_bytes);
}

Offset EmbeddedLog::end() const { return core_->segments->end(); }

void EmbeddedLog::tail(Offset from, TailHandler handler) { core_->tail->start(from, std::move(handler)); }
void EmbeddedLog::pause_tail(bool paused) { core_->tail->pause(paused); }

const std::string& EmbeddedLog::epoch() const { return core_->epoch; }

}  // namespace ringledger
