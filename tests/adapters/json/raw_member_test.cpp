// Members taken from a text as they stand there.
#include "adapters/json/raw_member.hpp"

#include <doctest/doctest.h>

using ringledger::json::raw_member;

TEST_CASE("a member is given as it stands: numbers, strings with escapes, what is nested, blanks around it") {
  constexpr std::string_view text =
      R"({ "a" : 0.8000 , "b":"x\"}\\", "c":{"a":[1,{"d":2}],"s":"]"} ,"e":[ ], "f":null})";
  CHECK(raw_member(text, "a") == "0.8000");
  CHECK(raw_member(text, "b") == R"("x\"}\\")");
  CHECK(raw_member(text, "c") == R"({"a":[1,{"d":2}],"s":"]"})");
  CHECK(raw_member(text, "e") == "[ ]");
  CHECK(raw_member(text, "f") == "null");
  CHECK(raw_member(text, "d").empty());
  CHECK(raw_member("{}", "a").empty());
  CHECK(raw_member("{ }", "a").empty());
  CHECK(raw_member(R"({"a":1})", "a") == "1");
}
