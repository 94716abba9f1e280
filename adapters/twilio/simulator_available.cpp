// The simulated AvailablePhoneNumbers (twilio.md B.3): offers that follow from the seed and the filters.
#include <algorithm>
#include <array>
#include <charconv>

#include "adapters/twilio/simulator_rest.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

struct Offer {
  std::string_view country, kind, prefix;  ///< prefix: E.164 up to the digits that vary
  std::size_t digits;                      ///< how many vary
  std::string_view region, locality;
};

/// Of one country and kind the first is taken, or the one of the area code asked for.
constexpr std::array<Offer, 14> offers{{
    {"US", "Local", "+1415555", 4, "CA", "San Francisco"},
    {"US", "Local", "+1212555", 4, "NY", "New York"},
    {"US", "Local", "+1312555", 4, "IL", "Chicago"},
    {"US", "Local", "+1512555", 4, "TX", "Austin"},
    {"US", "TollFree", "+1888555", 4, "", ""},
    {"CA", "Local", "+1604555", 4, "BC", "Vancouver"},
    {"CA", "TollFree", "+1833555", 4, "", ""},
    {"GB", "Local", "+44207946", 4, "", "London"},
    {"GB", "Mobile", "+447700900", 3, "", ""},
    {"GB", "TollFree", "+44808157", 4, "", ""},
    {"DE", "Local", "+4930901820", 4, "", "Berlin"},
    {"DE", "Mobile", "+4915735", 6, "", ""},
    {"FR", "National", "+33975", 6, "", ""},
    {"AU", "Mobile", "+614915", 5, "", ""},
}};

constexpr std::size_t default_offers = 30, max_tried = 10'000;

char keypad(char c) {
  static constexpr std::string_view keys = "22233344455566677778889999";
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return c >= 'A' && c <= 'Z' ? keys[static_cast<std::size_t>(c - 'A')] : c;
}

/// `Contains`: '*' one digit, '%' any digits, letters as on a keypad, anywhere in the number.
bool contains(std::string_view digits, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (pattern.front() == '%') {
    for (std::size_t i = 0; i <= digits.size(); ++i)
      if (contains(digits.substr(i), pattern.substr(1))) return true;
    return false;
  }
  return !digits.empty() && (pattern.front() == '*' || keypad(pattern.front()) == digits.front()) &&
         contains(digits.substr(1), pattern.substr(1));
}

std::string without_fillers(std::string_view pattern) {
  std::string out = "%";
  std::ranges::copy_if(pattern, std::back_inserter(out),
                       [](char c) { return c != '+' && c != '-' && c != ' ' && c != '(' && c != ')'; });
  return out;
}

bool wants(const Request& request, std::string_view name) {
  return form_value(request.query, name) == "true";
}

json::object show(const Offer& offer, const std::string& phone) {
  const bool us = offer.country == "US" || offer.country == "CA";
  json::object capabilities{{"voice", true}, {"sms", offer.kind != "National"}, {"mms", us}, {"fax", false}};
  return {{"friendly_name", formatted(phone)},
          {"phone_number", phone},
          {"lata", nullptr},
          {"locality", offer.locality.empty() ? json::value(nullptr) : json::value(offer.locality)},
          {"rate_center", nullptr},
          {"latitude", nullptr},
          {"longitude", nullptr},
          {"region", offer.region.empty() ? json::value(nullptr) : json::value(offer.region)},
          {"postal_code", nullptr},
          {"iso_country", offer.country},
          {"address_requirements", "none"},
          {"beta", false},
          {"capabilities", std::move(capabilities)}};
}

std::vector<Offer> offers_for(const Request& request, std::string_view country, std::string_view kind,
                              std::string& own_prefix) {
  std::vector<Offer> out;
  const auto area = form_value(request.query, "AreaCode");
  const auto region = form_value(request.query, "InRegion");
  const auto locality = form_value(request.query, "InLocality");
  for (const auto& offer : offers) {
    if (offer.country != country || offer.kind != kind) continue;
    if ((!region.empty() && offer.region != region) || (!locality.empty() && offer.locality != locality))
      continue;
    if (area.empty() || offer.prefix.substr(2, 3) == area) out.push_back(offer);
  }
  if (out.empty() && region.empty() && locality.empty() && country == "US" && kind == "Local" &&
      area.size() == 3) {
    own_prefix = "+1" + std::string(area) + "555";
    out.push_back({"US", "Local", own_prefix, 4, "", ""});
  }
  return out;
}

Reply search(State& state, const Request& request, std::string_view country, std::string_view kind) {
  const auto asked = form_value(request.query, "PageSize");
  std::size_t size = default_offers;
  if (!asked.empty()) std::from_chars(asked.data(), asked.data() + asked.size(), size);
  size = std::clamp<std::size_t>(size, 1, 1000);
  const auto pattern = form_value(request.query, "Contains");
  if (!pattern.empty() && (pattern.size() < 2 || pattern.size() > 16))
    return error_reply(400, 21421, "Contains must have 2 to 16 characters");
  const auto wanted = without_fillers(pattern) + (pattern.empty() ? "" : "%");
  std::string own_prefix;
  const auto from = offers_for(request, country, kind, own_prefix);
  json::array found;
  for (std::size_t i = 0; !from.empty() && i < max_tried && found.size() < size; ++i) {
    const auto& offer = from[i % from.size()];
    std::size_t range = 1;
    for (std::size_t d = 0; d < offer.digits; ++d) range *= 10;
    const auto step = i / from.size();
    if (step >= range) break;
    auto digits = std::to_string((state.seed() * 7919 + step * 6151) % range);
    digits.insert(0, offer.digits - digits.size(), '0');
    const auto phone = std::string(offer.prefix) + digits;
    if (state.is_owned(phone) || !contains(std::string_view(phone).substr(1), wanted)) continue;
    if (wants(request, "MmsEnabled") && country != "US" && country != "CA") continue;
    if (wants(request, "FaxEnabled")) continue;
    found.push_back(show(offer, phone));
  }
  return {.status = 200,
          .body = json::object{{"available_phone_numbers", std::move(found)},
                               {"uri", request.path + "?" + form_encode(request.query)}}};
}

json::object show_country(const std::string& account, std::string_view country) {
  const auto base = account_uri(account) + "/AvailablePhoneNumbers/" + std::string(country);
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kinds_shown{
      {{"Local", "local"}, {"TollFree", "toll_free"}, {"Mobile", "mobile"}, {"National", "national"}}};
  json::object kinds_there;
  for (const auto& [kind, name] : kinds_shown)
    if (std::ranges::any_of(offers, [&](const Offer& o) { return o.country == country && o.kind == kind; }))
      kinds_there[name] = base + "/" + std::string(kind) + ".json";
  return {{"country_code", country},
          {"country", country},
          {"uri", base + ".json"},
          {"beta", false},
          {"subresource_uris", std::move(kinds_there)}};
}

}  // namespace

Reply available_numbers(State& state, const std::string& account, const Request& request, Rest rest) {
  if (request.method != "GET") return method_not_allowed(request);
  std::vector<std::string_view> countries;
  for (const auto& offer : offers)
    if (countries.empty() || countries.back() != offer.country) countries.push_back(offer.country);
  if (rest.empty()) {
    json::array shown;
    for (const auto country : countries) shown.push_back(show_country(account, country));
    return {.status = 200, .body = json::object{{"countries", std::move(shown)}, {"uri", request.path}}};
  }
  if (std::ranges::find(countries, std::string_view(rest[0])) == countries.end()) return not_found(request);
  if (rest.size() == 1) return {.status = 200, .body = show_country(account, rest[0])};
  static constexpr std::array<std::string_view, 7> kinds_known{
      "Local", "TollFree", "Mobile", "National", "SharedCost", "Voip", "MachineToMachine"};
  if (rest.size() > 2 || std::ranges::find(kinds_known, std::string_view(rest[1])) == kinds_known.end())
    return not_found(request);
  return search(state, request, rest[0], rest[1]);
}

}  // namespace ringledger::simulated
