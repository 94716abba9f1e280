// The simulated disk: what a crash may and may not take, faults on order, a full and a lying disk.
#include "adapters/simulation/sim_disk.hpp"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sparse_bytes.hpp"
#include "tests/adapters/system/disk_contract.hpp"

namespace ringledger::test {
namespace {

using Call = SimDisk::Call;
constexpr std::uint64_t seeds = 200;

/// A file at /d/f with this content, durable by content and name.
std::unique_ptr<File> durable_file(SimDisk& disk, std::string_view content,
                                   const std::string& path = "/d/f") {
  REQUIRE(disk.make_folders("/d").has_value());
  auto file = opened(disk, path);
  REQUIRE(file->write_at(0, content).has_value());
  REQUIRE(file->sync().has_value());
  REQUIRE(disk.sync_folder("/d").has_value());
  return file;
}

}  // namespace

TEST_CASE("the simulated disk keeps the disk contract") {
  disk_contract([](const auto& use) {
    SimDisk disk(1);
    REQUIRE(disk.make_folders("/tmp/x").has_value());
    use(disk, "/tmp/x");
  });
}

TEST_CASE("a crash keeps what was synced") {
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, "synced");
    REQUIRE(file->preallocate(100'000).has_value());
    REQUIRE(file->write_at(6, " twice").has_value());
    REQUIRE(file->sync().has_value());
    disk.crash();
    CHECK(opened(disk, "/d/f", Disk::Open::existing)->read_at(0, 12) == "synced twice");
    CHECK(opened(disk, "/d/f", Disk::Open::existing)->size() == 100'000U);
  }
}

TEST_CASE("a crash keeps, loses or tears each write that was not synced") {
  bool kept = false, lost = false, start_kept = false, end_kept = false, later_without_earlier = false;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, "........");
    REQUIRE(file->write_at(0, "AAAA").has_value());
    REQUIRE(file->write_at(4, "BBBB").has_value());
    CHECK(file->read_at(0, 8) == "AAAABBBB");  // seen at once
    disk.crash();
    auto left = opened(disk, "/d/f")->read_at(0, 99).value();
    REQUIRE(left.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) CHECK((left[i] == '.' || left[i] == (i < 4 ? 'A' : 'B')));
    kept = kept || left == "AAAABBBB";
    lost = lost || left == "........";
    start_kept = start_kept || left.starts_with("AA.");
    end_kept = end_kept || left.starts_with("..AA");
    later_without_earlier = later_without_earlier || left == "....BBBB";
  }
  CHECK(kept);
  CHECK(lost);
  CHECK(start_kept);
  CHECK(end_kept);
  CHECK(later_without_earlier);
}

TEST_CASE("a crash may lose a growth or a cut that was not synced") {
  std::set<std::uint64_t> sizes;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, "12345678");
    REQUIRE(file->truncate(4).has_value());
    REQUIRE(file->preallocate(16).has_value());
    disk.crash();
    sizes.insert(opened(disk, "/d/f")->size().value());
  }
  CHECK(sizes == std::set<std::uint64_t>{4, 8, 16});
}

TEST_CASE("a crash may undo making, renaming and removing until the folder is synced") {
  std::set<std::vector<std::string>> seen;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    SimDisk disk(seed);
    durable_file(disk, "old");
    durable_file(disk, "goes", "/d/goes");
    REQUIRE(opened(disk, "/d/made")->sync().has_value());  // the content; not the name
    REQUIRE(disk.remove("/d/goes").has_value());
    REQUIRE(disk.rename("/d/f", "/d/g").has_value());
    disk.crash();
    seen.insert(disk.list("/d").value());
  }
  CHECK(seen.size() == 8);  // each of the three by itself

  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimDisk disk(seed);
    durable_file(disk, "old");
    opened(disk, "/d/made");
    REQUIRE(disk.rename("/d/f", "/d/g").has_value());
    REQUIRE(disk.make_folders("/e").has_value());
    REQUIRE(disk.sync_folder("/d").has_value());
    disk.crash();
    CHECK(disk.list("/d") == std::vector<std::string>{"g", "made"});
    CHECK(opened(disk, "/d/g")->read_at(0, 9) == "old");
    CHECK(disk.exists("/e") == true);
  }
}

TEST_CASE("a replaced small file is the old or the new one after a crash at any moment") {
  bool old_seen = false, new_seen = false;
  for (std::uint64_t nth = 1; nth <= 8; ++nth) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SimDisk disk(seed);
      REQUIRE(disk.make_folders("/d").has_value());
      REQUIRE(replace_file(disk, "/d/HEAD", "the old one").has_value());
      disk.fail_call(Call::any, nth, true);
      bool replaced = replace_file(disk, "/d/HEAD", "the new").has_value();
      disk.crash();
      disk.clear_faults();
      auto left = read_file(disk, "/d/HEAD");
      CHECK((left == "the old one" || left == "the new"));
      if (replaced) CHECK(left == "the new");
      old_seen = old_seen || left == "the old one";
      new_seen = new_seen || left == "the new";
    }
  }
  CHECK(old_seen);
  CHECK(new_seen);
}

TEST_CASE("a disk that ignores syncs loses what was synced") {
  bool content_lost = false, name_lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimDisk disk(seed);
    durable_file(disk, "old");
    disk.ignore_syncs(true);
    auto file = durable_file(disk, "new");
    durable_file(disk, "x", "/d/made");
    disk.crash();
    content_lost = content_lost || opened(disk, "/d/f")->read_at(0, 3) != "new";
    name_lost = name_lost || disk.exists("/d/made") == false;
  }
  CHECK(content_lost);
  CHECK(name_lost);
}

TEST_CASE("after a crash open files answer with an error and locks are free") {
  SimDisk disk(1);
  auto file = durable_file(disk, "x");
  auto lock = disk.lock("/d/LOCK");
  REQUIRE(lock.has_value());
  disk.crash();
  CHECK(refused(file->write_at(0, "y"), Code::internal));
  CHECK(refused(file->read_at(0, 1), Code::internal));
  CHECK(refused(file->size(), Code::internal));
  CHECK(refused(file->truncate(0), Code::internal));
  CHECK(refused(file->preallocate(9), Code::internal));
  CHECK(refused(file->sync(), Code::internal));
  CHECK(opened(disk, "/d/f")->read_at(0, 1) == "x");
  CHECK(disk.lock("/d/LOCK").has_value());
}

TEST_CASE("the n-th call of a kind fails, once or for ever") {
  SimDisk disk(1);
  auto file = durable_file(disk, "x");
  auto before = disk.calls(Call::any), reads = disk.calls(Call::read);
  disk.fail_call(Call::read, 2);
  CHECK(file->read_at(0, 1).has_value());
  CHECK(file->write_at(0, "y").has_value());
  CHECK(refused(file->read_at(0, 1), Code::internal));
  CHECK(file->read_at(0, 1).has_value());
  CHECK(disk.calls(Call::read) == reads + 3);
  CHECK(disk.calls(Call::any) == before + 4);

  disk.fail_call(Call::sync, 2, true);
  CHECK(file->sync().has_value());
  for (int i = 0; i < 3; ++i) CHECK(refused(file->sync(), Code::internal));
  disk.clear_faults();
  CHECK(file->sync().has_value());

  disk.fail_call(Call::any, 2);
  disk.fail_call(Call::sync_folder, 1);
  CHECK(disk.exists("/d/f").has_value());
  CHECK(refused(disk.open("/d/f", Disk::Open::existing), Code::internal));
  CHECK(refused(disk.sync_folder("/d"), Code::internal));
  CHECK(disk.sync_folder("/d").has_value());
}

TEST_CASE("every kind of call can fail, and then changes nothing but a write's beginning") {
  for (auto kind :
       {Call::open, Call::truncate, Call::preallocate, Call::list, Call::rename, Call::remove, Call::other}) {
    SimDisk disk(1);
    auto file = durable_file(disk, "content");
    disk.fail_call(kind, 1, true);
    CHECK(disk.open("/d/f", Disk::Open::existing).has_value() == (kind != Call::open));
    CHECK(file->preallocate(7).has_value() == (kind != Call::preallocate));
    CHECK(file->truncate(7).has_value() == (kind != Call::truncate));
    CHECK(disk.list("/d").has_value() == (kind != Call::list));
    CHECK(disk.rename("/d/f", "/d/g").has_value() == (kind != Call::rename));
    CHECK(disk.remove("/d/g").has_value() == (kind != Call::rename && kind != Call::remove));
    CHECK(disk.make_folders("/e").has_value() == (kind != Call::other));
    disk.clear_faults();
    CHECK(disk.exists("/d/f") == (kind == Call::rename));
    CHECK(disk.exists("/d/g") == (kind == Call::remove));
    CHECK(disk.exists("/e") == (kind != Call::other));
  }
  std::set<std::string> left;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, "....");
    disk.fail_call(Call::write, 1);
    CHECK(refused(file->write_at(0, "ABCD"), Code::internal));
    left.insert(file->read_at(0, 9).value());
  }
  CHECK(left == std::set<std::string>{"....", "A...", "AB..", "ABC.", "ABCD"});
}

TEST_CASE("what a failed sync dropped no later sync writes, although it is seen") {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, "....");
    REQUIRE(file->write_at(0, "ABCD").has_value());
    disk.fail_call(Call::sync, 1);
    CHECK(refused(file->sync(), Code::internal));
    CHECK(file->read_at(0, 9) == "ABCD");
    CHECK(file->sync().has_value());  // "well": nothing is dirty
    disk.crash();
    lost = lost || opened(disk, "/d/f")->read_at(0, 9) != "ABCD";
  }
  CHECK(lost);
}

TEST_CASE("a full disk refuses growth, not overwriting, and has room again after a removal") {
  SimDisk disk(1);
  auto file = durable_file(disk, "12345678");
  auto other = durable_file(disk, "abcd", "/d/other");
  disk.limit_bytes(20);
  CHECK(disk.used_bytes() == 12);
  CHECK(disk.free_bytes("/d") == 8U);
  CHECK(refused(file->write_at(8, "far too long"), Code::read_only));
  CHECK(file->read_at(8, 99) == "far too ");  // what fitted was written
  CHECK(disk.free_bytes("/d") == 0U);
  CHECK(refused(other->preallocate(5), Code::read_only));
  CHECK(refused(other->truncate(5), Code::read_only));
  CHECK(refused(other->write_at(100, "x"), Code::read_only));
  CHECK(other->size() == 4U);
  CHECK(file->write_at(0, "overwritten").has_value());
  CHECK(disk.open("/d/empty", Disk::Open::create).has_value());
  REQUIRE(disk.remove("/d/other").has_value());
  CHECK(file->write_at(16, "fits").has_value());
  disk.limit_bytes(SimDisk::unlimited);
  CHECK(file->write_at(20, "much more").has_value());
}

TEST_CASE("a flipped bit is read back, before and after a crash") {
  SimDisk disk(1);
  durable_file(disk, "abc");
  REQUIRE(disk.corrupt("/d/f", 1, 0x01).has_value());
  CHECK(read_file(disk, "/d/f") == "acc");
  disk.crash();
  CHECK(read_file(disk, "/d/f") == "acc");
  CHECK(refused(disk.corrupt("/d/f", 3, 1), Code::not_found));
  CHECK(refused(disk.corrupt("/d/absent", 0, 1), Code::not_found));
}

TEST_CASE("the same seed gives the same crash") {
  auto left = [](std::uint64_t seed) {
    SimDisk disk(seed);
    auto file = durable_file(disk, std::string(64, '.'));
    for (std::uint64_t i = 0; i < 16; ++i) REQUIRE(file->write_at(i * 4, "ABCD").has_value());
    disk.crash();
    return read_file(disk, "/d/f").value();
  };
  std::set<std::string> all;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CHECK(left(seed) == left(seed));
    all.insert(left(seed));
  }
  CHECK(all.size() == 20);
}

TEST_CASE("threads may share a simulated disk, and a file may outlive it") {
  auto disk = std::make_unique<SimDisk>(1);
  auto file = durable_file(*disk, "");
  auto write = [&](std::uint64_t first) {
    for (std::uint64_t i = first; i < 2'000; i += 2) (void)file->write_at(i, "x");
    (void)file->sync();
  };
  std::thread a(write, 0), b(write, 1);
  a.join();
  b.join();
  CHECK(file->read_at(0, 9'999) == std::string(2'000, 'x'));
  disk.reset();
  CHECK(file->size() == 2'000U);
}

TEST_CASE("sparse bytes behave as a string of bytes") {
  SimRandom random(11);
  for (int round = 0; round < 50; ++round) {
    SparseBytes bytes;
    std::string model;
    for (int i = 0; i < 40; ++i) {
      auto at = random.below(14'000);
      std::string text(random.below(9'000), static_cast<char>('a' + random.below(26)));
      if (random.chance(70)) {
        bytes.write(at, text);
        if (!text.empty()) model.resize(std::max(model.size(), at + text.size()), '\0');
        model.replace(text.empty() ? 0 : at, text.size(), text);
      } else {
        bytes.resize(at);
        model.resize(at, '\0');
      }
      REQUIRE(bytes.size() == model.size());
      auto from = random.below(model.size() + 10);
      auto size = random.below(10'000);
      REQUIRE(bytes.read(from, size) == (from < model.size() ? model.substr(from, size) : ""));
    }
    REQUIRE(bytes.read(0, 100'000) == model);
  }
}

}  // namespace ringledger::test
