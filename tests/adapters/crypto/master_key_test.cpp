// Where the master key comes from, and what is refused.
#include "adapters/crypto/master_key.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "adapters/crypto/hash.hpp"
#include "adapters/system/posix_disk.hpp"
#include "tests/adapters/crypto/support/memory_disk.hpp"
#include "tests/adapters/crypto/support/seeded_random.hpp"

using namespace ringledger;
using testing::MemoryDisk;
using testing::SeededRandom;

namespace {

const std::string good(64, 'a');

Result<MasterKey> load(Disk& disk, const std::string& path, std::optional<std::string> environment = {}) {
  SeededRandom random(1);
  return load_or_create_master_key(disk, random, path, environment);
}

struct TempFolder {
  std::filesystem::path path;
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rl_master_key_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
};

}  // namespace

TEST_CASE("the first start makes a master key, the next one reads it") {
  MemoryDisk disk;
  const auto made = load(disk, "keys/master");
  REQUIRE(made);
  CHECK(made->created);
  CHECK(made->note.find("back it up") != std::string::npos);
  CHECK(made->key.view() != Key256().view());
  disk.crash();
  CHECK(disk.bytes("keys/master") == hex_encode(made->key.view()) + "\n");
  const auto again = load(disk, "keys/master");
  REQUIRE(again);
  CHECK(!again->created);
  CHECK(again->note.empty());
  CHECK(again->key.view() == made->key.view());
}

TEST_CASE("a master key in the environment is used and no file is made") {
  MemoryDisk disk;
  const auto master = load(disk, "keys/master", good);
  REQUIRE(master);
  CHECK(master->key.view() == std::string(32, '\xaa'));
  CHECK(master->source == "RINGLEDGER_CRYPTO_MASTER_KEY");
  CHECK(disk.files.empty());
}

TEST_CASE("a master key of the wrong length or alphabet is refused naming its source, never its digits") {
  MemoryDisk disk;
  for (const std::string& bad : {std::string(), good.substr(1), good + "0", "g" + good.substr(1)}) {
    CAPTURE(bad);
    disk.put("keys/master", bad);
    for (const auto& environment : {std::optional<std::string>(), std::optional(bad)}) {
      const auto master = load(disk, "keys/master", environment);
      REQUIRE(!master);
      const auto& detail = master.error().detail;
      CHECK(detail.find(environment ? "RINGLEDGER_CRYPTO_MASTER_KEY" : "keys/master") != std::string::npos);
      CHECK(detail.find("aaaa") == std::string::npos);
    }
    CHECK(disk.bytes("keys/master") == bad);
  }
}

TEST_CASE("upper-case digits and a line's end are accepted") {
  MemoryDisk disk;
  disk.put("m", std::string(64, 'A') + "\r\n");
  const auto master = load(disk, "m");
  REQUIRE(master);
  CHECK(master->key.view() == std::string(32, '\xaa'));
}

TEST_CASE("on a real disk the file is its owner's alone, and a note says so when it is not") {
  const TempFolder folder;
  const auto path = (folder.path / "data" / "master").string();
  PosixDisk disk;
  REQUIRE(load(disk, path));
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(load(disk, path)->note.empty());
  for (const auto mode : {0640U, 0604U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto master = load(disk, path);
    REQUIRE(master);
    CHECK(master->note.find("chmod 600 " + path) != std::string::npos);
  }
}
