// Views over RocksDB: killed at any moment, caught up exactly from the log.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "adapters/rocksdb/rocksdb_row_store.hpp"
#include "projections/all_views.hpp"

namespace ringledger {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_variable = "RINGLEDGER_TEST_CRASH_FOLDER";
constexpr std::uint64_t log_end = 20'000;

template <class I>
I id_of(std::uint64_t n) {
  return I{RawId::make(1'000 + n, 3, n)};
}

/// The commit at an offset: imports of 500 numbers, then renames of them, for ever the same.
std::shared_ptr<const Commit> commit_at(std::uint64_t offset) {
  auto c = std::make_shared<Commit>();
  c->account = id_of<AccountId>(1);
  c->log_time = {static_cast<std::int64_t>(offset) * 1000};
  c->first_sequence = offset + 1;
  auto number = offset % 500;
  if (offset < 500) {
    numbers::Imported e;
    e.number = id_of<NumberId>(number);
    e.workspace = id_of<WorkspaceId>(1);
    e.e164 = E164{"+1415" + std::to_string(5'550'000 + number)};
    c->events.emplace_back(std::move(e));
  } else {
    c->events.emplace_back(numbers::Renamed{id_of<NumberId>(number), id_of<WorkspaceId>(1),
                                            "label " + std::to_string(offset * 7919 % 1000)});
  }
  return c;
}

Result<CommitBatch> read_log(std::uint64_t from) {
  CommitBatch out;
  out.from = out.next = from;
  for (; out.next < log_end && out.next < from + 20; ++out.next) {
    out.commits.push_back({out.next, commit_at(out.next)});
    out.bytes += 500;
  }
  return out;
}

std::unique_ptr<RocksDbRowStore> opened(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.cache_bytes = 4UL * 1024 * 1024;
  options.write_buffer_bytes = 512UL * 1024;  // families flush by themselves, at different times
  options.free_floor_bytes = 0;
  auto store = RocksDbRowStore::open(options);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().detail));
  return std::move(*store);
}

std::unique_ptr<ViewRunner> runner_over(RowStore& store) {
  auto runner = ViewRunner::open(store, all_views(), {.epoch = "e", .flush_every_bytes = 2'000'000});
  REQUIRE_MESSAGE(runner.has_value(), (runner ? "" : runner.error().detail));
  return std::move(*runner);
}

/// The process that is killed: folds on from where the views stand and tells each batch on stdout.
TEST_CASE("child: folds until it is killed" * doctest::skip()) {
  const char* folder = std::getenv(folder_variable);
  REQUIRE(folder);
  auto store = opened(folder);
  auto runner = runner_over(*store);
  for (auto from = runner->position(); from < log_end;) {
    auto batch = read_log(from);
    if (!runner->apply(*batch) || ::write(STDOUT_FILENO, ".", 1) != 1) return;
    from = batch->next;
  }
}

/// Runs the child and kills it after it told `batches` batches.
void fold_and_kill(const std::string& folder, int batches) {
  int out[2];
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  ::setenv(folder_variable, folder.c_str(), 1);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "child", "--no-skip", "-tc=child*", "-m", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(out[1]);
  char c = 0;
  while (batches > 0 && ::read(out[0], &c, 1) == 1) batches -= c == '.' ? 1 : 0;
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  ::close(out[0]);
  REQUIRE(WIFSIGNALED(status));  // else it ended by itself and nothing was tested
}

TEST_CASE("after kill -9 every view stands at its own position and catches up exactly") {
  std::string pattern = (fs::temp_directory_path() / "rl_views_XXXXXX").string();
  std::string folder = ::mkdtemp(pattern.data());
  int ages_differed = 0;
  std::uint64_t before = 0;
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    fold_and_kill(folder + "/views", 60 + round * 13);
    auto store = opened(folder + "/views");
    auto runner = runner_over(*store);
    std::uint64_t newest = 0;
    for (const auto& view : runner->views()) newest = std::max(newest, runner->position(view).value());
    ages_differed += runner->position() != newest ? 1 : 0;
    CHECK(runner->position() >= before);
    CHECK(newest < log_end);
    auto some = [end = newest + 5](std::uint64_t from) {
      auto batch = read_log(from);
      batch->next = std::min(batch->next, std::max(from, end));
      std::erase_if(batch->commits, [&](const auto& c) { return c.offset >= batch->next; });
      return batch;
    };
    REQUIRE(runner->catch_up(some).has_value());
    before = runner->position();
    CHECK(before == newest + 5);
    CHECK(runner->parked_count() == 0);
    auto scratch = opened(folder + "/scratch");
    for (const auto& view : runner->views()) {
      auto report = runner->verify(view, *scratch, read_log);
      REQUIRE(report.has_value());
      CHECK_MESSAGE(report->differences.empty(), view);
      CHECK(report->position == before);
    }
  }
  CHECK(ages_differed > 0);  // else no kill left families of different age
  fs::remove_all(folder);
}

}  // namespace
}  // namespace ringledger
