// Errors, fields, dates and paging of the simulated REST API (twilio.md B.1, B.7).
#include "adapters/twilio/simulator_rest.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t default_page_size = 50, max_page_size = 1000;

bool is_url(std::string_view text) { return parse_url(text).has_value(); }

std::optional<std::int64_t> parse_date(std::string_view text, bool& whole_day) {
  whole_day = text.size() == 10;
  const auto at = parse_rfc3339(whole_day ? std::string(text) + "T00:00:00Z" : std::string(text));
  return at ? std::optional(at->ms) : std::nullopt;
}

}  // namespace

Reply error_reply(int status, int code, std::string message) {
  return {.status = status,
          .body = json::object{{"code", code},
                               {"message", std::move(message)},
                               {"more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)},
                               {"status", status}}};
}

Reply not_found(const Request& request) {
  return error_reply(404, 20404, "The requested resource " + request.path + " was not found");
}

Reply method_not_allowed(const Request& request) {
  return error_reply(405, 20004, "Method not allowed: " + request.method + " " + request.path);
}

Reply failure_reply(const Error& error) {
  if (error.code == Code::rate_limited) return error_reply(429, 20429, error.detail);
  return error_reply(500, 20500, error.detail);
}

std::string rfc2822(std::int64_t ms) {
  using namespace std::chrono;
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_time<milliseconds> at{milliseconds(ms)};
  const auto midnight = floor<std::chrono::days>(at);
  const year_month_day date(midnight);
  const hh_mm_ss time(floor<seconds>(at - midnight));
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000",
                days[weekday(midnight).c_encoding()], static_cast<unsigned>(date.day()),
                months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

void render(json::object& into, const Record& record, std::span<const FieldSpec> specs) {
  for (const auto& spec : specs) {
    const std::string_view held = record.get(spec.field);
    const auto value = held.empty() ? spec.fallback : held;
    auto& slot = into[spec.field];
    if (spec.show == FieldSpec::flag)
      slot = value == "true";
    else if (spec.show == FieldSpec::integer)
      slot = std::atoll(std::string(value).c_str());
    else if (spec.show == FieldSpec::nullable && value.empty())
      slot = nullptr;
    else
      slot = value;
  }
}

std::optional<Reply> assign(Record& record, std::span<const FieldSpec> specs, const FormFields& form) {
  for (const auto& [name, value] : form) {
    const auto spec = std::ranges::find(specs, std::string_view(name), &FieldSpec::param);
    if (spec == specs.end() || name.empty()) continue;  // Twilio ignores what it does not know
    const bool is_method = name.ends_with("Method");
    if ((name.ends_with("Url") || name.ends_with("Callback")) && !value.empty() && !is_url(value))
      return error_reply(400, 21402, name + " is not a valid URL: " + value);
    if (is_method && !value.empty() && value != "GET" && value != "POST")
      return error_reply(400, 21403, name + " must be GET or POST");
    if (spec->show == FieldSpec::flag)
      record.set(spec->field, value == "true" || value == "1" ? "true" : "");
    else
      record.set(spec->field, value);
  }
  return std::nullopt;
}

std::optional<Reply> check_friendly_name(const FormFields& form) {
  const auto name = form_value(form, "FriendlyName");
  const auto characters = std::ranges::count_if(name, [](char c) { return (c & 0xC0) != 0x80; });
  if (characters <= 64) return std::nullopt;
  return error_reply(400, 20002, "Invalid FriendlyName: must be at most 64 characters");
}

std::string account_uri(const std::string& account) { return "/2010-04-01/Accounts/" + account; }

namespace {

struct Page {
  std::vector<const Record*> items;
  bool more_before = false, more_after = false;
};

using Matches = std::function<bool(const Record&)>;

/// Where a listing starts: behind a record (PA), before a record (PB), or after `skip` records.
struct Place {
  char side = 0;
  std::uint64_t seq = 0;
  std::size_t skip = 0;
};

Page after(const Collection& records, const Matches& matches, Collection::BySeq::const_iterator from,
           std::size_t skip, std::size_t size) {
  Page page{.items = {}, .more_before = skip > 0 || from != records.all().begin()};
  for (auto at = from; at != records.all().end(); ++at) {
    if (!matches(at->second)) continue;
    if (skip > 0) {
      --skip;
    } else if (page.items.size() == size) {
      page.more_after = true;
      break;
    } else {
      page.items.push_back(&at->second);
    }
  }
  return page;
}

Page before(const Collection& records, const Matches& matches, std::uint64_t seq, std::size_t size) {
  Page page{.items = {}, .more_after = true};
  for (auto at = records.all().lower_bound(seq); at != records.all().begin();) {
    if (!matches((--at)->second)) continue;
    if (page.items.size() == size) {
      page.more_before = true;
      break;
    }
    page.items.push_back(&at->second);
  }
  std::ranges::reverse(page.items);
  return page;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool good = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  return good ? std::optional(value) : std::nullopt;
}

std::optional<Place> read_token(std::string_view token) {
  if (token.size() != 36 || token[0] != 'P' || (token[1] != 'A' && token[1] != 'B')) return std::nullopt;
  const auto seq = number_of(token.substr(20), 16);
  return seq ? std::optional(Place{.side = token[1], .seq = *seq}) : std::nullopt;
}

std::string token(char side, std::string_view prefix, const Record& record) {
  char text[40];
  std::snprintf(text, sizeof text, "P%c%.2s%032llx", side, std::string(prefix).c_str(),
                static_cast<unsigned long long>(record.seq));
  return text;
}

std::string page_uri(const Request& request, std::size_t size, std::uint64_t page, const std::string& place) {
  FormFields query;
  for (const auto& field : request.query)
    if (field.first != "PageSize" && field.first != "Page" && field.first != "PageToken")
      query.push_back(field);
  query.emplace_back("PageSize", std::to_string(size));
  query.emplace_back("Page", std::to_string(page));
  if (!place.empty()) query.emplace_back("PageToken", place);
  return request.path + "?" + form_encode(query);
}

json::value link(bool there, const std::string& uri) {
  return there ? json::value(uri) : json::value(nullptr);
}

}  // namespace

Reply list_page(const Request& request, const Collection& records, const ListShape& shape) {
  const auto asked = form_value(request.query, "PageSize");
  const auto size_asked = asked.empty() ? default_page_size : number_of(asked).value_or(0);
  if (size_asked == 0) return error_reply(400, 20001, "PageSize must be a positive number");
  const auto size = std::min<std::size_t>(size_asked, max_page_size);
  const auto page_asked = form_value(request.query, "Page");
  const auto number = page_asked.empty() ? 0 : number_of(page_asked);
  if (!number || *number > 1'000'000)
    return error_reply(400, 20001, "Page must be a number from 0 to 1000000");

  Page page;
  if (const auto text = form_value(request.query, "PageToken"); text.empty()) {
    page = after(records, shape.matches, records.all().begin(), *number * size, size);
  } else {
    const auto place = read_token(text);
    if (!place) return error_reply(400, 20001, "PageToken is not one of ours");
    page = place->side == 'A' ? after(records, shape.matches, records.all().upper_bound(place->seq), 0, size)
                              : before(records, shape.matches, place->seq, size);
  }
  json::array items;
  for (const auto* record : page.items) items.push_back(shape.show(*record));
  const auto start = *number * size;
  const bool any = !page.items.empty();
  const auto back = any && *number > 1 ? token('B', page.items.front()->sid, *page.items.front()) : "";
  const auto next = any ? token('A', page.items.back()->sid, *page.items.back()) : "";
  return {.status = 200,
          .body = json::object{
              {"first_page_uri", page_uri(request, size, 0, "")},
              {"next_page_uri", link(page.more_after && any, page_uri(request, size, *number + 1, next))},
              {"previous_page_uri",
               link(*number > 0, page_uri(request, size, *number > 0 ? *number - 1 : 0, back))},
              {"page", *number},
              {"page_size", size},
              {"start", start},
              {"end", start + (any ? page.items.size() - 1 : 0)},
              {"uri", page_uri(request, size, *number, std::string(form_value(request.query, "PageToken")))},
              {shape.name, std::move(items)}}};
}

bool matches_text(const FormFields& query, std::string_view param, std::string_view value) {
  const auto wanted = form_value(query, param);
  return wanted.empty() || wanted == value;
}

bool matches_date(const FormFields& query, std::string_view param, std::optional<std::int64_t> at_ms) {
  for (const auto& [name, value] : query) {
    if (!std::string_view(name).starts_with(param) || value.empty()) continue;
    const auto side = std::string_view(name).substr(param.size());
    bool whole_day = false;
    const auto when = parse_date(value, whole_day);
    if (!when || !at_ms) return false;
    const auto stop = *when + (whole_day ? day_ms : 1);
    if (side == ">" && *at_ms < *when) return false;
    if (side == "<" && *at_ms >= stop) return false;
    if (side.empty() && (*at_ms < *when || *at_ms >= stop)) return false;
  }
  return true;
}

}  // namespace ringledger::simulated
