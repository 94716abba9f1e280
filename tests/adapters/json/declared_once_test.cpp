// Adding a command, an event or a view is one declaration: what is declared here, and nowhere else, is
// read and written.
#include <doctest/doctest.h>

#include "adapters/json/json_reader.hpp"
#include "domain/event.hpp"

using namespace ringledger;
using namespace ringledger::json;

namespace {

/// The fact.
struct Noted {
  NumberId number;
  std::string note;
  std::optional<Timestamp> remind_at;
  Personal<std::string> author;
  RL_FIELDS(Noted, number, note, remind_at, author);
};
/// The wish.
struct NoteNumber {
  WorkspaceId workspace;
  NumberId number;
  Text<20> note;
  std::optional<Timestamp> remind_at;
  BOOST_DESCRIBE_CLASS(NoteNumber, (), (workspace, number, note, remind_at), (), ())
  struct Answer {
    NumberId id;
    std::optional<std::string> note;
    OneTimeSecret secret;
    BOOST_DESCRIBE_CLASS(Answer, (), (id, note, secret), (), ())
  };
};

const NumberId number{RawId::make(1, 2, 3)};

}  // namespace

TEST_CASE("a declared event is stored and read back, its sealed fields apart") {
  Noted e{number, "call back", {}, Personal<std::string>("Ann")};
  auto parts = split(e);
  CHECK(parts.clear == "{\"number\":\"" + number.to_string() + "\",\"note\":\"call back\"}");
  CHECK(parts.personal == R"({"author":"Ann"})");
  auto j = parse_stored(parts.clear)->get_object();
  j["author"] = "Ann";
  CHECK(from_stored<Noted>(boost::json::value(j)) == e);
}

TEST_CASE("a declared command is read from a body, its faults named") {
  NoteNumber c;
  Reader reader(Reading::strict);
  auto from_path = [](std::string_view m) { return m == "workspace" || m == "number"; };
  reader.read_members(parse_strict(R"({"note":"x","remind_at":"2026-11-21T09:30:00Z"})")->get_object(), c,
                      from_path);
  CHECK(reader.faults().empty());
  CHECK(c.note.value == "x");
  CHECK(c.remind_at);
  Reader again(Reading::strict);
  again.read_members(parse_strict(R"({"remind_at":1,"nope":1})")->get_object(), c, from_path);
  REQUIRE(again.faults().size() == 3);
  CHECK(again.faults()[0].pointer == "/note");
  CHECK(again.faults()[1].pointer == "/remind_at");
  CHECK(again.faults()[2].code == Code::unknown_field);
}

TEST_CASE("a declared answer is written whole, its one-time secret apart") {
  NoteNumber::Answer a{number, {}, {"s3cret"}};
  CHECK(to_text(a) == "{\"id\":\"" + number.to_string() + "\",\"note\":null,\"secret\":null}");
  CHECK(split(a, Mode::result).once == R"({"secret":"s3cret"})");
}
