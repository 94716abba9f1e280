#include "domain/values.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace ringledger {
namespace {
bool number_at(std::string_view t, std::size_t at, std::size_t count, int& out) {
  if (at + count > t.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (t[i] < '0' || t[i] > '9') return false;
    out = out * 10 + (t[i] - '0');
  }
  return true;
}
}  // namespace

std::string to_rfc3339(Timestamp at) {
  using namespace std::chrono;
  sys_time<milliseconds> t{milliseconds{at.ms}};
  auto day = floor<days>(t);
  year_month_day d{day};
  auto in_day = (t - day).count();
  std::array<char, 64> buf{};
  int n =
      std::snprintf(buf.data(), buf.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(d.year()),
                    static_cast<unsigned>(d.month()), static_cast<unsigned>(d.day()),
                    static_cast<int>(in_day / 3600000), static_cast<int>(in_day / 60000 % 60),
                    static_cast<int>(in_day / 1000 % 60), static_cast<int>(in_day % 1000));
  return {buf.data(), static_cast<std::size_t>(n)};
}

std::optional<Timestamp> parse_rfc3339(std::string_view t) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  bool shape = number_at(t, 0, 4, y) && number_at(t, 5, 2, mo) && number_at(t, 8, 2, d) &&
               number_at(t, 11, 2, h) && number_at(t, 14, 2, mi) && number_at(t, 17, 2, s) && t[4] == '-' &&
               t[7] == '-' && (t[10] == 'T' || t[10] == 't') && t[13] == ':' && t[16] == ':';
  year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!shape || !date.ok() || h > 23 || mi > 59 || s > 59) return std::nullopt;
  std::size_t at = 19;
  int ms = 0;
  if (at < t.size() && t[at] == '.') {
    std::size_t first = ++at;
    for (int scale = 100; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at, scale /= 10) {
      ms += (t[at] - '0') * scale;
    }
    if (at == first || at - first > 9) return std::nullopt;
  }
  std::int64_t offset_min = 0;
  if (at + 1 == t.size() && (t[at] == 'Z' || t[at] == 'z')) {
    offset_min = 0;
  } else {
    int oh = 0, om = 0;
    if (at + 6 != t.size() || (t[at] != '+' && t[at] != '-') || t[at + 3] != ':' ||
        !number_at(t, at + 1, 2, oh) || !number_at(t, at + 4, 2, om) || oh > 23 || om > 59) {
      return std::nullopt;
    }
    offset_min = (t[at] == '-' ? -1 : 1) * (oh * 60 + om);
  }
  auto day_ms = duration_cast<milliseconds>(sys_days{date}.time_since_epoch()).count();
  Timestamp time{day_ms + ((h * 60 + mi - offset_min) * 60 + s) * 1000 + ms};
  // The offset may lead out of the years that RFC 3339 can write: such a time could never be read again.
  if (time < first_timestamp || time > last_timestamp) return std::nullopt;
  return time;
}

std::optional<E164> E164::parse(std::string_view text) {
  if (text.size() < 8 || text.size() > 16 || text[0] != '+' || text[1] == '0') return std::nullopt;
  for (char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  return E164{std::string(text)};
}

std::string amount_text(const Money& money) {
  auto v = money.ten_thousandths;
  auto size = v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
  std::array<char, 40> buf{};
  int n = std::snprintf(buf.data(), buf.size(), "%s%llu.%04llu", v < 0 ? "-" : "",
                        static_cast<unsigned long long>(size / 10000),
                        static_cast<unsigned long long>(size % 10000));
  return {buf.data(), static_cast<std::size_t>(n)};
}

std::string share_text(Share share) { return amount_text({share.ten_thousandths, ""}); }

}  // namespace ringledger
