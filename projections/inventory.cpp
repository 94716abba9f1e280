#include "projections/inventory.hpp"

#include <algorithm>
#include <array>

#include <boost/describe/enum_to_string.hpp>

namespace ringledger {
namespace {

using Others =
    Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
            campaigns::Event, calls::Attributed, calls::StatusReported, calls::ForwardEnded,
            calls::AttributionRecomputed, calls::Updated, sessions::Event, contacts::Event, messages::Event>;

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
                 const numbers::Number& n, std::vector<Entry>& out) {
  std::vector<std::string_view> parts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (starts_character(text[i])) parts.push_back(text.substr(i, most));
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());  // cut endings may be alike
  for (auto part : parts) out.push_back({start(workspace, kind).text(part).id(n.id).done(), n.e164.text});
}

/// In what a visible row is like the same row before or after, so that no entry of it need be made.
struct Alike {
  Alike(const InventoryRow& row, const InventoryRow* other) {
    if (!other || !other->number.visible()) return;
    const auto& a = row.number;
    const auto& b = other->number;
    placed = a.workspace == b.workspace && a.e164 == b.e164;
    if (!placed) return;
    label = a.label == b.label;
    called = row.last_call_at == other->last_call_at;
    provider_state = a.provider_state == b.provider_state;
    cost = a.monthly_cost == b.monthly_cost;
    rest = lean(summary_of(row)) == lean(summary_of(*other));
  }
  [[nodiscard]] bool sort(InventorySort by) const {
    if (by == InventorySort::e164) return rest && label && called && provider_state;
    return rest && (by != InventorySort::label || label) && (by != InventorySort::last_call_at || called);
  }
  /// What the facet's index keys and counters are made of.
  [[nodiscard]] bool facet(Facet f) const { return rest && (f != Facet::provider_state || provider_state); }

  bool placed = false;  ///< in the same inventory by the same e164; nothing below without it
  bool label = false, called = false, provider_state = false, cost = false;
  bool rest = false;  ///< of the lean summary
};

}  // namespace

std::vector<std::string> InventoryView::keys(const Fact& fact) {
  auto row_of = [&](const std::optional<NumberId>& number) {
    std::vector<std::string> keys;
    if (number) keys.push_back(inventory_key(fact.commit.account, *number));
    return keys;
  };
  return on_event<Others>(fact.event, std::vector<std::string>(),
                          [&](const auto& e) { return row_of(e.number); });
}

namespace {

struct Projection {
  std::optional<InventoryRow> row;
  const Fact& fact;

  /// NUM-16: calls received, in this workspace (XFR-07).
  Projected<InventoryRow> operator()(const calls::Received& e) {
    if (!row) return impossible(fact.event, "the number " + e.number->to_string());
    bool counts = e.direction == calls::Direction::inbound && e.workspace == row->number.workspace;
    if (counts && row->last_call_at < e.started_at) row->last_call_at = e.started_at;
    return std::move(row);
  }
  template <class E>
    requires in_variant<E, numbers::Event>
  Projected<InventoryRow> operator()(const E& e) {
    auto last_call_at = row ? row->last_call_at : std::nullopt;
    auto workspace = row ? row->number.workspace : WorkspaceId{};
    std::optional<numbers::Number> before;
    if (row) before = std::move(row->number);
    auto after = numbers::evolve(std::move(before), e, fact.at());
    if (!after) return impossible(fact.event, "the number " + e.number.to_string());
    if (after->workspace != workspace) last_call_at.reset();
    return InventoryRow{fact.commit.account, std::move(*after), last_call_at};
  }
};

}  // namespace

Projected<InventoryRow> InventoryView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  return on_event<Others>(fact.event, Projected<Row>(std::nullopt), Projection{std::move(row), fact});
}

NumberSummary summary_of(const InventoryRow& row) {
  const auto& n = row.number;
  return {n.id,          n.e164,        n.label,         n.campaign, n.status,         n.capabilities,
          n.number_type, n.country,     n.area_code,     n.routing,  n.provider_state, n.cnam_state,
          n.origin,      n.imported_at, row.last_call_at};
}

NumberSummary lean(NumberSummary summary) {
  summary.label.reset();
  summary.last_call_at.reset();
  summary.provider_state = {};
  return summary;
}

std::vector<Entry> InventoryView::indexes(const Row& row, const Row* other) {
  const auto& n = row.number;
  std::vector<Entry> out;
  if (!other || other->number.e164 != n.e164) {
    out.push_back(
        {KeyBuilder().id(row.account).byte('e').raw(n.e164.text).done(), inventory_key(row.account, n.id)});
  }
  if (!n.visible()) return out;
  Alike alike(row, other);
  auto summary = summary_of(row);
  std::string whole, covering;
  row_codec::put(whole, summary);
  row_codec::put(covering, lean(summary));
  for (auto sort : inventory_sorts) {
    if (alike.sort(sort)) continue;
    out.push_back({sort_prefix(n.workspace, sort) + sort_order(summary, sort),
                   sort == InventorySort::e164 ? whole : covering});
  }
  for (auto facet : facets) {
    if (alike.facet(facet)) continue;
    for (const auto& value : facet_values(summary, facet)) {
      if (!has_index(facet, value)) continue;
      out.push_back(
          {facet_prefix(n.workspace, facet, value) + sort_order(summary, InventorySort::e164), covering});
    }
  }
  if (!alike.placed) add_endings(n.workspace, 'd', digits_of(n.e164.text), 15, n, out);
  if (n.label && !alike.label) {
    add_endings(n.workspace, 'l', lower_ascii(*n.label), label_part_bytes, n, out);
  }
  return out;
}

Counters InventoryView::counters(const Row& row, const Row* other) {
  const auto& n = row.number;
  if (!n.visible()) return {};
  Alike alike(row, other);
  auto summary = summary_of(row);
  Counters out;
  if (!alike.placed) out.emplace_back(start(n.workspace, '*').done(), 1);
  for (auto facet : facets) {
    if (alike.facet(facet)) continue;
    for (const auto& value : facet_values(summary, facet)) {
      out.emplace_back(facet_counter(n.workspace, facet, value), 1);
    }
  }
  if (n.monthly_cost && !alike.cost) {
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

std::string summary_key(WorkspaceId workspace, std::string_view e164, NumberId number) {
  return KeyBuilder(sort_prefix(workspace, InventorySort::e164)).text(e164).id(number).done();
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
