// Texts compared without case.
#include "domain/text.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

TEST_CASE("case is ignored in every script, and so is how an accent is written") {
  CHECK(folded("Morning RADIO 7") == "morning radio 7");
  CHECK(folded("CAFÉ") == folded("café"));
  CHECK(folded("CAFE\u0301") == folded("café"));
  CHECK(folded("ΣΊΣΥΦΟΣ") == folded("σίσυφος"));
  CHECK(folded("ПРИВЕТ") == folded("привет"));
  CHECK(folded("STRASSE") == folded("straße"));
  CHECK(folded("é") != folded("e"));
  CHECK(folded("").empty());
}
