#include "projections/inventory.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <boost/describe/enum_to_string.hpp>

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event>;

constexpr std::array facets = {Facet::assignment,     Facet::campaign, Facet::status,    Facet::capability,
                               Facet::number_type,    Facet::country,  Facet::area_code, Facet::routing,
                               Facet::provider_state, Facet::cnam,     Facet::origin};

template <class E>
std::string text_of(E value) {
  return boost::describe::enum_to_string(value, "");
}

std::vector<std::string> capability_names(const numbers::Capabilities& c) {
  std::vector<std::string> out;
  if (c.voice) out.emplace_back("voice");
  if (c.sms) out.emplace_back("sms");
  if (c.mms) out.emplace_back("mms");
  if (c.fax) out.emplace_back("fax");
  return out;
}

KeyBuilder start(WorkspaceId workspace, char kind) {
  KeyBuilder key;
  key.id(workspace).byte(kind);
  return key;
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

void add_endings(WorkspaceId workspace, char kind, std::string_view text, std::size_t most,
                 const NumberSummary& summary, std::vector<Entry>& out) {
  std::set<std::string_view> seen;  // cut endings may be alike
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto part = text.substr(i, most);
    if (!starts_character(text[i]) || !seen.insert(part).second) continue;
    out.push_back({start(workspace, kind).text(part).id(summary.number).done(), summary.e164.text});
  }
}

}  // namespace

std::vector<std::string> InventoryView::keys(const Fact& fact) {
  return on_event<Others>(fact.event, std::vector<std::string>(), [&](const auto& e) {
    return std::vector<std::string>{inventory_key(fact.commit.account, e.number)};
  });
}

Projected<InventoryRow> InventoryView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), [&](const auto& e) -> Projected<Row> {
    std::optional<numbers::Number> before;
    if (row) before = std::move(row->number);
    auto after = numbers::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the number " + e.number.to_string());
    return Row{fact.commit.account, std::move(*after), row ? row->last_call_at : std::nullopt};
  });
}

NumberSummary summary_of(const InventoryRow& row) {
  const auto& n = row.number;
  return {n.id,          n.e164,        n.label,         n.campaign, n.status,         n.capabilities,
          n.number_type, n.country,     n.area_code,     n.routing,  n.provider_state, n.cnam_state,
          n.origin,      n.imported_at, row.last_call_at};
}

std::vector<Entry> InventoryView::indexes(const Row& row) {
  const auto& n = row.number;
  std::vector<Entry> out;
  out.push_back(
      {KeyBuilder().id(row.account).byte('e').raw(n.e164.text).done(), inventory_key(row.account, n.id)});
  if (!n.visible()) return out;
  auto summary = summary_of(row);
  std::string covering;
  row_codec::put(covering, summary);
  for (auto sort : inventory_sorts) {
    out.push_back({sort_prefix(n.workspace, sort) + sort_order(summary, sort), covering});
  }
  for (auto facet : facets) {
    for (const auto& value : facet_values(summary, facet)) {
      if (!has_index(facet, value)) continue;
      out.push_back(
          {facet_prefix(n.workspace, facet, value) + sort_order(summary, InventorySort::e164), covering});
    }
  }
  add_endings(n.workspace, 'd', digits_of(n.e164.text), 15, summary, out);
  if (n.label) add_endings(n.workspace, 'l', lower_ascii(*n.label), label_part_bytes, summary, out);
  return out;
}

Counters InventoryView::counters(const Row& row) {
  const auto& n = row.number;
  if (!n.visible()) return {};
  auto summary = summary_of(row);
  Counters out = {{start(n.workspace, '*').done(), 1}};
  for (auto facet : facets) {
    for (const auto& value : facet_values(summary, facet)) {
      out.emplace_back(facet_counter(n.workspace, facet, value), 1);
    }
  }
  if (n.monthly_cost) {
    out.emplace_back(start(n.workspace, '$').raw(n.monthly_cost->currency).done(),
                     n.monthly_cost->ten_thousandths);
  }
  return out;
}

std::vector<std::string> facet_values(const NumberSummary& s, Facet facet) {
  switch (facet) {
    case Facet::assignment:
      return {s.campaign ? "assigned" : "unassigned"};
    case Facet::campaign:
      return s.campaign ? std::vector{s.campaign->to_string()} : std::vector<std::string>();
    case Facet::status:
      return {text_of(s.status)};
    case Facet::capability:
      return capability_names(s.capabilities);
    case Facet::number_type:
      return {text_of(s.number_type)};
    case Facet::country:
      return {s.country};
    case Facet::area_code:
      return {s.area_code};
    case Facet::routing:
      return {text_of(s.routing)};
    case Facet::provider_state:
      return {text_of(s.provider_state)};
    case Facet::cnam:
      return {text_of(s.cnam)};
    case Facet::origin:
      return {text_of(s.origin)};
  }
  return {};
}

bool has_index(Facet facet, std::string_view value) {
  switch (facet) {
    case Facet::capability:
    case Facet::origin:
      return false;
    case Facet::status:
      return value != "active";
    case Facet::number_type:
      return value != "local";
    case Facet::routing:
      return value != "campaign";  // as good as assigned
    case Facet::provider_state:
      return value != "synced";
    case Facet::cnam:
      return value != "off";
    case Facet::assignment:
    case Facet::campaign:
    case Facet::country:
    case Facet::area_code:
      return true;
  }
  return true;
}

std::string inventory_key(AccountId account, NumberId number) {
  return KeyBuilder().id(account).id(number).done();
}

std::string sort_prefix(WorkspaceId workspace, InventorySort sort) {
  return start(workspace, 's').byte(static_cast<char>('0' + static_cast<int>(sort))).done();
}

/// Numbers without a label come last, numbers never called first (so last, newest first).
std::string sort_order(const NumberSummary& s, InventorySort sort) {
  KeyBuilder key;
  switch (sort) {
    case InventorySort::e164:
      key.text(s.e164.text);
      break;
    case InventorySort::label:
      key.byte(s.label ? '0' : '1').text(lower_ascii(s.label.value_or("")));
      break;
    case InventorySort::imported_at:
      key.i64(s.imported_at.ms);
      break;
    case InventorySort::last_call_at:
      key.byte(s.last_call_at ? '1' : '0').i64(s.last_call_at ? s.last_call_at->ms : 0);
      break;
  }
  return key.id(s.number).done();
}

std::string facet_prefix(WorkspaceId workspace, Facet facet, std::string_view value) {
  return start(workspace, 'f').byte(static_cast<char>(facet)).text(value).done();
}

std::string facet_counter(WorkspaceId workspace, Facet facet, std::string_view value) {
  return start(workspace, static_cast<char>(facet)).raw(value).done();
}

std::string search_prefix(WorkspaceId workspace, char kind, std::string_view part) {
  auto key = start(workspace, kind).text(part).done();
  key.resize(key.size() - 2);  // any ending that begins so
  return key;
}

}  // namespace ringledger
