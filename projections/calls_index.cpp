// The entries and counters of calls.v1: where a call stands, and which words lead to it.
#include <algorithm>
#include <boost/describe/enum_to_string.hpp>

#include "projections/blurred.hpp"
#include "projections/calls_query.hpp"
#include "projections/campaign_figures.hpp"

namespace ringledger {
namespace calls_index {

CallSummary summary_of(const CallRow& row) {
  const auto& c = row.call;
  return {c.id,          c.attribution.campaign,
          c.number,      calls::outcome_of(c),
          c.started_at,  c.from,
          c.caller_name, c.to,
          c.contact};
}

std::string all(WorkspaceId workspace) { return KeyBuilder().id(workspace).byte('s').done(); }

namespace {

/// What is the caller's, and so stands in no key.
constexpr bool is_personal(CallFacet facet) {
  return facet == CallFacet::from || facet == CallFacet::caller_name;
}

/// `in_keys`: the value as keys have it.
std::string index_of(WorkspaceId workspace, CallFacet facet, std::string_view in_keys) {
  return KeyBuilder().id(workspace).byte(static_cast<char>(facet)).text(in_keys).done();
}

}  // namespace

std::string having(WorkspaceId workspace, CallFacet facet, std::string_view value) {
  return index_of(workspace, facet, is_personal(facet) ? blurred(value) : std::string(value));
}

std::optional<std::string> value_of(const CallSummary& c, CallFacet facet) {
  auto bytes = [](const auto& id) { return id ? std::optional(KeyBuilder().id(*id).done()) : std::nullopt; };
  switch (facet) {
    case CallFacet::campaign:
      return bytes(c.campaign);
    case CallFacet::number:
      return bytes(c.number);
    case CallFacet::outcome:
      if (!c.outcome) return std::nullopt;
      return boost::describe::enum_to_string(*c.outcome, "");
    case CallFacet::from:
      return c.from.clear();
    case CallFacet::to:
      return c.to;
    case CallFacet::caller_name:
      if (!c.caller_name.clear()) return std::nullopt;
      return lower_ascii(*c.caller_name.clear());
    case CallFacet::contact:
      return bytes(c.contact);
  }
  return std::nullopt;
}

std::string all_living() { return KeyBuilder().id(WorkspaceId{}).byte('l').done(); }

std::string order_of(Timestamp started_at, CallId call) {
  return KeyBuilder().i64(started_at.ms).id(call).done();
}

namespace {

constexpr CallFacet facets[] = {CallFacet::campaign, CallFacet::number, CallFacet::outcome,
                                CallFacet::from,     CallFacet::to,     CallFacet::caller_name,
                                CallFacet::contact};
/// The text of a caller whose parts are searched for: digits of the number, the name as it is compared.
constexpr CallFacet searched[] = {CallFacet::from, CallFacet::caller_name};
constexpr std::size_t longest_searched = 64;  ///< of a text, what stands behind is not searched
constexpr std::size_t most_called = 10'000;   ///< numbers of ours that are looked through

std::string searched_text(CallFacet facet, const std::string& value) {
  return (facet == CallFacet::from ? digits_of(value) : value).substr(0, longest_searched);
}

/// Lengths of the pieces of a text that lead to it: a hash has no beginning that could be looked for.
constexpr std::size_t piece_lengths[] = {shortest_search, 2 * shortest_search};

/// Every piece of that length, each once.
std::vector<std::string_view> pieces_of(std::string_view text, std::size_t length) {
  std::vector<std::string_view> all;
  for (std::size_t at = 0; at + length <= text.size(); ++at) all.push_back(text.substr(at, length));
  std::ranges::sort(all);
  auto doubles = std::ranges::unique(all);
  all.erase(doubles.begin(), doubles.end());
  return all;
}

/// workspace ‖ 'd' ‖ facet ‖ a piece of the text ‖ the value, both blurred: the calls that have it.
std::string piece_key(WorkspaceId workspace, CallFacet facet, std::string_view piece) {
  return KeyBuilder().id(workspace).byte('d').byte(static_cast<char>(facet)).text(blurred(piece)).done();
}

/// workspace ‖ 'h' ‖ number ‖ campaign ‖ what: inbound calls, and those of them that were answered.
std::string health_prefix(WorkspaceId workspace, NumberId number) {
  return KeyBuilder().id(workspace).byte('h').id(number).done();
}
constexpr char attempts = 'a', answered = 'y';

void count_health(const calls::Call& call, const CallSummary& summary, Counters& out) {
  if (call.direction != calls::Direction::inbound || !summary.number || !summary.campaign) return;
  auto key = KeyBuilder(health_prefix(call.workspace, *summary.number)).id(*summary.campaign).done();
  out.emplace_back(key + attempts, 1);
  if (summary.outcome == calls::Outcome::answered) out.emplace_back(key + answered, 1);
}

/// What leads from a part of a value to the value.
std::vector<std::string> marks_of(WorkspaceId workspace, CallFacet facet, const std::string& value) {
  std::vector<std::string> all;
  auto text = searched_text(facet, value), name = blurred(value);
  for (auto length : piece_lengths) {
    for (auto piece : pieces_of(text, length)) all.push_back(piece_key(workspace, facet, piece) + name);
  }
  return all;
}

/// The counters of a contact's answered calls: how many, and the seconds they took.
std::pair<std::string, std::string> sums_of(WorkspaceId workspace, ContactId contact) {
  auto counter = [&](char what) { return KeyBuilder().id(workspace).byte(what).id(contact).done(); };
  return {counter('A'), counter('T')};
}

void count_talks(const CallRow& row, const CallSummary& summary, Counters& out) {
  if (!summary.contact || summary.outcome != calls::Outcome::answered) return;
  auto [answered_calls, talked_s] = sums_of(row.call.workspace, *summary.contact);
  out.emplace_back(std::move(answered_calls), 1);
  out.emplace_back(std::move(talked_s), row.call.duration_s.value_or(0));
}

/// The values, blurred, with all pieces of `part`: those that have it anywhere, and perhaps a few others.
/// nullopt: each of its pieces is in more than `most`.
std::optional<std::vector<std::string>> find_values(const Rows<CallsView>& rows, WorkspaceId workspace,
                                                    CallFacet facet, const std::string& part,
                                                    std::size_t most) {
  std::optional<std::vector<std::string>> found;
  auto length = part.size() < piece_lengths[1] ? piece_lengths[0] : piece_lengths[1];
  for (auto piece : pieces_of(part, length)) {
    std::vector<std::string> having_it;  // in order
    auto prefix = piece_key(workspace, facet, piece);
    rows.scan_prefix(counter_space, prefix, false, [&](std::string_view key, std::string_view) {
      having_it.emplace_back(key.substr(prefix.size()));
      return having_it.size() <= most;
    });
    if (having_it.size() > most) continue;
    if (found)
      std::erase_if(having_it, [&](const auto& v) { return !std::ranges::binary_search(*found, v); });
    found = std::move(having_it);
    if (found->empty()) break;
  }
  return found;
}

/// Our numbers are few: they are looked through. False: they are not.
bool find_called(const Rows<CallsView>& rows, WorkspaceId workspace, const std::string& digits,
                 std::vector<std::string>& values) {
  std::size_t looked_at = 0;
  auto prefix = KeyBuilder().id(workspace).byte(static_cast<char>(CallFacet::to)).done();
  rows.scan_prefix(counter_space, prefix, false, [&](std::string_view key, std::string_view) {
    KeyReader reader(key.substr(prefix.size()));
    auto to = reader.text();
    if (digits_of(to).find(digits) != std::string::npos) values.push_back(std::move(to));
    return ++looked_at <= most_called;
  });
  return looked_at <= most_called;
}

}  // namespace

std::optional<std::vector<std::string>> searched_indexes(const Rows<CallsView>& rows, WorkspaceId workspace,
                                                         const Sought& sought, std::size_t most) {
  bool known = sought.text.size() >= shortest_search && sought.text.size() <= longest_searched &&
               (sought.digits.empty() || sought.digits.size() >= shortest_search);
  if (!known) return std::nullopt;
  std::vector<std::string> indexes;
  auto add = [&](CallFacet facet, const std::string& part) {
    auto values = find_values(rows, workspace, facet, part, most);
    if (!values) return false;
    for (const auto& value : *values) indexes.push_back(index_of(workspace, facet, value));
    return true;
  };
  if (!sought.digits.empty()) {
    std::vector<std::string> to;
    if (!add(CallFacet::from, sought.digits) || !find_called(rows, workspace, sought.digits, to))
      return std::nullopt;
    for (const auto& value : to) indexes.push_back(having(workspace, CallFacet::to, value));
  }
  if (!add(CallFacet::caller_name, sought.text) || indexes.size() > most) return std::nullopt;
  return indexes;
}

bool Sought::in(const CallSummary& call) const {
  if (text.empty()) return true;
  auto has_digits = [this](std::string_view number) {
    return !digits.empty() && digits_of(number).find(digits) != std::string::npos;
  };
  if (has_digits(call.to) || has_digits(call.from.clear().value_or(""))) return true;
  return lower_ascii(call.caller_name.clear().value_or("")).find(text) != std::string::npos;
}

}  // namespace calls_index

using namespace calls_index;

std::vector<Entry> CallsView::indexes(const Row& row, const Row*) {
  auto summary = summary_of(row);
  std::string value;
  row_codec::put(value, summary);
  auto order = order_of(summary.started_at, summary.call);
  std::vector<Entry> out{{all(row.call.workspace) + order, value}};
  for (auto facet : facets) {
    if (auto v = value_of(summary, facet))
      out.push_back({having(row.call.workspace, facet, *v) + order, value});
  }
  if (auto live = living(row)) out.push_back(std::move(*live));
  return out;
}

Counters CallsView::counters(const Row& row, const Row* other) {
  auto summary = summary_of(row);
  Counters out;
  if (!other || figures_of(*other) != figures_of(row)) count_figures(row, out);
  bool same_talk = other && other->call.duration_s == row.call.duration_s;
  if (same_talk && summary_of(*other) == summary) return out;
  out.emplace_back(all(row.call.workspace), 1);
  bool same_caller =
      other && other->call.from == row.call.from && other->call.caller_name == row.call.caller_name;
  for (auto facet : facets) {
    auto v = value_of(summary, facet);
    if (!v) continue;
    out.emplace_back(having(row.call.workspace, facet, *v), 1);
    bool comes_or_goes = !same_caller && std::ranges::find(searched, facet) != std::end(searched);
    if (comes_or_goes) out.back().marks = marks_of(row.call.workspace, facet, *v);
  }
  count_health(row.call, summary, out);
  count_talks(row, summary, out);
  return out;
}

ContactCalls calls_of_contact(const Rows<CallsView>& rows, WorkspaceId workspace, ContactId contact) {
  auto [answered_calls, talked_s] = sums_of(workspace, contact);
  return {rows.counter(answered_calls), rows.counter(talked_s)};
}

Result<std::vector<CampaignHealth>> health_of(const Rows<CallsView>& rows, WorkspaceId workspace,
                                              NumberId number) {
  std::vector<CampaignHealth> all;
  auto prefix = health_prefix(workspace, number);
  rows.scan_prefix(counter_space, prefix, false, [&](std::string_view key, std::string_view value) {
    KeyReader reader(key.substr(prefix.size())), count(value);
    auto campaign = reader.as<CampaignId>();
    if (all.empty() || all.back().campaign != campaign) all.push_back({campaign, 0, 0});
    (reader.byte() == attempts ? all.back().attempts : all.back().answered) = count.i64();
    return true;
  });
  if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
  return all;
}

}  // namespace ringledger
