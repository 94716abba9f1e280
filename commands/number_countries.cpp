#include "commands/number_countries.hpp"

#include <algorithm>

namespace ringledger {
namespace {

/// Sorted, each once.
std::vector<std::string> codes_of(const std::vector<CountryCode>& countries) {
  std::vector<std::string> codes;
  for (const auto& country : countries) codes.push_back(country.value);
  std::ranges::sort(codes);
  auto doubles = std::ranges::unique(codes);
  codes.erase(doubles.begin(), doubles.end());
  return codes;
}

/// The number, when it may be set.
std::expected<const numbers::Number*, Refusal> settable(WorkspaceId workspace, NumberId id, const Book& book,
                                                        const Context& ctx) {
  const auto* n = number_in(workspace, id, book);
  if (!n) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  if (auto fault = release_fault(*n)) return std::unexpected(*fault);
  return n;
}

}  // namespace

Decision<SetInboundCountries::Answer> decide(const SetInboundCountries& c, const Book& book,
                                             const Context& ctx) {
  auto n = settable(c.workspace, c.number, book, ctx);
  if (!n) return std::unexpected(n.error());
  numbers::InboundCountriesSet set{c.number, c.workspace, codes_of(c.countries), c.allow_unknown_caller};
  std::vector<Event> events;
  if (set.countries != (*n)->inbound_countries || set.allow_unknown_caller != (*n)->allow_unknown_caller)
    events.emplace_back(std::move(set));
  auto now = after(**n, events, ctx);
  return Accepted<SetInboundCountries::Answer>{
      std::move(events), {now.id, now.version, now.inbound_countries, now.allow_unknown_caller}};
}

Decision<SetOutboundCountries::Answer> decide(const SetOutboundCountries& c, const Book& book,
                                              const Context& ctx) {
  auto n = settable(c.workspace, c.number, book, ctx);
  if (!n) return std::unexpected(n.error());
  numbers::OutboundCountriesSet set{c.number, c.workspace, codes_of(c.countries)};
  std::vector<Event> events;
  if (set.countries != (*n)->outbound_countries) events.emplace_back(std::move(set));
  auto now = after(**n, events, ctx);
  return Accepted<SetOutboundCountries::Answer>{std::move(events),
                                                {now.id, now.version, now.outbound_countries}};
}

}  // namespace ringledger
