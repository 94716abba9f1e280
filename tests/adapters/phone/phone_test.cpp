// What people type as a phone number, and what is told of a number.
#include "adapters/phone/phone.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "adapters/phone/facts_cache.hpp"
#include "domain/utf8.hpp"

using namespace ringledger;
using numbers::NumberType;

namespace {

std::string read(std::string_view text, std::string_view country = "US") {
  auto number = read_phone(text, country);
  return number ? number->text : "refused: " + number.error().detail;
}

PhoneFacts facts_of(const std::string& e164) { return facts(E164{e164}); }

}  // namespace

TEST_CASE("CON-03: a number in any usual form is read as E.164") {
  struct Row {
    std::string text, country, e164;
  };
  for (const auto& row : std::vector<Row>{
           {"(212) 555-1234", "US", "+12125551234"},
           {"212-555-1234", "us", "+12125551234"},
           {"212.555.1234", "US", "+12125551234"},
           {" 212 555 1234 ", "US", "+12125551234"},
           {"1 (212) 555-1234", "US", "+12125551234"},
           {"+1 415 555 0100", "", "+14155550100"},
           {"+1 415 555 0100", "GB", "+14155550100"},
           {"tel:+1-415-555-0100", "", "+14155550100"},
           {"\xEF\xBC\x8B\xEF\xBC\x91 415 555 0100", "", "+14155550100"},  // full-width + and 1
           {"415\xC2\xA0"
            "555\xE2\x80\x91"
            "0100",
            "US", "+14155550100"},  // no-break space and hyphen
           {"1-800-FLOWERS", "US", "+18003569377"},
           {"(800) 555-0199", "US", "+18005550199"},
           {"011 44 20 7946 0958", "US", "+442079460958"},
           {"020 7946 0958", "GB", "+442079460958"},
           {"+44 (0)20 7946 0958", "", "+442079460958"},
           {"0044 20 7946 0958", "DE", "+442079460958"},
           {"07700 900123", "GB", "+447700900123"},
           {"030 901820", "DE", "+4930901820"},
           {"+49 (0)30 901820", "US", "+4930901820"},
           {"0151 23456789", "DE", "+4915123456789"},
           {"01 42 68 53 00", "FR", "+33142685300"},
           {"06 12 34 56 78", "FR", "+33612345678"},
           {"+33 1 42 68 53 00", "", "+33142685300"},
           {"+39 06 698 12345", "", "+390669812345"},  // Italy keeps its 0
       }) {
    CAPTURE(row.text);
    CHECK(read(row.text, row.country) == row.e164);
  }
}

TEST_CASE(
    "CON-03: Twilio's magic numbers and numbers nobody has are read: only the length must be possible") {
  for (const std::string e164 : {"+15005550006", "+15005550001", "+14155550100", "+14155559999"})
    CHECK(read(e164, "") == e164);
}

TEST_CASE("CON-03: what is no phone number is refused with the reason") {
  struct Row {
    std::string text, country, why;
  };
  for (const auto& row : std::vector<Row>{
           {"", "US", "no digits that could be one"},
           {"hello", "US", "no digits that could be one"},
           {"+", "US", "no digits that could be one"},
           {"415 555 0100", "", "invalid country code; write it as + country code and number"},
           {"415 555 0100", "QQ", "invalid country code; write it as + country code and number"},
           {"+999 123 456 789", "US", "invalid country code; write it as + country code and number"},
           {"12", "US", "too short"},
           {"+1 415 55", "", "too short"},
           {"555-0100", "US", "too short: the area code is missing"},
           {"+1 415 555 01001", "", "too long"},
           {"+14155550100415555010041555501004155550100", "", "too long"},
           {std::string(251, '1'), "US", "too long"},
           {"212-555-1234 x55", "US", "it has an extension, which cannot be kept"},
           {"+1415555\xff"
            "0100",
            "US", "the text is not UTF-8"},
           {"\xC0\xB1"
            "4155550100",
            "US", "the text is not UTF-8"},
       }) {
    CAPTURE(row.text);
    auto number = read_phone(row.text, row.country);
    REQUIRE(!number);
    CHECK(number.error().code == Code::validation_failed);
    CHECK(number.error().detail == "not a phone number: " + row.why);
  }
}

TEST_CASE("a refusal never repeats what was typed, as it may be somebody's number") {
  auto number = read_phone("41555501", "US");
  REQUIRE(!number);
  CHECK(number.error().detail.find("41555501") == std::string::npos);
}

TEST_CASE("what is read reads as itself: zeros that only the typed form allows are refused") {
  CHECK_FALSE(read_phone("000563", "DE"));  // would be +4900563, which reads as +49563
  CHECK_FALSE(read_phone("0 00563", "DE"));
  CHECK_FALSE(read_phone(")0007333", "DE"));
}

TEST_CASE("10,000 random texts are read or refused, and what is read is E.164 and reads as itself") {
  const char* given = std::getenv("RL_SEED");
  const auto seed = given ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  constexpr std::string_view likely = "0123456789+()-. x#\xEF\xBC\x8B";
  int read_count = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text(random() % 24, '\0');
    for (auto& c : text) c = random() % 8 ? likely[random() % likely.size()] : static_cast<char>(random());
    const auto number = read_phone(text, i % 2 ? "US" : "DE");
    if (!number) continue;
    ++read_count;
    REQUIRE(E164::parse(number->text));
    REQUIRE(read(number->text, "") == number->text);
  }
  CHECK(read_count > 0);
}

TEST_CASE("NUM-02, NUM-07, NUM-11: display, country, area code and kind follow from the number") {
  struct Row {
    std::string e164, display, country, area_code;
    NumberType type;
  };
  for (const auto& row : std::vector<Row>{
           {"+14155550100", "(415) 555-0100", "US", "415", NumberType::local},
           {"+12125551234", "(212) 555-1234", "US", "212", NumberType::local},
           {"+14165550123", "(416) 555-0123", "CA", "416", NumberType::local},
           {"+18765550123", "(876) 555-0123", "JM", "876", NumberType::mobile},
           {"+18005550199", "(800) 555-0199", "US", "800", NumberType::toll_free},
           {"+18335550199", "(833) 555-0199", "US", "833", NumberType::toll_free},
           {"+15005550006", "(500) 555-0006", "US", "500", NumberType::unknown},
           {"+442079460958", "+44 20 7946 0958", "GB", "20", NumberType::local},
           {"+447400123456", "+44 7400 123456", "GB", "", NumberType::mobile},
           {"+448001111111", "+44 800 111 1111", "GB", "", NumberType::toll_free},
           {"+443001231234", "+44 300 123 1234", "GB", "", NumberType::national},
           {"+4930901820", "+49 30 901820", "DE", "30", NumberType::local},
           {"+4915123456789", "+49 1512 3456789", "DE", "", NumberType::mobile},
           {"+33142685300", "+33 1 42 68 53 00", "FR", "1", NumberType::local},
           {"+33612345678", "+33 6 12 34 56 78", "FR", "", NumberType::mobile},
           {"+33892123456", "+33 892 12 34 56", "FR", "", NumberType::unknown},
           {"+80012345678", "+800 1234 5678", "", "", NumberType::toll_free},
           {"+99912345678", "+99912345678", "", "", NumberType::unknown},
       }) {
    CAPTURE(row.e164);
    const auto told = facts_of(row.e164);
    CHECK(told.display == row.display);
    CHECK(told.country == row.country);
    CHECK(told.area_code == row.area_code);
    CHECK(static_cast<int>(told.number_type) == static_cast<int>(row.type));
    CHECK(facts_of(row.e164) == told);  // as remembered
  }
}

TEST_CASE("a number nobody has is told by its area code, elsewhere by its country code") {
  CHECK(facts_of("+14151550100").country == "US");  // an exchange cannot begin with 1
  CHECK(facts_of("+14151550100").number_type == NumberType::local);
  CHECK(facts_of("+14161550100").country == "CA");
  CHECK(facts_of("+449999999999").country == "GB");
  CHECK(facts_of("+11115550100").country == "");  // no area code begins with 1
}

TEST_CASE("reading display forms gives the number back") {
  for (const std::string e164 : {"+14155550100", "+18005550199", "+442079460958", "+4930901820"})
    CHECK(read(facts_of(e164).display, "US") == e164);
}

TEST_CASE("facts may be asked for by several threads at once") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t] {
      for (int i = 0; i < 300; ++i) {
        const auto tail = std::to_string(1000 + i);
        wrong[t] += facts_of("+1415555" + tail).display != "(415) 555-" + tail;
        wrong[t] += read("415-555-" + tail) != "+1415555" + tail;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE("CTY-01 the country of a number alone is that of its facts, whatever was asked before") {
  std::mt19937 random(1);
  auto digits = [&](int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += static_cast<char>('0' + random() % 10);
    return all;
  };
  std::vector<std::string> some = {"+442079460958", "+4930901820", "+80012345678", "+12", "+1415555"};
  for (int area = 200; area < 1000; ++area) {  // of +1: each country's, toll-free ones, and unassigned ones
    for (int i = 0; i < 3; ++i)
      some.push_back("+1" + std::to_string(area) + std::to_string(2 + random() % 8) + digits(6));
  }
  some.insert(some.end(), {"+17106274387", "+17105551234", "+17106274387"});  // one of its area is assigned
  for (const auto& e164 : some) CHECK_MESSAGE(country(E164{e164}) == facts_of(e164).country, e164);
}

TEST_CASE("the memory of facts is bounded and keeps what is asked for") {
  FactsCache cache(10);
  for (int i = 0; i < 1000; ++i) {
    cache.put(std::to_string(i), {std::to_string(i), "US", "415", NumberType::local});
    CHECK(cache.find("0").has_value());
    CHECK(cache.size() <= 20);
  }
  CHECK(cache.find("999")->display == "999");
  CHECK(!cache.find("500"));
}

TEST_CASE("UTF-8 is told from other bytes") {
  for (const std::string_view good :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x93\x9E", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(good));
  for (const std::string_view bad :
       {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "ok\xFE"})
    CHECK(!is_utf8(bad));
}
