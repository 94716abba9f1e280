// The stored commit: what is written comes back equal, sealed fields never in clear.
#include "adapters/json/commit_json.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/adapters/json/support/fixed_vault.hpp"
#include "tests/adapters/json/support/sample.hpp"

using namespace ringledger;
using namespace ringledger::json;
using namespace ringledger::testing;
namespace bj = boost::json;

namespace {

/// What an answer may hold that JSON writers write differently.
struct Odd {
  std::string text;
  std::vector<std::string> list;
  std::optional<std::int64_t> none;
  BOOST_DESCRIBE_CLASS(Odd, (), (text, list, none), (), ())
};

struct Codec {
  FixedVault vault;
  JsonCommitCodec json{vault};
  std::string encode(const Commit& c) {
    auto text = json.encode(c);
    REQUIRE(text);
    return *text;
  }
};
Commit one(Event e) { return commit_of({std::move(e)}); }
members::Added person() {
  return {MemberId{RawId::make(1, 7, 9)}, false, Personal<std::string>("CANARY Ann"),
          Personal<std::string>("CANARY@x.example")};
}
connections::Added credentials() { return Sample(true).make<connections::Added>(); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("every event type comes back equal, with its optionals filled and empty") {
  Codec codec;
  for (bool filled : {true, false}) {
    for (const auto& event : every_event(filled)) {
      CAPTURE(std::string(type_of(event)));
      auto commit = one(event);
      auto back = codec.json.decode_commit(codec.encode(commit));
      REQUIRE(back);
      CHECK(back->events == commit.events);
    }
  }
}

TEST_CASE("a whole commit comes back equal, every member") {
  Codec codec;
  auto commit = commit_of(every_event(true));
  commit.refusal = "warnings_changed";
  commit.result.personal = R"({"owner.name":"CANARY"})";
  commit.result.subject = "mem_x";
  commit.result.clear = bj::serialize(bj::parse(commit.result.clear));
  auto back = codec.json.decode_commit(codec.encode(commit));
  REQUIRE(back);
  CHECK(*back == commit);
}

TEST_CASE("a stored result reads back byte for byte as it was written, so that a repeat answers the same") {
  Codec codec;
  Odd odd{"é€😀/", {"\\\"", ""}, {}};
  for (int c = 1; c < 0x80; ++c) odd.text += static_cast<char>(c);
  auto commit = commit_of({});
  commit.result.clear = to_text(odd);
  auto back = codec.json.decode_commit(codec.encode(commit));
  REQUIRE(back);
  CHECK(back->result.clear == commit.result.clear);
}

TEST_CASE("no personal or secret field is in clear in what is stored") {
  Codec codec;
  auto commit = commit_of(every_event(true));
  commit.result.personal = R"({"owner.name":"CANARY"})";
  commit.result.subject = "mem_x";
  auto payload = codec.encode(commit);
  CHECK(payload.find(canary) == std::string::npos);
  for (const auto& event : commit.events) {
    CAPTURE(std::string(type_of(event)));
    auto parts = split_event(event);
    CHECK(parts.clear.find(canary) == std::string::npos);
    CHECK(parts.personal.empty() == subject_of_sealed(event).empty());  // whoever seals names the subject
  }
}

TEST_CASE(
    "credentials in the URLs of hooks are sealed, wherever hooks stand in an event; they come back whole") {
  Codec codec;
  numbers::ProviderHooks theirs;
  theirs.voice_url = "https://user:CANARY@theirs.example/voice";
  auto imported = Sample(false).make<numbers::Imported>();
  auto synced = Sample(false).make<numbers::ProviderSynced>();
  imported.actual.hooks = synced.actual.hooks = synced.replaced.hooks = numbers::masked(theirs);
  imported.wanted.restore = numbers::masked(theirs);
  auto commit = commit_of({imported, synced});
  auto payload = codec.encode(commit);
  CHECK(payload.find(canary) == std::string::npos);
  CHECK(payload.find("https://***@theirs.example/voice") != std::string::npos);
  auto back = codec.json.decode_commit(payload);
  REQUIRE(back);
  CHECK(back->events == commit.events);
  CHECK(to_text(imported).find(canary) == std::string::npos);  // as an answer
}

TEST_CASE("the sealed fields of an erased subject read as empty, everything else stays") {
  Codec codec;
  auto commit = commit_of({person(), credentials()});
  commit.result.personal = R"({"name":"CANARY"})";
  commit.result.subject = person().member.to_string();
  auto payload = codec.encode(commit);
  REQUIRE(codec.vault.destroy(person().member.to_string()));
  auto back = codec.json.decode_commit(payload);
  REQUIRE(back);
  const auto& erased = std::get<members::Added>(back->events[0]);
  CHECK(erased.member == person().member);
  CHECK_FALSE(erased.name.clear());
  CHECK_FALSE(erased.email.clear());
  CHECK(back->result.personal.empty());
  CHECK(back->events[1] == Event(credentials()));
}

TEST_CASE("a sealed text moved to another commit, account or event does not open") {
  Codec codec;
  auto payload = codec.encode(one(person()));
  auto other = commit_of({person()});
  other.id = CommitId{RawId::make(1'700'000'000'000, 7, 77)};
  CHECK_FALSE(
      codec.json.decode_commit(replaced(payload, commit_of({}).id.to_string(), other.id.to_string())));
  CHECK_FALSE(codec.json.decode_commit(
      replaced(payload, commit_of({}).account.to_string(), "acc_00000000000000000000000001")));
  auto doc = bj::parse(payload).get_object();
  auto event = doc["events"].get_array()[0];
  doc["events"].get_array().push_back(event);
  CHECK_FALSE(codec.json.decode_commit(bj::serialize(doc)));
}

TEST_CASE("a changed sealed text does not open") {
  Codec codec;
  auto payload = codec.encode(one(person()));
  auto at = payload.find("\"sealed\":\"") + 30;
  payload[at] = payload[at] == 'A' ? 'B' : 'A';
  CHECK_FALSE(codec.json.decode_commit(payload));
}

TEST_CASE("what a later version added is skipped, anywhere in a commit") {
  Codec codec;
  auto commit = one(numbers::Activated{NumberId{RawId::make(1, 2, 3)}, {}});
  auto doc = bj::parse(codec.encode(commit)).get_object();
  doc["later"] = {1, 2};
  doc["result"].get_object()["later"] = true;
  doc["events"].get_array()[0].get_object()["later"] = "x";
  doc["events"].get_array()[0].get_object()["d"].get_object()["later"] = bj::object{{"a", 1}};
  auto back = codec.json.decode_commit(bj::serialize(doc));
  REQUIRE(back);
  CHECK(back->events == commit.events);
}

TEST_CASE("a commit that cannot be read is an error that names the member") {
  Codec codec;
  auto payload = codec.encode(
      one(numbers::Activated{NumberId{RawId::make(1, 2, 3)}, WorkspaceId{RawId::make(1, 2, 4)}}));
  auto error_of = [&](const std::string& text) {
    auto r = codec.json.decode_commit(text);
    return r ? Error{} : r.error();
  };
  CHECK(error_of(replaced(payload, "\"basis\"", "\"bases\"")).pointer == "/basis");
  CHECK(error_of(replaced(payload, "\"seq\":42", "\"seq\":-42")).pointer == "/seq");
  CHECK(error_of(replaced(payload, "\"result\"", "\"other\"")).pointer == "/result");
  CHECK(error_of(replaced(payload, "number.activated.v1", "number.activated.v9")).pointer == "/events/0/t");
  auto e = error_of(replaced(payload, "\"d\":{\"number\":\"num_", "\"d\":{\"number\":\"nom_"));
  CHECK(e.pointer == "/events/0/number");
  CHECK(e.detail == "/events/0 number.activated.v1/number must be an id that begins with num_");
  CHECK(error_of("[]").detail == "the payload is not a JSON object");
  CHECK_FALSE(codec.json.decode_commit("{\"v\":1"));
}

TEST_CASE("an old version is turned into the new one by its upcasts, step by step") {
  FixedVault vault;
  Upcasts casts{
      {"number.switched_on.v1",
       [](bj::object& m) {
         m["number"] = m["num"];
         return std::string("number.switched_on.v2");
       }},
      {"number.switched_on.v2",
       [](bj::object& m) {
         m["workspace"] = m["ws"];
         return std::string("number.activated.v1");
       }},
  };
  JsonCommitCodec codec(vault, casts);
  numbers::Activated expected{NumberId{RawId::make(1, 2, 3)}, WorkspaceId{RawId::make(1, 2, 4)}};
  auto payload = *codec.encode(one(expected));
  payload = replaced(payload, "number.activated.v1", "number.switched_on.v1");
  payload = replaced(replaced(payload, "\"d\":{\"number\"", "\"d\":{\"num\""), "\"workspace\"", "\"ws\"");
  auto back = codec.decode_commit(payload);
  REQUIRE(back);
  CHECK(back->events[0] == Event(expected));
  Codec without;
  CHECK_FALSE(without.json.decode_commit(payload));
}

TEST_CASE("a commit with a text that no reader could decode again is refused, in clear or sealed") {
  Codec codec;
  auto half = std::string("\xF0\x9F");
  auto added = credentials();
  added.auth_token_last4 = half;
  CHECK_FALSE(codec.json.encode(one(added)));
  auto ann = person();
  ann.name = Personal<std::string>(half);
  CHECK_FALSE(codec.json.encode(one(ann)));
  auto commit = commit_of({});
  commit.result.clear = "{\"name\":\"" + half + "\"}";
  CHECK_FALSE(codec.json.encode(commit));
}

TEST_CASE("the stamp is the commit's, without decoding; nothing else has one") {
  Codec codec;
  auto commit = one(person());
  commit.term = 18446744073709551615ULL;
  auto payload = codec.encode(commit);
  auto stamp = codec.json.stamp_of(payload);
  REQUIRE(stamp);
  CHECK(stamp->term == commit.term);
  CHECK(stamp->node == commit.node);
  CHECK(stamp->seq == commit.seq);
  for (auto text : {"", "{}", "{\"v\":0,\"term\":1,\"node\":\"a\",\"seq\":1", "{\"v\":1,\"term\":x",
                    "{\"v\":1,\"term\":1,\"node\":\"a", "{\"v\":1,\"term\":1,\"node\":\"a\",\"seq\":",
                    "{\"v\":1,\"term\":-1,\"node\":\"a\",\"seq\":1"}) {
    CAPTURE(text);
    CHECK_FALSE(codec.json.stamp_of(text));
  }
}

TEST_CASE("restamped, a commit is another writer's, and the same byte for byte in all else") {
  Codec codec;
  auto commit = one(person());
  auto payload = codec.encode(commit);
  auto copy = json::restamped(payload, {7, "copy.1", 3}, "0123456789abcdef");
  CHECK(json::unstamped(copy) == json::unstamped(payload));
  CHECK(json::unstamped(payload).starts_with("\"id\":\"cmt_"));
  commit.term = 7;
  commit.node = "copy.1";
  commit.seq = 3;
  commit.basis = "0123456789abcdef";
  CHECK(copy == codec.encode(commit));
  CHECK(codec.json.decode_commit(copy) == commit);  // what is sealed opens
  for (auto text : {"", "{}", "{\"v\":1,\"basis\":\"0", "{\"v\":1,\"basis\":\"0\",\"t\":1}"}) {
    CAPTURE(text);
    CHECK(json::unstamped(text).empty());
  }
}

TEST_CASE("whose commit it is can be told of a newer release's, which is not read as one of ours") {
  Codec codec;
  auto commit = one(person());
  auto payload = codec.encode(commit);
  REQUIRE(level_in(payload) == newest_level);
  auto newer = "{\"v\":" + std::to_string(newest_level + 1) + payload.substr(payload.find(','));
  auto stamp = codec.json.stamp_of(newer);
  REQUIRE(stamp);
  CHECK(stamp->node == commit.node);
  CHECK(stamp->seq == commit.seq);
  auto read = codec.json.decode_commit(newer);
  REQUIRE_FALSE(read);
  CHECK(read.error().detail.ends_with("update Ringledger"));
  auto copy = json::restamped(newer, {7, "copy.1", 3}, "0123456789abcdef");
  CHECK(level_in(copy) == newest_level + 1);
}

TEST_CASE("nothing is written that the level to write at does not know") {
  Codec codec;
  json::JsonCommitCodec older(codec.vault, json::upcasts(), first_level - 1);
  auto refused = older.encode(one(person()));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::read_only);
  CHECK(refused.error().detail.contains("log.write_level"));
  auto written = older.encode(commit_of({}));  // no event: nothing that is new
  REQUIRE(written);
  CHECK(written->starts_with("{\"v\":" + std::to_string(first_level - 1) + ","));
}

TEST_CASE("a stamp never names another node than the commit, however the node is called") {
  Codec codec;
  for (std::string node : {"plain", "with \"quotes\"", "back\\slash", "two\nlines", "é"}) {
    CAPTURE(node);
    auto commit = commit_of({});
    commit.node = node;
    auto payload = codec.encode(commit);
    auto stamp = codec.json.stamp_of(payload);
    CHECK((!stamp || stamp->node == node));
    CHECK(codec.json.decode_commit(payload)->node == node);
  }
}

TEST_CASE("claims and log headers come back equal") {
  Codec codec;
  Claim claim{7, "n.1", "http://a:1"};
  CHECK(codec.json.decode_claim(codec.json.encode(claim)) == claim);
  LogHeader header{"e-1", "inst", 32};
  CHECK(codec.json.decode_header(codec.json.encode(header)) == header);
  CHECK_FALSE(codec.json.decode_claim("{\"v\":1,\"term\":1}"));
  CHECK_FALSE(codec.json.decode_header("{\"v\":1,\"epoch\":\"e\"}"));
}

TEST_CASE("the chained hash depends on all that was counted, in order") {
  Codec codec;
  auto& c = codec.json;
  CHECK(c.chain("", "").size() == 16);
  CHECK(c.chain("", "") == "e3b0c44298fc1c14");
  CHECK(c.chain("ab", "c") == "ba7816bf8f01cfea");  // FIPS 180's SHA-256 of "abc"
  CHECK(c.chain(c.chain("", "a"), "c") != c.chain(c.chain("", "b"), "c"));
}

TEST_CASE("personal members go back where they belong, nested ones too") {
  CHECK(merged(R"({"a":1})", "") == R"({"a":1})");
  CHECK(merged(R"({"id":"x","owner":{"name":null}})", R"({"owner.name":"Ann"})") ==
        R"({"id":"x","owner":{"name":"Ann"}})");
  CHECK(merged(R"({"name":null})", R"({"name":"Ann","gone.name":"x"})") == R"({"name":"Ann"})");
}
