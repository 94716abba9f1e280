// Rows come back from their bytes as they were, and no bytes do harm.
#include "projections/row_codec.hpp"

#include <doctest/doctest.h>

#include <random>

#include "projections/access.hpp"
#include "projections/inventory.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace layouts {
struct One {
  std::string a;
  std::int64_t b = 0;
  RL_FIELDS(One, a, b);
};
struct Renamed {
  std::string a;
  std::int64_t c = 0;
  RL_FIELDS(Renamed, a, c);
};
struct Retyped {
  std::string a;
  std::string b;
  RL_FIELDS(Retyped, a, b);
};
}  // namespace layouts

namespace {

using namespace layouts;

InventoryRow full_row() {
  InventoryRow row;
  row.account = test::acc();
  auto& n = row.number;
  n.id = test::num();
  n.e164 = E164{"+14155550100"};
  n.label = "Line \0 one";
  n.campaign = test::cmp();
  n.cnam_error_code = -21409;
  n.monthly_cost = Money{11500, "EUR"};
  n.wanted.friendly_name = "";
  n.provider_state = numbers::ProviderState::release_pending;
  n.imported_at = {1'700'000'000'123};
  row.last_call_at = Timestamp{-5};
  return row;
}

TEST_CASE("every row comes back as it was") {
  auto codec = binary_codec<InventoryRow>();
  CHECK(codec.decode(codec.encode(full_row())).value() == full_row());
  CHECK(codec.decode(codec.encode({})).value() == InventoryRow{});
  auto access = binary_codec<AccessRow>();
  AccessRow row;
  row.member = members::Member{
      test::mem(), true, Personal<std::string>("Ann"), {}, {{test::ws(), members::Role::agent}}, {}, 3};
  CHECK(access.decode(access.encode(row)).value() == row);
}

TEST_CASE("integers keep their value from one end to the other") {
  for (std::int64_t v :
       {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    std::string text;
    row_codec::put(text, v);
    std::string_view in = text;
    std::int64_t back = 7;
    CHECK(row_codec::take(in, back));
    CHECK(back == v);
    CHECK(in.empty());
  }
}

TEST_CASE("a row cut short anywhere, or with something behind it, is refused") {
  auto codec = binary_codec<InventoryRow>();
  auto text = codec.encode(full_row());
  for (std::size_t n = 0; n < text.size(); ++n) CHECK_FALSE(codec.decode(text.substr(0, n)).has_value());
  CHECK_FALSE(codec.decode(text + "x").has_value());
}

TEST_CASE("random bytes are decoded or refused, never more") {
  auto codec = binary_codec<AccessRow>();
  std::mt19937 random(20261121);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 64, '\0');
    for (char& c : text) c = static_cast<char>(random());
    (void)codec.decode(text);
  }
}

TEST_CASE("the layout changes with every field's name and type") {
  CHECK(binary_codec<One>().layout != binary_codec<Renamed>().layout);
  CHECK(binary_codec<One>().layout != binary_codec<Retyped>().layout);
  CHECK(binary_codec<One>().layout == binary_codec<One>().layout);
}

}  // namespace
}  // namespace ringledger
