#include "adapters/twilio/list_reader.hpp"

#include <algorithm>

namespace ringledger {
namespace {

// Twilio's list may show what happened only a little later.
constexpr std::int64_t list_lag_ms = 60'000;

}  // namespace

template <class Report>
void ListReader<Report>::meet(const ProviderPlace& place) {
  std::lock_guard lock(x_mutex);
  auto [at, fresh] = x_lists.try_emplace(place);
  if (!fresh) return;
  at->second.since = Timestamp{x_ports.clock.now().ms - x_options.look_back_ms};
  at->second.due_ms = x_ports.clock.monotonic_ms() + std::min(x_options.first_ms, x_options.every_ms);
}

template <class Report>
void ListReader<Report>::forget() {
  std::lock_guard lock(x_mutex);
  x_lists.clear();
}

template <class Report>
std::vector<std::pair<std::int64_t, ProviderPlace>> ListReader<Report>::turns() const {
  std::vector<std::pair<std::int64_t, ProviderPlace>> all;
  for (const auto& [place, list] : x_lists) all.emplace_back(list.due_ms, place);
  return all;
}

template <class Report>
void ListReader<Report>::go_on(const ProviderPlace& place, const Sight& sight) {
  auto& list = x_lists.at(place);
  bool waits = false, idle = false;
  {
    std::lock_guard lock(x_mutex);
    waits = list.open > 0;
    idle = list.found.empty();
  }
  if (waits) return;
  bool due = list.pages > 0 || list.due_ms <= x_ports.clock.monotonic_ms();
  if (idle && due) read_page(place, list, sight);
  issue(place, list);
}

template <class Report>
void ListReader<Report>::read_page(const ProviderPlace& place, List& list, const Sight& sight) {
  const auto now = x_ports.clock.now();
  auto page = x_ports.fetch(place, list.since, list.page);
  if (!page) return;
  if (list.pages == 0) list.began = now;
  std::erase_if(page->reports, [&](const auto& report) { return !x_ports.is_news(place, report, sight); });
  {
    std::lock_guard lock(x_mutex);
    list.found = std::move(page->reports);
  }
  list.page = std::move(page->next);
  bool cut = ++list.pages == x_options.pages && !list.page.empty();
  if (cut) x_ports.cut();
  if (cut || list.page.empty()) end(list);
}

/// What was too young to be looked at, and what is not shown yet, is found by the next reading.
template <class Report>
void ListReader<Report>::end(List& list) const {
  list.since = Timestamp{list.began.ms - x_options.late_after_ms - list_lag_ms};
  list.page.clear();
  list.pages = 0;
  list.due_ms = x_ports.clock.monotonic_ms() + x_options.every_ms;
}

/// The oldest first, as it happened.
template <class Report>
void ListReader<Report>::issue(const ProviderPlace& place, List& list) {
  std::vector<Report> some;
  {
    std::lock_guard lock(x_mutex);
    while (!list.found.empty() && some.size() < x_options.commands_at_once) {
      some.push_back(std::move(list.found.back()));
      list.found.pop_back();
    }
    list.open = some.size();
  }
  for (auto& report : some) x_ports.issue(place, std::move(report));
}

template <class Report>
bool ListReader<Report>::issued(const ProviderPlace& place, Report report, bool committed) {
  std::lock_guard lock(x_mutex);
  auto at = x_lists.find(place);
  if (at == x_lists.end()) return false;
  auto& list = at->second;
  if (list.open > 0) --list.open;
  if (!committed) list.found.push_back(std::move(report));
  return committed && list.open == 0;
}

template class ListReader<CallReport>;
template class ListReader<MessageReport>;

}  // namespace ringledger
