// The quick filters say what the plain texts say.
#include "projections/facet_filter.hpp"

#include <algorithm>

#include "tests/projections/support/random_history.hpp"

namespace ringledger {
namespace {

using namespace test;

TEST_CASE("a filter matches exactly the numbers that have one of its values, for every facet") {
  const std::vector<std::pair<Facet, std::vector<std::string>>> all = {
      {Facet::assignment, {"assigned", "unassigned"}},
      {Facet::campaign, {cmp(11).to_string(), cmp(12).to_string(), cmp(21).to_string()}},
      {Facet::status, {"active", "inactive"}},
      {Facet::capability, {"voice", "sms", "mms", "fax"}},
      {Facet::number_type, {"local", "toll_free", "mobile", "unknown"}},
      {Facet::country, {"US", "GB", ""}},
      {Facet::area_code, {"415", "", "212"}},
      {Facet::routing, {"external", "campaign", "agent", "parking", "inactive"}},
      {Facet::provider_state, {"synced", "pending", "failed", "gone", "release_pending"}},
      {Facet::cnam, {"on", "off", "turning_on", "turning_off", "refused"}},
      {Facet::origin, {"twilio", "byot"}}};
  RandomHistory h(7);
  h.beginning();
  std::size_t matched = 0;
  for (std::int64_t step = 0; step < 300; ++step) {
    h.next({step});
    const auto& number =
        std::next(h.numbers.begin(), static_cast<std::ptrdiff_t>(h.below(h.numbers.size())))->second;
    auto summary = summary_of({acc(), number, std::nullopt});
    for (const auto& [facet, values] : all) {
      auto has = facet_values(summary, facet);
      for (const auto& value : values) {
        bool expected = std::find(has.begin(), has.end(), value) != has.end();
        CHECK(FacetFilter(facet, {value}).matches(summary) == expected);
        CHECK(FacetFilter(facet, {"no such value", value}).matches(summary) == expected);
        matched += expected ? 1 : 0;
      }
      CHECK_FALSE(FacetFilter(facet, {"no such value"}).matches(summary));
      CHECK_FALSE(FacetFilter(facet, {}).matches(summary));
    }
  }
  CHECK(matched > 2000);
}

TEST_CASE("NUM-14 letters in a search mean labels only, digits mean numbers too") {
  NumberSummary s;
  s.e164 = E164{"+14155550101"};
  s.label = "Room 7 Ä";
  CHECK(SearchFilter("415-555").matches(s));
  CHECK(SearchFilter("7").matches(s));
  CHECK(SearchFilter("ROOM 7").matches(s));
  CHECK(SearchFilter("Ä").matches(s));
  CHECK_FALSE(SearchFilter("room 415").matches(s));
  CHECK_FALSE(SearchFilter("8").matches(s));
  CHECK(SearchFilter("").matches(s));
  s.label.reset();
  CHECK_FALSE(SearchFilter("room").matches(s));
}

}  // namespace
}  // namespace ringledger
