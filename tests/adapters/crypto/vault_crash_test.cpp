// What a crash, a full or failing disk, damage and a wrong master key do to the vault's files.
#include <doctest/doctest.h>

#include "tests/adapters/crypto/support/vault_fixture.hpp"

using namespace ringledger;
using namespace ringledger::testing;

namespace {

// Two batches: Ada's key, then Bob's and Cyd's.
struct TwoBatches : VaultFixture {
  Sealed ada, bob, cyd;
  std::size_t first_end = 0;
  std::string file;
  TwoBatches() {
    ada = seal("mem_1", "Ada");
    REQUIRE(vault->sync());
    first_end = subjects().size();
    bob = seal("mem_2", "Bob");
    cyd = seal("mem_3", "Cyd");
    REQUIRE(vault->sync());
    file = subjects();
    vault.reset();
  }
  bool start_with(const std::string& content) {
    vault.reset();
    disk.put("keys/subjects", content);
    return start();
  }
};

}  // namespace

TEST_CASE_FIXTURE(VaultFixture, "a crash before sync loses the keys made since, and only these") {
  const auto ada = seal("mem_1", "Ada");
  REQUIRE(vault->sync());
  const auto bob = seal("mem_2", "Bob");
  REQUIRE(crash_and_start());
  CHECK(vault->opened().keys == 1);
  CHECK(open("mem_1", ada) == "Ada");
  CHECK(is_error(open("mem_2", bob)));
  const auto again = seal("mem_2", "Bob");  // a new key: no record of the log was sealed with the lost one
  CHECK(open("mem_2", again) == "Bob");
}

TEST_CASE_FIXTURE(TwoBatches,
                  "a last batch torn at any byte is cut, what was synced before opens, work goes on") {
  for (std::size_t size = first_end; size < file.size(); ++size) {
    CAPTURE(size);
    REQUIRE(start_with(file.substr(0, size)));
    REQUIRE(vault->opened().cut_bytes == size - first_end);
    REQUIRE(open("mem_1", ada) == "Ada");
    REQUIRE(is_error(open("mem_2", bob)));
    const auto later = seal("mem_4", "Dee");
    REQUIRE(vault->sync());
    REQUIRE(crash_and_start());
    REQUIRE(vault->opened().cut_bytes == 0);
    REQUIRE(open("mem_1", ada) == "Ada");
    REQUIRE(open("mem_4", later) == "Dee");
  }
}

TEST_CASE_FIXTURE(TwoBatches, "after an orderly stop no flipped bit passes for a torn end") {
  REQUIRE(start_with(file));
  REQUIRE(vault->close());
  REQUIRE(vault->close());  // once is enough: the second finds its mark
  const auto closed = subjects();
  for (std::size_t at = first_end; at < file.size(); ++at) {
    CAPTURE(at);
    auto flipped = closed;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    REQUIRE_FALSE(start_with(flipped));
  }
  REQUIRE(start_with(closed));
  CHECK(vault->opened().cut_bytes == 0);
  CHECK(open("mem_2", bob) == "Bob");
}

TEST_CASE_FIXTURE(TwoBatches, "what is cut off is kept aside") {
  REQUIRE(start_with(file.substr(0, file.size() - 3)));
  CHECK(vault->opened().cut_to == "keys/subjects.cut");
  CHECK(disk.bytes("keys/subjects.cut") == file.substr(first_end, file.size() - 3 - first_end));
}

TEST_CASE_FIXTURE(TwoBatches,
                  "a last batch whose blocks came in any order (zeros or old bytes in it) is cut") {
  for (std::size_t from = first_end; from < file.size(); from += 7) {
    CAPTURE(from);
    auto torn = file;
    for (std::size_t i = from; i < std::min(from + 40, file.size()); ++i) torn[i] = '\0';
    REQUIRE(start_with(torn));
    REQUIRE(open("mem_1", ada) == "Ada");
    REQUIRE(is_error(open("mem_2", bob)));
  }
}

TEST_CASE_FIXTURE(
    TwoBatches, "a byte changed before the last batch is refused naming file and place, and nothing is cut") {
  for (std::size_t i = 0; i < first_end; ++i) {
    CAPTURE(i);
    auto changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    REQUIRE(!start_with(changed));
    REQUIRE(refusal.starts_with("keys/subjects: damaged at byte " + std::to_string(i < 24 ? 0 : 24)));
    REQUIRE(refusal.find("restore") != std::string::npos);
    REQUIRE(subjects() == changed);
  }
}

TEST_CASE_FIXTURE(TwoBatches,
                  "a start marks what it found as synced: later damage to it is refused, not cut") {
  REQUIRE(start());
  const auto marked = subjects();
  CHECK(marked.size() == file.size() + 24);
  REQUIRE(start());
  CHECK(subjects() == marked);  // once is enough
  for (std::size_t i = 0; i < file.size(); ++i) {
    auto changed = marked;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    REQUIRE(!start_with(changed));
  }
  REQUIRE(start_with(marked.substr(0, marked.size() - 1)));  // the mark itself may be torn
  CHECK(open("mem_3", cyd) == "Cyd");
}

TEST_CASE_FIXTURE(TwoBatches, "a file rewritten by an erasure is refused with any byte of a record changed") {
  REQUIRE(start());
  REQUIRE(vault->destroy("mem_2"));
  const auto rewritten = subjects();
  for (std::size_t i = 0; i < rewritten.size() - 24; ++i) {
    auto changed = rewritten;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    REQUIRE(!start_with(changed));
  }
  REQUIRE(start_with(rewritten));
  CHECK(open("mem_1", ada) == "Ada");
  CHECK(open("mem_2", bob) == "erased");
}

TEST_CASE_FIXTURE(TwoBatches, "batches swapped, repeated or taken out are refused or cut, never believed") {
  const auto header = file.substr(0, 24), first = file.substr(24, first_end - 24),
             second = file.substr(first_end);
  struct Row {
    std::string content;
    std::size_t keys;
  };
  for (const auto& row : {Row{header + first + first + second, 1}, Row{header + second + first, 0},
                          Row{header + second, 0}, Row{header + second.substr(1), 0}}) {
    const bool accepted = start_with(row.content);
    CHECK((!accepted || vault->opened().keys == row.keys));
  }
}

TEST_CASE_FIXTURE(TwoBatches, "another master key is refused, says what to do, and changes nothing") {
  const auto before = disk.files.at("keys/installation")->bytes;
  REQUIRE(!start('x'));
  CHECK(refusal.find("the file test-master") != std::string::npos);
  CHECK(refusal.find("start with the original master key") != std::string::npos);
  CHECK(subjects() == file);
  CHECK(disk.files.at("keys/installation")->bytes == before);
  REQUIRE(start());
  CHECK(open("mem_1", ada) == "Ada");
}

TEST_CASE_FIXTURE(TwoBatches, "subject keys of another installation are refused, not cut") {
  MemoryDisk other;
  REQUIRE(FileKeyVault::open(other, random, master_of('x'), "keys"));
  vault.reset();
  REQUIRE(!start_with(other.bytes("keys/subjects") + file.substr(24)));
  CHECK(refusal.find("made with another master key") != std::string::npos);
}

TEST_CASE_FIXTURE(TwoBatches, "one file without the other, or a damaged installation key, is refused") {
  const auto installation = disk.files.at("keys/installation")->bytes;
  disk.files.erase("keys/subjects");
  REQUIRE(!start());
  CHECK(refusal.starts_with("keys/subjects is missing"));
  disk.put("keys/subjects", file);
  disk.files.erase("keys/installation");
  REQUIRE(!start());
  CHECK(refusal.starts_with("keys/installation is missing"));
  for (std::size_t i = 0; i < installation.size(); ++i) {
    auto changed = installation;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    disk.put("keys/installation", changed);
    REQUIRE(!start());
    REQUIRE(refusal == "keys/installation is damaged: restore it from a backup");
  }
}

TEST_CASE_FIXTURE(VaultFixture, "a first start that crashed between its two files is begun again") {
  vault.reset();
  disk.files.erase("keys/installation");
  REQUIRE(start('n'));  // also when its new master key was lost too
  const auto ada = seal("mem_1", "Ada");
  REQUIRE(vault->sync());
  REQUIRE(start('n'));
  CHECK(open("mem_1", ada) == "Ada");
}

TEST_CASE_FIXTURE(VaultFixture, "a full disk refuses sync and erasure for the moment, and loses nothing") {
  const auto ada = seal("mem_1", "Ada");
  REQUIRE(vault->sync());
  const auto before = subjects();
  const auto bob = seal("mem_2", "Bob");
  disk.fail_write = Error{Code::read_only, "No space left on device", {}};
  disk.written_before_failure = 30;
  CHECK(vault->sync().error().code == Code::read_only);
  CHECK(subjects() == before);
  CHECK(vault->destroy("mem_1").error().code == Code::read_only);
  CHECK(open("mem_1", ada) == "Ada");
  const auto cyd = seal("mem_3", "Cyd");
  disk.fail_write.reset();
  REQUIRE(vault->sync());
  REQUIRE(crash_and_start());
  CHECK(open("mem_2", bob) == "Bob");
  CHECK(open("mem_3", cyd) == "Cyd");
  disk.fail_write = Error{Code::read_only, "No space left on device", {}};
  CHECK(vault->destroy("mem_1").error().code == Code::read_only);  // while rewriting
  CHECK(open("mem_1", ada) == "Ada");
  disk.fail_write.reset();
  REQUIRE(vault->destroy("mem_1"));
  CHECK(open("mem_1", ada) == "erased");
}

TEST_CASE_FIXTURE(VaultFixture,
                  "after a failed sync nothing is written any more, but what is known still opens") {
  const auto ada = seal("mem_1", "Ada");
  disk.fail_sync = Error{Code::internal, "Input/output error", {}};
  CHECK(vault->sync().error().detail == "keys/subjects cannot be trusted after: Input/output error");
  disk.fail_sync.reset();
  CHECK(vault->sync().error().code == Code::internal);
  CHECK(!vault->seal("mem_1", here, "more"));
  CHECK(!vault->destroy("mem_1"));
  CHECK(open("mem_1", ada) == "Ada");
  REQUIRE(crash_and_start());
  CHECK(vault->opened().keys == 0);
}

TEST_CASE_FIXTURE(VaultFixture,
                  "keys that a dead process wrote but did not sync are synced before they serve") {
  REQUIRE(start());
  static_cast<void>(seal("mem_1", "Ada"));
  disk.fail_sync = Error{Code::internal, "killed here", {}};
  REQUIRE(!vault->sync());
  disk.fail_sync.reset();
  const int folder_syncs = disk.folder_syncs;
  disk.fail_write = Error{Code::read_only, "No space left on device", {}};  // so no mark brings a sync along
  REQUIRE(start());
  CHECK(disk.folder_syncs == folder_syncs + 1);
  CHECK(vault->opened().keys == 1);
  const auto ada = seal("mem_1", "Ada");
  REQUIRE(vault->sync());
  REQUIRE(crash_and_start());
  CHECK(open("mem_1", ada) == "Ada");
}
