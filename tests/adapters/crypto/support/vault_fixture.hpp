// A vault over a disk in memory, and short words for what its tests do.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "adapters/crypto/file_key_vault.hpp"
#include "tests/adapters/crypto/support/memory_disk.hpp"
#include "tests/adapters/crypto/support/seeded_random.hpp"

namespace ringledger::testing {

inline MasterKey master_of(char c) {
  return {Key256::copy(std::string(Key256::size, c)), "the file test-master", false, {}};
}

inline constexpr SealPlace here{"acc_1", "cmt_1", "0"};

struct VaultFixture {
  MemoryDisk disk;
  SeededRandom random{1};
  std::unique_ptr<FileKeyVault> vault;

  VaultFixture() { REQUIRE(start()); }
  /// Starts the process anew; false when the vault is refused (`refusal` says why).
  bool start(char master = 'm') {
    vault.reset();
    auto opened = FileKeyVault::open(disk, random, master_of(master), "keys");
    refusal = opened ? "" : opened.error().detail;
    if (opened) vault = *std::move(opened);
    return vault != nullptr;
  }
  bool crash_and_start() {
    vault.reset();
    disk.crash();
    return start();
  }
  Sealed seal(std::string_view subject, std::string_view text, const SealPlace& place = here) {
    auto sealed = vault->seal(subject, place, text);
    REQUIRE(sealed);
    return *sealed;
  }
  /// The text; "erased" for nullopt; "error: …" for a refusal.
  std::string open(std::string_view subject, const Sealed& sealed, const SealPlace& place = here) {
    auto opened = vault->open(subject, place, sealed);
    if (!opened) return "error: " + opened.error().detail;
    return opened->value_or("erased");
  }
  std::string& subjects() { return disk.bytes("keys/subjects"); }
  std::string refusal;
};

inline bool is_error(const std::string& answer) { return answer.starts_with("error: "); }

}  // namespace ringledger::testing
