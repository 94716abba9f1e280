// The filters of ListNumbers, read once and then asked of thousands of summaries.
#pragma once

#include "projections/inventory.hpp"

namespace ringledger {

/// One filter: does the number have one of the values? Equal to comparing facet_values, but quick.
class FacetFilter {
 public:
  /// `values` as API texts; one that the facet cannot have matches nothing.
  FacetFilter(Facet facet, const std::vector<std::string>& values);
  [[nodiscard]] bool matches(const NumberSummary& summary) const;

 private:
  Facet x_facet;
  std::uint32_t x_bits = 0;          ///< of enumerations: bit n for value n
  std::vector<std::string> x_texts;  ///< of country and area code
  std::vector<CampaignId> x_campaigns;
};

/// The `search` of ListNumbers: digits anywhere in the number (unless the text holds letters), or part
/// of the label; case ignored.
class SearchFilter {
 public:
  explicit SearchFilter(std::string_view text);
  [[nodiscard]] bool matches(const NumberSummary& summary) const;
  [[nodiscard]] bool empty() const { return x_label_part.empty(); }
  [[nodiscard]] const std::string& digits() const { return x_digits; }          ///< "": none are meant
  [[nodiscard]] const std::string& label_part() const { return x_label_part; }  ///< in lower case

 private:
  std::string x_digits, x_label_part;
};

}  // namespace ringledger
