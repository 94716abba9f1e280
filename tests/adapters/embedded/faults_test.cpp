// Random damage, every call failing once, and power cuts: nothing acknowledged is lost with an OK.
#include <doctest/doctest.h>

#include "adapters/simulation/sim_random.hpp"
#include "tests/adapters/embedded/support/sim_log.hpp"

namespace ringledger::test {
namespace {

struct Damage {
  std::string path;
  std::size_t from = 0, to = 0;
};

/// One flipped bit or one zeroed page, somewhere in one of the files.
Damage damage(DiskImage& image, SimRandom& random) {
  auto chosen = std::next(image.begin(), static_cast<std::ptrdiff_t>(random.below(image.size())));
  auto& [path, content] = *chosen;
  if (content.empty()) return {path, 0, 0};
  std::size_t used = content.find_last_not_of('\0') + 1;
  std::size_t at = random.below(random.chance(90) ? used : content.size());
  if (random.chance(70)) {
    content[at] = static_cast<char>(content[at] ^ (1 << random.below(8)));
    return {path, at, at + 1};
  }
  std::size_t from = at / 4096 * 4096;
  std::size_t to = std::min(from + 4096, content.size());
  content.replace(from, to - from, to - from, '\0');
  return {path, from, to};
}

/// What an installation that opens and reads without an error holds; nullopt when it says that it is damaged.
std::optional<std::vector<std::string>> found_in(const DiskImage& image) {
  SimLog sim(image);
  if (!sim.open()) return std::nullopt;
  auto commits = sim.commits();
  if (!commits) return std::nullopt;
  return *commits;
}

TEST_CASE("1,000 flipped bits and zeroed pages after a shutdown are detected or harmless") {
  SimLog sim;
  sim.must_open();
  sim.fill(300, 200);
  REQUIRE(sim.log->close().has_value());
  DiskImage image = image_of(sim.disk);
  REQUIRE(sim.segment_paths().size() >= 4);
  SimRandom random(20'260'101);
  int detected = 0;
  for (int i = 0; i < 1000; ++i) {
    DiskImage damaged = image;
    Damage place = damage(damaged, random);
    INFO("place " << i << ": " << place.path << " [" << place.from << ", " << place.to << ")");
    auto found = found_in(damaged);
    if (!found) {
      ++detected;
    } else {
      CHECK(*found == sim.acknowledged);
    }
    SimLog verified(damaged);
    auto report = verify_log(verified.disk, log_folder);
    if (report) CHECK(report->commits == sim.acknowledged.size());
    CHECK(report.has_value() == found.has_value());
  }
  CHECK(detected > 500);
}

TEST_CASE(
    "1,000 flipped bits and zeroed pages after a kill are detected or harmless, but in the very last group") {
  SimLog sim;
  sim.must_open();
  sim.fill(300, 200);
  std::string last_path;
  std::uint64_t last_position = 0;
  auto report = inspect_log(sim.disk, log_folder, [&](const InspectedRecord& r) -> Result<void> {
    last_path = r.segment;
    last_position = r.position;
    return {};
  });
  REQUIRE(report.has_value());
  DiskImage image = image_of(sim.disk);
  sim.kill();
  SimRandom random(20'260'102);
  int detected = 0;
  for (int i = 0; i < 1000; ++i) {
    DiskImage damaged = image;
    Damage place = damage(damaged, random);
    INFO("place " << i << ": " << place.path << " [" << place.from << ", " << place.to << ")");
    auto found = found_in(damaged);
    detected += found ? 0 : 1;
    bool in_last_group = place.path == last_path && place.to > last_position;
    if (found && !in_last_group) CHECK(*found == sim.acknowledged);
  }
  CHECK(detected > 500);
}

/// Opens, fills segments, lets the head be written, closes; stops where a fault stops it.
void work(SimLog& sim, std::vector<std::string>& appended) {
  if (!sim.open()) return;
  for (int i = 0; i < 15; ++i) {
    for (int j = 0; j <= i % 3; ++j) {
      appended.push_back("{\"n\":" + std::to_string(appended.size()) + "}" + std::string(900, ' '));
      sim.append(appended.back());
    }
    if (i % 5 == 4) {
      sim.settle();
    } else {
      sim.run_log();
    }
  }
  static_cast<void>(sim.log->close());
}

/// All acknowledged, in the order appended, nothing twice, nothing from elsewhere.
void check_survived(SimLog& sim, const std::vector<std::string>& appended) {
  auto found = sim.commits();
  REQUIRE_MESSAGE(found.has_value(), found.error().detail);
  REQUIRE(found->size() >= sim.acknowledged.size());
  REQUIRE(found->size() <= appended.size());
  for (std::size_t i = 0; i < found->size(); ++i) CHECK((*found)[i] == appended[i]);
}

TEST_CASE(
    "whichever disk call fails, once or for ever, with a power cut after it or not, nothing acknowledged is "
    "lost") {
  for (bool for_ever : {false, true}) {
    for (bool power_cut : {false, true}) {
      bool faultless = false;
      std::uint64_t n = 0;
      while (!faultless) {
        REQUIRE(++n < 2000);
        INFO("call " << n << " for_ever " << for_ever << " power_cut " << power_cut);
        SimLog sim(n);
        std::vector<std::string> appended;
        auto calls = sim.disk.calls(SimDisk::Call::any);
        sim.disk.fail_call(SimDisk::Call::any, n, for_ever);
        work(sim, appended);
        faultless = sim.disk.calls(SimDisk::Call::any) - calls < n;
        sim.disk.clear_faults();
        if (power_cut) sim.power_cut();
        sim.kill();
        for (const auto& error : sim.refused) {
          CHECK((error.code == Code::unknown_outcome || error.code == Code::not_writer));
        }
        sim.must_open();
        check_survived(sim, appended);
        auto served = sim.commits();
        sim.power_cut();  // what was read once must not go with the power either
        sim.must_open();
        CHECK(sim.commits() == served);
        if (faultless) CHECK(sim.acknowledged == appended);
      }
      CHECK(n > 100);
    }
  }
}

/// Rounds of appends ended by a power cut at a random step; false: something acknowledged was lost, or the
/// log could not be opened any more.
bool survives(std::uint64_t seed, bool disk_lies) {
  SimLog sim(seed);
  SimRandom random(seed, "crash");
  std::vector<std::string> durable;
  if (!sim.open()) return false;
  sim.disk.ignore_syncs(disk_lies);
  for (int round = 0; round < 6; ++round) {
    std::vector<std::string> appended;
    sim.acknowledged.clear();
    auto steps = random.below(60);
    for (std::uint64_t i = 0; i < steps; ++i) {
      for (auto burst = random.below(4); burst > 0; --burst) {
        appended.push_back(std::to_string(round) + ":" + std::to_string(appended.size()) +
                           std::string(random.below(2500), '.'));
        sim.append(appended.back());
      }
      sim.scheduler.step();
    }
    sim.power_cut();
    if (random.chance(20)) {  // it dies again while it recovers
      sim.disk.fail_call(SimDisk::Call::any, 1 + random.below(60), true);
      static_cast<void>(sim.open());
      sim.power_cut();
      sim.disk.clear_faults();
    }
    if (!sim.open()) return false;
    auto found = sim.commits();
    if (!found || found->size() < durable.size() + sim.acknowledged.size()) return false;
    durable.insert(durable.end(), appended.begin(), appended.end());
    if (found->size() > durable.size()) return false;
    durable.resize(found->size());
    if (*found != durable) return false;
  }
  return true;
}

TEST_CASE("power cuts at random moments lose nothing acknowledged, on 200 seeds") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CHECK_MESSAGE(survives(seed, false), "seed " << seed);
  }
}

TEST_CASE("negative control: on a disk that lies about its syncs the same test loses") {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) lost += survives(seed, true) ? 0 : 1;
  CHECK(lost > 10);
}

}  // namespace
}  // namespace ringledger::test
