#include "projections/facet_filter.hpp"

#include <algorithm>
#include <boost/describe/enum_from_string.hpp>

namespace ringledger {
namespace {

std::uint32_t bit(auto value) { return 1U << static_cast<unsigned>(value); }

template <class E>
std::uint32_t bits_of(const std::vector<std::string>& values) {
  std::uint32_t bits = 0;
  for (const auto& text : values) {
    E value{};
    if (boost::describe::enum_from_string(text.c_str(), value)) bits |= bit(value);
  }
  return bits;
}

/// The bit of a value's place among names.
std::uint32_t bits_of(const std::vector<std::string>& values, std::initializer_list<std::string_view> names) {
  std::uint32_t bits = 0;
  for (const auto& text : values) {
    auto at = std::find(names.begin(), names.end(), text);
    if (at != names.end()) bits |= bit(at - names.begin());
  }
  return bits;
}

std::uint32_t capability_bits(const numbers::Capabilities& c) {
  return (c.voice ? 1U : 0U) | (c.sms ? 2U : 0U) | (c.mms ? 4U : 0U) | (c.fax ? 8U : 0U);
}

bool one_of(const auto& values, const auto& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

FacetFilter::FacetFilter(Facet facet, const std::vector<std::string>& values) : x_facet(facet) {
  switch (facet) {
    case Facet::assignment:
      x_bits = bits_of(values, {"unassigned", "assigned"});
      break;
    case Facet::capability:
      x_bits = bits_of(values, {"voice", "sms", "mms", "fax"});
      break;
    case Facet::status:
      x_bits = bits_of<numbers::Status>(values);
      break;
    case Facet::number_type:
      x_bits = bits_of<numbers::NumberType>(values);
      break;
    case Facet::routing:
      x_bits = bits_of<numbers::Routing>(values);
      break;
    case Facet::provider_state:
      x_bits = bits_of<numbers::ProviderState>(values);
      break;
    case Facet::cnam:
      x_bits = bits_of<numbers::CnamState>(values);
      break;
    case Facet::origin:
      x_bits = bits_of<numbers::Origin>(values);
      break;
    case Facet::country:
    case Facet::area_code:
      x_texts = values;
      break;
    case Facet::campaign:
      for (const auto& text : values) {
        if (auto id = CampaignId::parse(text)) x_campaigns.push_back(*id);
      }
      break;
  }
}

bool FacetFilter::matches(const NumberSummary& s) const {
  switch (x_facet) {
    case Facet::assignment:
      return (x_bits & bit(s.campaign ? 1 : 0)) != 0;
    case Facet::capability:
      return (x_bits & capability_bits(s.capabilities)) != 0;
    case Facet::status:
      return (x_bits & bit(s.status)) != 0;
    case Facet::number_type:
      return (x_bits & bit(s.number_type)) != 0;
    case Facet::routing:
      return (x_bits & bit(s.routing)) != 0;
    case Facet::provider_state:
      return (x_bits & bit(s.provider_state)) != 0;
    case Facet::cnam:
      return (x_bits & bit(s.cnam)) != 0;
    case Facet::origin:
      return (x_bits & bit(s.origin)) != 0;
    case Facet::country:
      return one_of(x_texts, s.country);
    case Facet::area_code:
      return one_of(x_texts, s.area_code);
    case Facet::campaign:
      return s.campaign && one_of(x_campaigns, *s.campaign);
  }
  return false;
}

SearchFilter::SearchFilter(std::string_view text) : x_label_part(lower_ascii(text)) {
  bool letters = std::any_of(x_label_part.begin(), x_label_part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80U;
  });
  if (!letters) x_digits = digits_of(text);
}

bool SearchFilter::matches(const NumberSummary& s) const {
  if (empty()) return true;
  if (!x_digits.empty() && s.e164.text.find(x_digits) != std::string::npos) return true;
  if (!s.label) return false;
  auto found = std::search(s.label->begin(), s.label->end(), x_label_part.begin(), x_label_part.end(),
                           [](char in_label, char wanted) { return lower(in_label) == wanted; });
  return found != s.label->end();
}

}  // namespace ringledger
