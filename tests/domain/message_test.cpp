// Messages: the words that forbid and allow.
#include "domain/message.hpp"

#include <doctest/doctest.h>

using namespace ringledger;
using contacts::Consent;
using messages::keyword_of;

TEST_CASE("CMP-04 Twilio's words, alone, in any case, with blanks around, forbid and allow") {
  for (const char* word :
       {"STOP", "stop", " Stop\r\n", "StopAll", "UNSUBSCRIBE", "end", "Quit", "cancel", "REVOKE", "optout"}) {
    CAPTURE(word);
    REQUIRE(keyword_of(word));
    CHECK(keyword_of(word)->consent == Consent::opted_out);
  }
  for (const char* word : {"START", "yes", "\tUnstop "}) {
    CAPTURE(word);
    REQUIRE(keyword_of(word));
    CHECK(keyword_of(word)->consent == Consent::opted_in);
  }
  CHECK(keyword_of(" stop ")->word == "STOP");
  CHECK(keyword_of("yes")->only_undoes);
  CHECK_FALSE(keyword_of("start")->only_undoes);
}

TEST_CASE("CMP-04 a word in a sentence, part of a word and help ask for nothing") {
  for (const char* body : {"Stop please", "don't stop", "STOP.", "STO", "STOPP", "HELP", "INFO", "", "  "}) {
    CAPTURE(body);
    CHECK_FALSE(keyword_of(body));
  }
}
