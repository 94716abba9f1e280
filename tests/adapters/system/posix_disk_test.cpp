// The POSIX disk keeps the contract, and what only a real file system can show.
#include "adapters/system/posix_disk.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "tests/adapters/system/disk_contract.hpp"
#include "tests/adapters/system/temp_folder.hpp"

namespace ringledger::test {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

/// Files of this process may not grow past `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limited{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

}  // namespace

TEST_CASE("the POSIX disk keeps the disk contract") {
  disk_contract([](const auto& use) {
    TempFolder folder;
    PosixDisk disk;
    use(disk, folder.path());
  });
}

TEST_CASE("files are private to their user") {
  TempFolder folder;
  PosixDisk disk;
  REQUIRE(disk.make_folders(folder.path() + "/data/log").has_value());
  REQUIRE(replace_file(disk, folder.path() + "/data/log/HEAD", "x").has_value());
  CHECK(mode_of(folder.path() + "/data") == 0700U);
  CHECK(mode_of(folder.path() + "/data/log") == 0700U);
  CHECK(mode_of(folder.path() + "/data/log/HEAD") == 0600U);
}

TEST_CASE("a full disk answers read_only and says which file") {
  PosixDisk disk;
  auto file = disk.open("/dev/full", Disk::Open::existing);
  REQUIRE(file.has_value());
  auto r = (*file)->write_at(0, "x");
  REQUIRE(refused(r, Code::read_only));
  CHECK(r.error().detail == "pwrite /dev/full: No space left on device");
}

TEST_CASE("a write that the system cut short is continued, and fails when it cannot be") {
  TempFolder folder;
  PosixDisk disk;
  auto file = opened(disk, folder.path() + "/f");
  FileSizeLimit limit(60);  // the first pwrite of 100 bytes writes 60 and succeeds
  CHECK(refused(file->write_at(0, std::string(100, 'x')), Code::internal));
  CHECK(file->size() == 60U);
}

TEST_CASE("reserved room is really taken") {
  TempFolder folder;
  PosixDisk disk;
  auto path = folder.path() + "/f";
  REQUIRE(opened(disk, path)->preallocate(1 << 20).has_value());
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK(info.st_blocks * 512 >= 1 << 20);
}

TEST_CASE("a read of an absurd size takes only the memory of what is there") {
  TempFolder folder;
  PosixDisk disk;
  auto file = opened(disk, folder.path() + "/f");
  REQUIRE(file->write_at(0, "small").has_value());
  CHECK(file->read_at(0, std::size_t{1} << 60) == "small");
}

TEST_CASE("a folder's relative path works") {
  TempFolder folder;
  auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  PosixDisk disk;
  CHECK(disk.make_folders("data").has_value());
  CHECK(disk.make_folders("deep/er").has_value());
  CHECK(replace_file(disk, "HEAD", "x").has_value());
  CHECK(disk.list(".") == std::vector<std::string>{"HEAD", "data", "deep"});
  std::filesystem::current_path(before);
}

}  // namespace ringledger::test
