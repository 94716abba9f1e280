// Whatever a client's body may say and the strict reader accepts is stored and read back equal: a value
// that could be written but not read would make the log unreadable for ever.
#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>
#include <random>

#include "adapters/json/commit_json.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"
#include "tests/adapters/json/support/sample.hpp"

using namespace ringledger;
using namespace ringledger::json;
using namespace ringledger::testing;
using namespace std::literals;

namespace {

template <class T>
struct Holder {
  T value;
  RL_FIELDS(Holder, value);
};

/// Texts near the edges of what is valid, changed at random.
class Bodies {
 public:
  explicit Bodies(std::vector<std::string> seeds) : x_seeds(std::move(seeds)) {}
  std::string next() {
    auto text = x_seeds[x_random() % x_seeds.size()];
    for (auto changes = x_random() % 4; changes > 0 && !text.empty(); --changes) {
      static constexpr std::string_view likely = "0123456789+-.:TZeE9 \"\\u{}[]\0\xC3\xA9\xF0\x9F\xFF"sv;
      auto at = x_random() % text.size();
      char c = likely[x_random() % likely.size()];
      if (x_random() % 3 == 0)
        text.insert(at, 1, c);
      else if (x_random() % 3 == 0)
        text.erase(at, 1);
      else
        text[at] = c;
    }
    return text;
  }

 private:
  std::vector<std::string> x_seeds;
  std::mt19937 x_random{20'240'117};
};

template <class T>
std::optional<T> accepted(const std::string& body) {
  auto j = parse_strict("{\"value\":" + body + "}");
  if (!j) return std::nullopt;
  Reader reader(Reading::strict);
  Holder<T> held{};
  reader.read(*j, held);
  if (!reader.faults().empty()) return std::nullopt;
  return held.value;
}

template <class T>
void every_accepted_value_returns(const std::vector<std::string>& seeds) {
  Bodies bodies(seeds);
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto body = i < static_cast<int>(seeds.size()) ? seeds[static_cast<std::size_t>(i)] : bodies.next();
    auto value = accepted<T>(body);
    if (!value) continue;
    ++read;
    CAPTURE(body);
    for (auto mode : {Mode::event, Mode::row}) {
      auto stored = to_text(Holder<T>{*value}, mode);
      CAPTURE(stored);
      auto back = from_stored_text<Holder<T>>(stored);
      REQUIRE(back);
      REQUIRE(back->value == *value);
    }
  }
  CHECK(read > 500);
}

}  // namespace

TEST_CASE("every time that is accepted is stored and read back equal") {
  every_accepted_value_returns<Timestamp>({R"("9999-12-31T23:59:59-01:00")", R"("0000-01-01T00:00:00+01:00")",
                                           R"("9999-12-31T23:59:59.999Z")", R"("0000-01-01T00:00:00Z")",
                                           R"("2024-02-29T12:00:00.123456789+05:30")"});
}

TEST_CASE("every amount of money that is accepted is stored and read back equal") {
  every_accepted_value_returns<Money>({R"({"amount":"0.0100","currency":"USD"})",
                                       R"({"amount":"-0","currency":"€"})",
                                       R"({"amount":"922337203685477.5807","currency":"USD"})",
                                       R"({"amount":"-922337203685477.5808","currency":"USD"})"});
}

TEST_CASE("every whole number, phone number, id and text that is accepted is stored and read back equal") {
  every_accepted_value_returns<std::int64_t>({"9223372036854775807", "-9223372036854775808", "-0", "1e3"});
  every_accepted_value_returns<std::uint64_t>({"18446744073709551615", "0", "12"});
  every_accepted_value_returns<E164>({R"("+14155550100")", R"("+1234567")", R"("+123456789012345")"});
  every_accepted_value_returns<NumberId>({R"("num_7zzzzzzzzzzzzzzzzzzzzzzzzz")",
                                          R"("num_00000000000000000000000000")",
                                          R"("num_01HQZX3V8N4C5D6E7F8G9HJKMN")"});
  const std::vector<std::string> texts = {R"("plain")", R"("é€😀")", R"("\ud83d\ude00 \u0000 \u007f \u2028")",
                                          R"("\" \\ \/ \b\f\n\r\t")", R"("\ud800")"};
  every_accepted_value_returns<std::string>(texts);
  every_accepted_value_returns<std::optional<std::string>>(texts);
  every_accepted_value_returns<std::vector<std::string>>({R"(["a","é"])", R"([])", R"(["\u0000","😀"])"});
  every_accepted_value_returns<std::map<std::string, std::string>>({R"({"a.b":"é","":"😀"})"});
}

TEST_CASE("a sealed text that is accepted comes back equal from a commit") {
  FixedVault vault;
  JsonCommitCodec codec(vault);
  Bodies bodies({R"("Ann \u0000 é 😀")", R"("\" \\ \u2028")"});
  for (int i = 0; i < 2'000; ++i) {
    auto body = bodies.next();
    auto name = accepted<std::string>(body);
    if (!name) continue;
    CAPTURE(body);
    members::Added ann{MemberId{RawId::make(1, 7, 9)}, false, Personal(*name), Personal(*name)};
    auto payload = codec.encode(commit_of({ann}));
    REQUIRE(payload);
    auto back = codec.decode_commit(*payload);
    REQUIRE(back);
    REQUIRE(back->events.at(0) == Event(ann));
  }
}
