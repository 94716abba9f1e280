// Rows in RocksDB: the contract, what a crash leaves, and what happens when space or files go.
#include "adapters/rocksdb/rocksdb_row_store.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/adapters/simulation/row_store_contract.hpp"

namespace ringledger {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "rl_rocksdb_XXXXXX").string();
    x_path = ::mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(x_path, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string path() const { return x_path + "/views"; }

 private:
  std::string x_path;
};

RocksDbOptions small(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.cache_bytes = 8UL * 1024 * 1024;
  options.write_buffer_bytes = 2UL * 1024 * 1024;
  options.free_floor_bytes = 0;
  return options;
}

std::unique_ptr<RocksDbRowStore> opened(RocksDbOptions options) {
  auto store = RocksDbRowStore::open(std::move(options));
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().detail));
  return std::move(*store);
}

class RocksDbUnderTest final : public test::RowStoreUnderTest {
 public:
  RowStore& store() override { return *x_store; }
  void reopen() override {
    x_store.reset();  // closes without a flush: as a crash
    x_store = opened(small(x_folder.path()));
  }

 private:
  TempFolder x_folder;
  std::unique_ptr<RocksDbRowStore> x_store = opened(small(x_folder.path()));
};

TEST_CASE("RocksDB keeps the contract of a row store") {
  test::row_store_contract([] { return std::make_unique<RocksDbUnderTest>(); });
}

TEST_CASE(
    "a family that RocksDB flushed by itself is younger than the others, and whole up to its position") {
  TempFolder folder;
  auto store = opened(small(folder.path()));
  REQUIRE(store->create_family("big").has_value());
  REQUIRE(store->create_family("little").has_value());
  const std::string filler(4096, 'x');
  for (int i = 1; i <= 2000; ++i) {
    auto n = std::to_string(i);
    REQUIRE(store->write({{"big", "row " + n, filler + n}, {"big", "position", n}, {"little", "position", n}})
                .has_value());
  }
  store.reset();
  store = opened(small(folder.path()));
  auto big = std::stoi(store->get("big", "position").value_or("0"));
  auto little = std::stoi(store->get("little", "position").value_or("0"));
  CHECK(big > 0);
  CHECK(little <= 2000);
  for (int i = 1; i <= 2000; ++i) {
    auto n = std::to_string(i);
    auto row = store->get("big", "row " + n);
    REQUIRE(row.has_value() == (i <= big));
    if (row) REQUIRE(*row == filler + n);
  }
}

TEST_CASE("below the floor of free space writes are refused before RocksDB sees a full disk, and come back") {
  TempFolder folder;
  std::uint64_t free = 1000;
  int looks = 0;
  auto options = small(folder.path());
  options.free_floor_bytes = 500;
  options.check_every_bytes = 10'000;
  options.check_every_ms = 3'600'000;
  options.free_bytes = [&]() -> Result<std::uint64_t> {
    ++looks;
    return free;
  };
  auto store = opened(options);
  REQUIRE(store->create_family("f").has_value());
  REQUIRE(store->write({{"f", "a", "1"}}).has_value());
  int looked = looks;
  REQUIRE(store->write({{"f", "a", "2"}}).has_value());
  CHECK(looks == looked);  // cheap: not looked at again for a few bytes

  free = 499;
  auto refused = store->write({{"f", "b", std::string(10'000, 'x')}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::read_only);
  CHECK(refused.error().detail.find("free") != std::string::npos);
  CHECK_FALSE(store->get("f", "b").has_value());
  CHECK(store->get("f", "a") == "2");  // reads go on
  auto small_one = store->write({{"f", "c", "1"}});
  REQUIRE_FALSE(small_one.has_value());  // also small ones, as long as space is short
  CHECK(small_one.error().code == Code::read_only);
  CHECK_FALSE(store->create_family("g").has_value());

  auto flush = store->flush();
  REQUIRE_FALSE(flush.has_value());
  CHECK(flush.error().code == Code::read_only);

  free = 1ULL << 40U;
  CHECK(store->write({{"f", "b", "1"}}).has_value());
  CHECK(store->flush().has_value());
  CHECK(store->get("f", "b") == "1");
}

TEST_CASE("what was deleted and overwritten is in no file any more after a scrub") {
  TempFolder folder;
  auto store = opened(small(folder.path()));
  REQUIRE(store->create_family("rows"));
  auto in_files = [&](const std::string& text) {
    bool found = false;
    for (const auto& file : fs::recursive_directory_iterator(folder.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), {});
      found = found || content.find(text) != std::string::npos;
    }
    return found;
  };
  std::vector<RowWrite> first{{"rows", "QUILL/7f3a91", "gone"},
                              {"rows", "overwritten", "Philomena Quill"},
                              {"rows", "AAA/first", "gone"},
                              {"rows", "zzz/last", "gone"}};
  for (int n = 0; n < 100; ++n)
    first.push_back({"rows", (n % 2 ? "A other " : "p other ") + std::to_string(n), "stays"});
  REQUIRE(store->write(first));
  REQUIRE(store->flush());
  CHECK(in_files("QUILL/7f3a91"));
  CHECK(in_files("Philomena"));
  std::shared_ptr<RowSnapshot> reader;
  SUBCASE("at once") {}
  SUBCASE("when nobody reads any more what was there") { reader = store->snapshot(); }
  REQUIRE(store->write({{"rows", "QUILL/7f3a91", std::nullopt},
                        {"rows", "AAA/first", std::nullopt},
                        {"rows", "zzz/last", std::nullopt},
                        {"rows", "overwritten", "now"}}));
  REQUIRE(store->flush());
  CHECK(in_files("Philomena"));
  if (!reader) {
    REQUIRE(store->scrub());
  } else {
    std::atomic<bool> done{false};
    std::thread scrubbing([&] {
      CHECK(store->scrub());
      done = true;
    });
    std::this_thread::sleep_for(std::chrono::seconds(1));  // one that does not wait is done by then
    CHECK_FALSE(done);
    CHECK(reader->get("rows", "overwritten") == "Philomena Quill");
    reader.reset();
    scrubbing.join();
  }
  CHECK_FALSE(in_files("AAA/first"));  // they began and ended every file: manifests name such keys
  CHECK_FALSE(in_files("zzz/last"));
  CHECK_FALSE(in_files("QUILL/7f3a91"));
  CHECK_FALSE(in_files("Philomena"));
  CHECK(store->get("rows", "overwritten") == "now");
  CHECK(store->get("rows", "A other 7") == "stays");
}

TEST_CASE("two servers cannot open one folder, and the reason is told") {
  TempFolder folder;
  auto first = opened(small(folder.path()));
  auto second = RocksDbRowStore::open(small(folder.path()));
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Code::internal);
  CHECK(second.error().detail.find("lock") != std::string::npos);
}

TEST_CASE("a folder that cannot be made is an error with its reason") {
  auto store = RocksDbRowStore::open(small("/proc/nowhere/views"));
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().detail.find("/proc/nowhere") != std::string::npos);
}

TEST_CASE("a damaged file is found by its reader, and nothing is written on top of it") {
  TempFolder folder;
  auto store = opened(small(folder.path()));
  REQUIRE(store->create_family("f").has_value());
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(store->write({{"f", "row " + std::to_string(i), std::to_string(i * 7919) + "abc"}}).has_value());
  }
  REQUIRE(store->flush().has_value());
  store.reset();
  for (const auto& file : fs::directory_iterator(folder.path())) {
    if (file.path().extension() != ".sst") continue;
    std::fstream out(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(100);
    out.write("damaged damaged", 15);
  }
  auto again = RocksDbRowStore::open(small(folder.path()));
  if (!again) return;  // refused at once is as good
  std::size_t seen = 0;
  (*again)->snapshot()->scan("f", "", "z", false, [&](auto, auto) { return ++seen > 0; });
  CHECK(seen < 2000);
  CHECK_FALSE((*again)->health().has_value());
  CHECK_FALSE((*again)->snapshot()->health().has_value());
  auto refused = (*again)->write({{"f", "row 1", "on top"}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find("orruption") != std::string::npos);
}

TEST_CASE("the size on disk is told per family and in all") {
  TempFolder folder;
  auto store = opened(small(folder.path()));
  REQUIRE(store->create_family("f").has_value());
  REQUIRE(store->create_family("g").has_value());
  REQUIRE(store->write({{"f", "a", std::string(100'000, 'x')}, {"g", "a", "1"}}).has_value());
  REQUIRE(store->flush().has_value());
  CHECK(store->disk_bytes("f") > 0);
  CHECK(store->disk_bytes("nothing") == 0);
  CHECK(store->disk_bytes() == store->disk_bytes("f") + store->disk_bytes("g"));
}

}  // namespace
}  // namespace ringledger
