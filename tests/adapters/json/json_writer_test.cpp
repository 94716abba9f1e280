// Writing described types: answers, events, results and rows differ in what is empty, personal or secret.
#include "adapters/json/json_writer.hpp"

#include <doctest/doctest.h>

#include "adapters/json/json_reader.hpp"
#include "commands/account.hpp"

using namespace ringledger;
using namespace ringledger::json;

namespace {

struct Person {
  Personal<std::string> name;
  BOOST_DESCRIBE_CLASS(Person, (), (name), (), ())
};
struct Thing {
  std::string text;
  std::optional<std::int64_t> count;
  Person person;
  Secret<std::string> token;
  OneTimeSecret once;
  BOOST_DESCRIBE_CLASS(Thing, (), (text, count, person, token, once), (), ())
};
Thing thing() { return {"t", {}, {Personal<std::string>("Ann")}, Secret<std::string>("tok"), {"rl_1"}}; }

/// Turns a text round, so that it is seen whether a secret went through the box.
SecretBox turning() {
  auto turn = [](std::string_view s) { return std::string(s.rbegin(), s.rend()); };
  return {turn, [turn](std::string_view s) -> Result<std::optional<std::string>> { return turn(s); }};
}

}  // namespace

TEST_CASE("an answer holds every member, null when empty, personal in clear, never a secret") {
  CHECK(to_text(thing()) == R"({"text":"t","count":null,"person":{"name":"Ann"},"token":null,"once":null})");
}

TEST_CASE("an event leaves out what is empty, and what is sealed goes apart") {
  auto s = split(thing());
  CHECK(s.clear == R"({"text":"t","person":{},"once":null})");
  CHECK(s.personal == R"({"person.name":"Ann","token":"tok"})");
}

TEST_CASE("a result keeps personal members as null, and its one-time secrets apart from what is stored") {
  auto s = split(thing(), Mode::result);
  CHECK(s.clear == R"({"text":"t","count":null,"person":{"name":null},"token":null,"once":null})");
  CHECK(s.personal == R"({"person.name":"Ann","token":"tok"})");
  CHECK(s.once == R"({"once":"rl_1"})");
}

TEST_CASE("a nested one-time secret is named by its path") {
  CreateAccount::Answer a;
  a.key.secret.value = "rl_2";
  a.owner.email = Personal<std::string>("a@b.example");
  auto s = split(a, Mode::result);
  CHECK(s.once == R"({"key.secret":"rl_2"})");
  CHECK(s.personal == R"({"owner.email":"a@b.example"})");
}

TEST_CASE("a row holds secrets only through its box, and reads back") {
  auto box = turning();
  auto text = to_text(thing(), Mode::row, &box);
  CHECK(text == R"({"text":"t","person":{"name":"Ann"},"token":"kot","once":null})");
  CHECK(to_text(thing(), Mode::row).find("\"tok\"") == std::string::npos);  // no box, no secret
}

TEST_CASE("texts are escaped as JSON asks and no further") {
  std::string out;
  write_text(out, std::string("a\"b\\c\b\f\n\r\t\x01\x1f/é\x7f", 16));
  CHECK(out == "\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\\u001f/é\x7f\"");
  CHECK(*parse_stored(out) == boost::json::value(std::string("a\"b\\c\b\f\n\r\t\x01\x1f/é\x7f", 16)));
}

TEST_CASE("values are written as the contract says") {
  CHECK(to_text(Timestamp{1'795'253'400'000}) == "\"2026-11-21T09:30:00.000Z\"");
  CHECK(to_text(Money{100, "USD"}) == R"({"amount":"0.0100","currency":"USD"})");
  CHECK(to_text(campaigns::Type::static_) == "\"static\"");
  CHECK(to_text(std::uint64_t{18446744073709551615ULL}) == "18446744073709551615");
  CHECK(to_text(std::vector<bool>{}.empty()) == "true");
  CHECK(to_text(std::map<std::string, std::int64_t>{{"a", 1}, {"b", -2}}) == R"({"a":1,"b":-2})");
  CHECK(to_text(NumberId{}) == "\"num_00000000000000000000000000\"");
}
