// Stored formats are contracts: tests/golden holds every one as it was first written. RL_UPDATE_GOLDEN=1
// writes what is missing; what is there is never overwritten (delete the file of a type that was never
// released).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/json/commit_json.hpp"
#include "adapters/json/event_docs.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"
#include "tests/adapters/json/support/sample.hpp"

using namespace ringledger;
using namespace ringledger::json;
using namespace ringledger::testing;
namespace fs = std::filesystem;

namespace {

const fs::path root = RL_SOURCE_DIR;
bool updating() { return std::getenv("RL_UPDATE_GOLDEN") != nullptr; }

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
/// The file's content; made from `now` when it is missing and may be.
std::string golden(const fs::path& path, const std::string& now) {
  if (!fs::exists(path) && updating()) write(path, now);
  INFO("missing golden file: run RL_UPDATE_GOLDEN=1 test_adapters_json once, and commit it");
  REQUIRE_MESSAGE(fs::exists(path), path.string());
  return content_of(path);
}

/// `{"t":…}` of a commit with this one event.
std::string stored(JsonCommitCodec& codec, const Event& event) {
  auto payload = *codec.encode(commit_of({event}));
  auto from = payload.find("\"events\":[") + 10;
  return payload.substr(from, payload.size() - from - 2);
}
Result<Commit> read_back(JsonCommitCodec& codec, const std::string& event_text) {
  auto payload = *codec.encode(commit_of({}));
  return codec.decode_commit(payload.substr(0, payload.size() - 2) + event_text + "]}");
}
/// The two lines of a golden file: optionals filled, optionals empty.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE(
    "every event type is stored, byte for byte, as its golden file has it, and that file is read to its "
    "value") {
  FixedVault vault;
  JsonCommitCodec codec(vault);
  auto filled = every_event(true), sparse = every_event(false);
  for (std::size_t i = 0; i < filled.size(); ++i) {
    std::string type(type_of(filled[i]));
    CAPTURE(type);
    auto now = stored(codec, filled[i]) + "\n" + stored(codec, sparse[i]) + "\n";
    auto file = golden(root / "tests/golden/events" / (type + ".json"), now);
    CHECK(file == now);
    auto lines = lines_of(file);
    REQUIRE(lines.size() == 2);
    auto first = read_back(codec, lines[0]), second = read_back(codec, lines[1]);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->events.at(0) == filled[i]);
    CHECK(second->events.at(0) == sparse[i]);
  }
}

TEST_CASE("whatever was stored once stays readable: every golden file there is") {
  FixedVault vault;
  JsonCommitCodec codec(vault);
  for (const auto& entry : fs::directory_iterator(root / "tests/golden/events")) {
    CAPTURE(entry.path().string());
    for (const auto& line : lines_of(content_of(entry.path()))) CHECK(read_back(codec, line));
  }
}

TEST_CASE("commits, claims and log headers are stored as their golden files have them") {
  FixedVault vault;
  JsonCommitCodec codec(vault);
  auto commit = commit_of({Sample(true).make<members::Added>(), Sample(true).make<numbers::Assigned>()});
  commit.result.clear = R"({"id":"num_1","owner":{"name":null},"list":[1,null,true]})";
  commit.result.personal = R"({"owner.name":"CANARY"})";
  commit.result.subject = "mem_x";
  auto file = golden(root / "tests/golden/commit.json", *codec.encode(commit) + "\n");
  CHECK(file == *codec.encode(commit) + "\n");
  auto back = codec.decode_commit(file);
  REQUIRE(back);
  CHECK(*back == commit);
  Claim claim{3, "node-a.0123456789abcdef", "http://127.0.0.1:8080"};
  CHECK(golden(root / "tests/golden/claim.json", codec.encode(claim) + "\n") == codec.encode(claim) + "\n");
  LogHeader header{"e-0123", "inst-1", 1};
  CHECK(golden(root / "tests/golden/log_header.json", codec.encode(header) + "\n") ==
        codec.encode(header) + "\n");
}

TEST_CASE("docs/events.md is what the declarations say") {
  auto path = root / "docs/events.md";
  if (updating()) write(path, events_markdown());
  INFO("docs/events.md is not up to date: run RL_UPDATE_GOLDEN=1 test_adapters_json");
  CHECK(content_of(path) == events_markdown());
}

TEST_CASE("docs/events.md names every event type, its optional and its sealed fields") {
  auto text = events_markdown();
  for (auto type : event_types()) CHECK(text.find("\n## " + std::string(type) + "\n") != std::string::npos);
  CHECK(text.find("| `from_campaign` | id `cmp_…` | yes |  |") != std::string::npos);
  CHECK(text.find("| `email` | text | yes | personal |") != std::string::npos);
  CHECK(text.find("| `auth_token` | text | yes | secret |") != std::string::npos);
  CHECK(text.find("| `actual.hooks.voice_url` | text |  |  |") != std::string::npos);
  CHECK(text.find("| `actual.hooks.userinfo` | text | yes | secret |") != std::string::npos);
  CHECK(text.find("| `campaign_type` | one of static, website_tracker |") != std::string::npos);
}
