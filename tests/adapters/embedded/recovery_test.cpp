// Opening what a crash, an operator or a bad disk left: a torn tail is cut, everything else is refused by
// name.
#include "adapters/embedded/recovery.hpp"

#include <doctest/doctest.h>

#include "tests/adapters/embedded/support/sim_log.hpp"

namespace ringledger::test {
namespace {

const std::string head_path = log_folder + "/head";

/// A log of several segments, closed in good order; every segment after the first has 14 records or so.
DiskImage closed_log(SimLog& sim, int records = 60) {
  sim.must_open();
  sim.fill(records, 1000);
  REQUIRE(sim.log->close().has_value());
  return image_of(sim.disk);
}

/// Opening and verifying `image` are both refused with a text that names each of `words`.
void check_refused(const DiskImage& image, const std::vector<std::string>& words) {
  SimLog sim(image);
  auto opened = sim.open();
  REQUIRE_FALSE(opened.has_value());
  auto verified = verify_log(sim.disk, log_folder);
  REQUIRE_FALSE(verified.has_value());
  for (const auto& detail : {opened.error().detail, verified.error().detail}) {
    for (const auto& word : words) CHECK_MESSAGE(detail.find(word) != std::string::npos, detail);
    CHECK_MESSAGE(detail.find("restore") != std::string::npos, detail);
  }
  DiskImage after = image_of(sim.disk);
  after.erase(log_folder + "/lock");
  DiskImage before = image;
  before.erase(log_folder + "/lock");
  CHECK(after == before);  // a refusal changes nothing
}

void check_holds(SimLog& sim, const std::vector<std::string>& expected) {
  auto commits = sim.commits();
  REQUIRE_MESSAGE(commits.has_value(), commits.error().detail);
  CHECK(*commits == expected);
}

TEST_CASE("a write torn at any byte of the last group loses nothing acknowledged and is never refused") {
  SimLog sim;
  sim.must_open();
  sim.fill(5, 60);
  DiskImage before = image_of(sim.disk);
  auto acknowledged = sim.acknowledged;
  sim.fill(3, 60, false);
  DiskImage after = image_of(sim.disk);
  const std::string path = sim.segment_paths().front();
  sim.kill();
  std::size_t begin = 0;
  while (before[path][begin] == after[path][begin]) ++begin;
  std::size_t end = after[path].find_last_not_of('\0') + 1;
  REQUIRE(end - begin > 3 * 60);
  for (std::size_t cut = begin; cut <= end; ++cut) {
    for (bool keep_end : {false, true}) {  // which side of the tear reached the disk
      DiskImage torn = before;
      std::size_t from = keep_end ? cut : begin;
      std::size_t to = keep_end ? end : cut;
      torn[path].replace(from, to - from, after[path], from, to - from);
      SimLog reopened(torn);
      reopened.must_open();
      auto kept = reopened.commits();
      REQUIRE(kept.has_value());
      REQUIRE(kept->size() >= 5);
      REQUIRE(kept->size() <= 8);
      for (std::size_t i = 0; i < kept->size(); ++i) CHECK((*kept)[i] == sim.acknowledged[i]);
      bool whole = keep_end ? cut == begin : cut == end;
      if (whole) CHECK(kept->size() == 8);
      const auto& report = reopened.log->report();
      CHECK(report.end == kept->size() + 1);
      bool nothing_torn = whole || from == to || report.cut_bytes > 0 || kept->size() > 5;
      CHECK(nothing_torn);
      CHECK(report.cut_segment == (report.cut_bytes > 0 ? path : ""));
      reopened.fill(2, 60);
      kept->insert(kept->end(), reopened.acknowledged.begin(), reopened.acknowledged.end());
      reopened.power_cut();
      reopened.must_open();
      check_holds(reopened, *kept);
      CHECK(reopened.log->report().cut_bytes == 0);
    }
  }
}

TEST_CASE("every single missing segment is refused by its name") {
  SimLog sim;
  DiskImage image = closed_log(sim);
  auto paths = sim.segment_paths();
  REQUIRE(paths.size() >= 4);
  for (const auto& path : paths) {
    DiskImage damaged = image;
    damaged.erase(path);
    check_refused(damaged, {path, "missing"});
  }
}

TEST_CASE("the newest segment missing is refused even when its first commit was the last before a kill") {
  SimLog sim;
  sim.must_open();
  while (sim.log->segments() < 3) sim.fill(1, 1000);
  DiskImage image = image_of(sim.disk);
  auto newest = sim.segment_paths().back();
  sim.kill();
  image.erase(newest);
  check_refused(image, {newest, "missing"});
}

TEST_CASE("all segments missing beside a head is refused") {
  SimLog sim;
  DiskImage image = closed_log(sim);
  check_refused({{head_path, image[head_path]}}, {"no segment"});
}

TEST_CASE("a segment replaced by an older copy of itself is refused by its name") {
  SimLog sim;
  sim.must_open();
  std::vector<DiskImage> moments;
  for (int i = 0; i < 50; ++i) {
    sim.fill(1, 1000);
    moments.push_back(image_of(sim.disk));
  }
  REQUIRE(sim.log->close().has_value());
  DiskImage last = image_of(sim.disk);
  int tried = 0;
  for (const auto& moment : moments) {
    for (const auto& [path, content] : moment) {
      bool older = path.ends_with(".seg") &&
                   last[path].starts_with(content.substr(0, content.find_last_not_of('\0') + 1)) &&
                   content.find_last_not_of('\0') < last[path].find_last_not_of('\0');
      if (!older) continue;
      DiskImage damaged = last;
      damaged[path] = content;
      check_refused(damaged, {path});
      ++tried;
    }
  }
  CHECK(tried > 40);
}

TEST_CASE("a segment of another log is refused by its name") {
  SimLog sim(1);
  SimLog other(2);
  DiskImage image = closed_log(sim);
  DiskImage foreign = closed_log(other);
  for (const auto& path : sim.segment_paths()) {
    REQUIRE(foreign.contains(path));
    DiskImage damaged = image;
    damaged[path] = foreign[path];
    check_refused(damaged, {path, "epoch-2", "epoch-1"});
  }
}

TEST_CASE("a segment under another's name, or under none, is refused by its name") {
  SimLog sim;
  DiskImage image = closed_log(sim);
  auto paths = sim.segment_paths();
  DiskImage renamed = image;
  renamed[paths[1]] = image[paths[2]];
  CHECK(SimLog(renamed).open().error().detail.find(paths[1]) != std::string::npos);
  DiskImage nameless = image;
  nameless[log_folder + "/1.seg"] = image[paths[2]];
  CHECK(SimLog(nameless).open().error().detail.find("/1.seg") != std::string::npos);
}

TEST_CASE("a shortened segment is refused by its name, wherever it was cut") {
  SimLog sim;
  DiskImage image = closed_log(sim);
  for (const auto& path : sim.segment_paths()) {
    std::size_t used = image[path].find_last_not_of('\0') + 1;
    for (std::size_t size = 0; size < used; size += 487) {
      DiskImage damaged = image;
      damaged[path].resize(size);
      check_refused(damaged, {path});
    }
  }
}

TEST_CASE("a lost or damaged head file beside segments is refused, and can be written anew") {
  SimLog sim;
  DiskImage image = closed_log(sim);
  for (bool lost : {true, false}) {
    DiskImage damaged = image;
    if (lost) damaged.erase(head_path);
    if (!lost) damaged[head_path][20] ^= 1;
    check_refused(damaged, {"head file", "--rebuild-head"});
    SimLog mended(damaged);
    auto report = rebuild_head(mended.disk, log_folder);
    REQUIRE(report.has_value());
    CHECK(report->commits == 60);
    CHECK(image_of(mended.disk)[head_path] == image[head_path]);
    mended.must_open();
    check_holds(mended, sim.acknowledged);
  }
}

TEST_CASE("an older head file is fine") {
  SimLog sim;
  sim.must_open();
  std::vector<std::string> heads;
  for (int i = 0; i < 60; ++i) {
    heads.push_back(*read_file(sim.disk, head_path));
    sim.fill(1, 1000);
  }
  DiskImage image = image_of(sim.disk);
  sim.kill();
  for (const auto& head : heads) {
    image[head_path] = head;
    SimLog reopened(image);
    reopened.must_open();
    check_holds(reopened, sim.acknowledged);
    CHECK(reopened.log->report().cut_bytes == 0);
  }
}

TEST_CASE("a head of another history is refused") {
  SimLog sim;
  sim.must_open();
  sim.fill(5);
  DiskImage fork = image_of(sim.disk);
  sim.append("one future");
  sim.run_log();
  REQUIRE(sim.log->close().has_value());
  SimLog other(fork);
  other.must_open();
  other.append("another one");
  other.run_log();
  REQUIRE(other.log->close().has_value());
  DiskImage mixed = image_of(other.disk);
  mixed[head_path] = image_of(sim.disk)[head_path];
  check_refused(mixed, {segment_file_name(0)});
}

TEST_CASE("damage in a group that a later one follows is refused even behind the head") {
  SimLog sim;
  sim.must_open();
  sim.fill(6, 100);
  DiskImage image = image_of(sim.disk);
  const std::string path = sim.segment_paths().front();
  auto facts = verify_log(sim.disk, log_folder);
  REQUIRE(facts.has_value());
  std::vector<std::uint64_t> positions;
  REQUIRE(inspect_log(sim.disk, log_folder, [&](const InspectedRecord& r) -> Result<void> {
            positions.push_back(r.position);
            return {};
          }).has_value());
  sim.kill();
  for (auto at = positions[1]; at < positions.back(); ++at) {  // the head knows record 0 only
    DiskImage damaged = image;
    damaged[path][at] = static_cast<char>(damaged[path][at] ^ 0x10);
    check_refused(damaged, {path, "later"});
  }
}

TEST_CASE("rubbish in the preallocated rest is cut, counted and gone") {
  SimLog sim;
  sim.must_open();
  sim.fill(3);
  DiskImage image = image_of(sim.disk);
  const std::string path = sim.segment_paths().front();
  sim.kill();
  for (std::size_t at : {6000UZ, 12'000UZ, 16'383UZ}) {
    DiskImage dirty = image;
    dirty[path][at] = 'x';
    SimLog reopened(dirty);
    CHECK(verify_log(reopened.disk, log_folder)->torn_bytes > 0);
    reopened.must_open();
    check_holds(reopened, sim.acknowledged);
    CHECK(reopened.log->report().cut_position + reopened.log->report().cut_bytes == at + 1);
    CHECK(verify_log(reopened.disk, log_folder)->torn_bytes == 0);
  }
}

TEST_CASE(
    "a creation cut short at any call is begun anew; a head that claims one beside a used log is refused") {
  SimLog used;
  DiskImage image = closed_log(used);
  image[head_path] = encode_head({true, "epoch-1", 0, 0, 0, 0});
  auto refused = SimLog(image).open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find("never finished") != std::string::npos);
  for (bool power_cut : {true, false}) {
    bool opened = false;
    for (std::uint64_t n = 1; !opened; ++n) {
      REQUIRE(n < 100);
      SimLog sim(n);
      sim.disk.fail_call(SimDisk::Call::any, n, power_cut);
      opened = sim.open().has_value();
      sim.disk.clear_faults();
      if (power_cut) sim.power_cut();
      sim.kill();
      sim.must_open();
      CHECK(sim.log->end() == 1);
      CHECK(sim.log->epoch() == "epoch-" + std::to_string(n));
      sim.fill(3);
      sim.power_cut();
      sim.must_open();
      check_holds(sim, sim.acknowledged);
    }
  }
}

TEST_CASE("the whole folder replaced by an older copy of itself, head included, is the one thing not seen") {
  SimLog sim;
  sim.must_open();
  sim.fill(5);
  REQUIRE(sim.log->close().has_value());
  DiskImage older = image_of(sim.disk);
  auto then = sim.acknowledged;
  sim.must_open();
  sim.fill(5);
  REQUIRE(sim.log->close().has_value());
  SimLog replaced(older);
  replaced.must_open();
  check_holds(replaced, then);
}

}  // namespace
}  // namespace ringledger::test
