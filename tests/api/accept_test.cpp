// Which representation an Accept header prefers.
#include "api/accept.hpp"

#include <doctest/doctest.h>

using namespace ringledger;

namespace {

constexpr std::string_view offered[] = {"application/json", "application/x-ndjson", "text/event-stream"};
std::string_view of(std::string_view accept) {
  auto at = preferred_media(accept, offered);
  return at ? offered[*at] : "none";
}

}  // namespace

TEST_CASE("the greatest q wins; q=0 refuses; among equals the more exact, then the first named") {
  CHECK(of("") == "application/json");
  CHECK(of("*/*") == "application/json");
  CHECK(of("text/*") == "text/event-stream");
  CHECK(of("text/event-stream;q=0.1, application/json") == "application/json");
  CHECK(of("application/json;q=0.5,application/x-ndjson;q=0.75") == "application/x-ndjson");
  CHECK(of("text/event-stream, */*") == "text/event-stream");
  CHECK(of("application/json; q=0, */*") == "application/x-ndjson");
  CHECK(of("*/*;q=0.1, application/*;q=0") == "text/event-stream");
  CHECK(of("Application/X-NDJSON, application/json") == "application/x-ndjson");
  CHECK(of("text/html, application/json;q=0.001") == "application/json");
  CHECK(of("image/png") == "none");
  CHECK(of("text/event-stream;q=0.000") == "none");
}
