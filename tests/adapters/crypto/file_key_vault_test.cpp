// Sealing, opening and erasing under subject keys.
#include "adapters/crypto/file_key_vault.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "adapters/crypto/hash.hpp"
#include "adapters/system/posix_disk.hpp"
#include "tests/adapters/crypto/support/vault_fixture.hpp"

using namespace ringledger;
using namespace ringledger::testing;

TEST_CASE_FIXTURE(VaultFixture, "what was sealed opens at its place, also after a restart") {
  CHECK(vault->opened().created);
  std::vector<std::pair<std::string, Sealed>> all;
  for (const std::string& text :
       {std::string(), std::string("Ada"), std::string("\0\xff", 2), std::string(70'000, 'x')})
    all.emplace_back(text, seal("mem_1", text));
  for (const auto& [text, sealed] : all) CHECK(open("mem_1", sealed) == text);
  REQUIRE(vault->sync());
  REQUIRE(crash_and_start());
  CHECK(!vault->opened().created);
  CHECK(vault->opened().keys == 1);
  CHECK(vault->opened().cut_bytes == 0);
  for (const auto& [text, sealed] : all) CHECK(open("mem_1", sealed) == text);
}

TEST_CASE_FIXTURE(VaultFixture,
                  "the same text at the same place is sealed the same; elsewhere, or for another, not") {
  const auto sealed = seal("mem_1", "Ada");
  CHECK(seal("mem_1", "Ada").text == sealed.text);
  CHECK(seal("mem_1", "Bob").text != sealed.text);
  CHECK(seal("mem_2", "Ada").text != sealed.text);
  CHECK(seal("mem_2", "Ada").key != sealed.key);
  CHECK(seal("mem_1", "Ada", {"acc_1", "cmt_2", "0"}).text != sealed.text);
  CHECK(seal("mem_1", "Ada", {"acc_1", "cmt_1", "1"}).text != sealed.text);
}

TEST_CASE_FIXTURE(VaultFixture, "no nonce serves two texts: it is made of commit, index and plaintext") {
  const auto nonce = [&](const SealPlace& place, std::string_view text) {
    return base64_decode(seal("mem_1", text, place).text).value().substr(0, 12);
  };
  CHECK(nonce({"acc_1", "cmt_1", "0"}, "Ada") == nonce({"acc_2", "cmt_1", "0"}, "Ada"));
  CHECK(nonce({"acc_1", "cmt_1", "0"}, "Ada") != nonce({"acc_1", "cmt_1", "0"}, "Adb"));
  CHECK(nonce({"acc_1", "cmt_1", "1"}, "2Ada") != nonce({"acc_1", "cmt_1", "12"}, "Ada"));
}

TEST_CASE_FIXTURE(VaultFixture, "a sealed text moved to another place or subject does not open") {
  const auto sealed = seal("mem_1", "Ada");
  static_cast<void>(seal("mem_2", "Bob"));
  for (const SealPlace& place :
       {SealPlace{"acc_2", "cmt_1", "0"}, SealPlace{"acc_1", "cmt_2", "0"}, SealPlace{"acc_1", "cmt_1", "1"},
        SealPlace{"acc_1", "cmt_1", "result"}, SealPlace{"acc_1cmt_1", "", "0"}})
    CHECK(is_error(open("mem_1", sealed, place)));
  CHECK(is_error(open("mem_2", sealed)));
  CHECK(is_error(open("mem_2", {seal("mem_2", "Bob").key, sealed.text})));
}

TEST_CASE_FIXTURE(VaultFixture, "a sealed text with any byte changed, or cut anywhere, is refused") {
  const auto sealed = seal("mem_1", "Ada Lovelace");
  const auto bytes = base64_decode(sealed.text).value();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    CHECK(is_error(open("mem_1", {sealed.key, base64_encode(changed)})));
    CHECK(is_error(open("mem_1", {sealed.key, base64_encode(bytes.substr(0, i))})));
  }
  CHECK(is_error(open("mem_1", {sealed.key, "no base64"})));
  CHECK(is_error(open("mem_1", {"0000000000000000", sealed.text})));
}

TEST_CASE_FIXTURE(VaultFixture, "a key the store should have and has not is an error, never an erasure") {
  const auto answer = open("mem_9", {"00000000000000ab", "AAAA"});
  CHECK(answer ==
        "error: keys/subjects lacks key 00000000000000ab of mem_9: restore a copy as new as the log");
}

TEST_CASE_FIXTURE(VaultFixture, "an erased subject's texts are gone for ever; those of others stay") {
  const auto ada = seal("mem_1", "Ada"), bob = seal("mem_2", "Bob");
  REQUIRE(vault->sync());
  const auto version = hex_decode(ada.key).value();
  const std::string stored(version.rbegin(), version.rend());
  CHECK(subjects().find(stored) != std::string::npos);
  REQUIRE(vault->destroy("mem_1"));
  CHECK(open("mem_1", ada) == "erased");
  CHECK(open("mem_2", bob) == "Bob");
  CHECK_MESSAGE(subjects().find(stored) == std::string::npos, "the wrapped key must leave the file");
  REQUIRE(crash_and_start());
  CHECK(vault->opened().destroyed == 1);
  CHECK(open("mem_1", ada) == "erased");
  CHECK(open("mem_2", bob) == "Bob");
}

TEST_CASE_FIXTURE(VaultFixture, "erasing again, or somebody unknown, changes nothing more") {
  REQUIRE(vault->destroy("mem_1"));
  const int writes = disk.writes;
  REQUIRE(vault->destroy("mem_1"));
  CHECK(disk.writes == writes);
  CHECK(open("mem_1", {"00", "AAAA"}) == "erased");
}

TEST_CASE_FIXTURE(VaultFixture,
                  "what is sealed for an erased subject opens as erased, and no key of it is kept") {
  REQUIRE(vault->destroy("mem_1"));
  const auto before = subjects();
  const auto late = seal("mem_1", "a late webhook");
  CHECK(seal("mem_1", "a late webhook").key != late.key);
  REQUIRE(vault->sync());
  CHECK(subjects() == before);
  CHECK(open("mem_1", late) == "erased");
  REQUIRE(crash_and_start());
  CHECK(open("mem_1", late) == "erased");
}

TEST_CASE_FIXTURE(VaultFixture, "a key that was never synced can be erased") {
  const auto ada = seal("mem_1", "Ada"), bob = seal("mem_2", "Bob");
  REQUIRE(vault->destroy("mem_1"));
  REQUIRE(vault->sync());
  REQUIRE(crash_and_start());
  CHECK(open("mem_1", ada) == "erased");
  CHECK(open("mem_2", bob) == "Bob");
}

TEST_CASE_FIXTURE(VaultFixture, "an older copy of the file is put right by erasing again, many at once") {
  const auto ada = seal("mem_1", "Ada"), bob = seal("mem_2", "Bob"), eve = seal("mem_3", "Eve");
  REQUIRE(vault->sync());
  const auto older = subjects();
  REQUIRE(vault->destroy_all({"mem_1", "mem_2"}));
  vault.reset();
  disk.put("keys/subjects", older);
  REQUIRE(start());
  CHECK(open("mem_1", ada) == "Ada");
  const int syncs = disk.syncs;
  REQUIRE(vault->destroy_all({"mem_1", "mem_2"}));
  CHECK(disk.syncs == syncs + 1);
  CHECK(open("mem_1", ada) == "erased");
  CHECK(open("mem_2", bob) == "erased");
  CHECK(open("mem_3", eve) == "Eve");
}

TEST_CASE_FIXTURE(VaultFixture, "many new keys cost one write and one sync, none cost none") {
  const int writes = disk.writes, syncs = disk.syncs;
  for (int i = 0; i < 50; ++i) static_cast<void>(seal("mem_" + std::to_string(i), "text"));
  REQUIRE(vault->sync());
  CHECK(disk.writes == writes + 1);
  CHECK(disk.syncs == syncs + 1);
  static_cast<void>(seal("mem_1", "more"));
  REQUIRE(vault->sync());
  CHECK(disk.writes == writes + 1);
}

TEST_CASE_FIXTURE(VaultFixture, "no plaintext and no key is written to the disk") {
  const std::string canary = "canary-ada@example.com";
  const auto sealed = seal("mem_1", canary);
  REQUIRE(vault->sync());
  REQUIRE(vault->destroy("mem_2"));
  for (const auto& [path, node] : disk.files) CHECK(node->bytes.find("canary") == std::string::npos);
  CHECK(base64_decode(sealed.text).value().find("canary") == std::string::npos);
  CHECK(sealed.text.find(base64_encode(canary).substr(0, 12)) == std::string::npos);
}

TEST_CASE_FIXTURE(VaultFixture,
                  "installation HMACs stay the same for one installation and differ between two") {
  const auto mac = vault->installation_hmac("request");
  CHECK(mac.size() == 32);
  CHECK(mac != vault->installation_hmac("requesT"));
  REQUIRE(crash_and_start());
  CHECK(vault->installation_hmac("request") == mac);
  MemoryDisk other;
  auto second = FileKeyVault::open(other, random, master_of('m'), "keys");
  REQUIRE(second);
  CHECK((*second)->installation_hmac("request") != mac);
}

TEST_CASE_FIXTURE(VaultFixture,
                  "limits: subjects of 1 to 200 bytes, texts of up to 4 MiB, 100,000 unsynced keys") {
  CHECK(!vault->seal("", here, "x"));
  CHECK(!vault->seal(std::string(201, 's'), here, "x"));
  const auto longest = std::string(200, 's');
  const auto sealed = seal(longest, "x");
  CHECK(!vault->destroy(""));
  CHECK(vault->seal("mem_1", here, std::string((4U << 20) + 1, 'x')).error().code == Code::too_large);
  for (int i = 1; i < 100'000; ++i) REQUIRE(vault->seal("s" + std::to_string(i), here, ""));
  CHECK(vault->seal("one more", here, "").error().code == Code::overloaded);
  CHECK(vault->seal("s1", here, "").has_value());
  REQUIRE(vault->sync());
  CHECK(vault->seal("one more", here, "").has_value());
  REQUIRE(crash_and_start());
  CHECK(vault->opened().keys == 100'000);
  CHECK(open(longest, sealed) == "x");
}

TEST_CASE_FIXTURE(VaultFixture, "threads seal, sync and erase at once") {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto subject = "s" + std::to_string(i);  // the same for all threads: made by one of them
        const auto sealed = vault->seal(subject, here, subject);
        const bool synced = vault->sync().has_value();
        const auto opened = sealed ? vault->open(subject, here, *sealed) : fail(Code::internal, "");
        const bool erased = i % 50 == 0;
        if (erased && t == 0 && !vault->destroy(subject)) ++wrong;
        if (!synced || !opened || (!erased && *opened != subject)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  REQUIRE(crash_and_start());
  CHECK(vault->opened().keys == 196);
  CHECK(vault->opened().destroyed == 4);
}

TEST_CASE("on a real disk keys outlive the process, and two processes do not share them") {
  std::string name = (std::filesystem::temp_directory_path() / "rl_vault_XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(name.data());
  PosixDisk disk;
  SeededRandom random(1);
  Sealed ada, bob;
  {
    auto vault = FileKeyVault::open(disk, random, master_of('m'), (folder / "keys").string());
    REQUIRE(vault);
    ada = (*vault)->seal("mem_1", here, "Ada").value();
    bob = (*vault)->seal("mem_2", here, "Bob").value();
    REQUIRE((*vault)->sync());
    REQUIRE((*vault)->destroy("mem_1"));
    const auto second = FileKeyVault::open(disk, random, master_of('m'), (folder / "keys").string());
    REQUIRE(!second);
    CHECK(second.error().code == Code::not_writer);
  }
  auto vault = FileKeyVault::open(disk, random, master_of('m'), (folder / "keys").string());
  REQUIRE(vault);
  CHECK((*vault)->open("mem_1", here, ada).value() == std::nullopt);
  CHECK((*vault)->open("mem_2", here, bob).value() == "Bob");
  std::filesystem::remove_all(folder);
}
