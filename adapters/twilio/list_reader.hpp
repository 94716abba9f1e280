// A provider's lists of one kind (its calls, its messages), one of each provider account, read again and
// again, page after page, for what no webhook told of (twilio.md B.11 "Missed webhooks").
//
// How far it read is only in memory: it begins anew after a crash. What it issues must be harmless when it is
// issued twice.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/ports/carrier.hpp"
#include "commands/ports/system.hpp"
#include "projections/sight.hpp"

namespace ringledger {

/// A provider account of an account; several connections may name it.
using ProviderPlace = std::pair<AccountId, std::string>;

struct ListReaderOptions {
  std::int64_t every_ms = 300'000;         ///< a list is begun
  std::int64_t first_ms = 30'000;          ///< after its place is first met, if that is less
  std::int64_t late_after_ms = 300'000;    ///< what is younger may still be told of by its webhook
  std::int64_t look_back_ms = 86'400'000;  ///< of the first list
  std::size_t commands_at_once = 64;       ///< of one list
  int pages = 1'000;                       ///< of 1,000 reports; what is behind them is left out, and told
};

template <class Report>
struct ListReaderPorts {
  /// A page of what happened at `since` or later, the newest first; nullopt: not to be had now. May block.
  std::function<std::optional<ReportPage<Report>>(const ProviderPlace&, Timestamp since,
                                                  const std::string& page)>
      fetch;
  /// Whether a command is to be issued: each is a commit.
  std::function<bool(const ProviderPlace&, const Report&, const Sight&)> is_news;
  /// Issues it; `issued` is to be called once, on any thread.
  std::function<void(const ProviderPlace&, Report)> issue;
  std::function<void()> cut;  ///< a list was longer than is read
  const Clock& clock;
};

/// Thread-safe is `issued` alone; all others are called one after the other.
template <class Report>
class ListReader {
 public:
  ListReader(ListReaderPorts<Report> ports, ListReaderOptions options)
      : x_ports(std::move(ports)), x_options(options) {}

  /// Its list is read from now on, if it was not before.
  void meet(const ProviderPlace& place);
  void forget();
  /// The places with since when each waits for its turn, monotonic.
  [[nodiscard]] std::vector<std::pair<std::int64_t, ProviderPlace>> turns() const;
  /// Reads one page, or issues some of what was found on the one before; or has nothing to do yet.
  void go_on(const ProviderPlace& place, const Sight& sight);
  /// The command for a report was committed, or not: then it is issued again. True: all of them were, and the
  /// list may go on at once; after a refusal it waits for its turn.
  [[nodiscard]] bool issued(const ProviderPlace& place, Report report, bool committed);

 private:
  struct List {
    Timestamp since;            ///< what the next reading is to show
    Timestamp began;            ///< the one under way
    std::string page;           ///< of it, the next one
    int pages = 0;              ///< of it, read so far; 0: none is under way
    std::int64_t due_ms = 0;    ///< monotonic
    std::vector<Report> found;  ///< to be issued, the newest first
    std::size_t open = 0;       ///< issued and not answered
  };
  void read_page(const ProviderPlace& place, List& list, const Sight& sight);
  void end(List& list) const;
  void issue(const ProviderPlace& place, List& list);

  const ListReaderPorts<Report> x_ports;
  const ListReaderOptions x_options;
  std::mutex x_mutex;  ///< guards `found` and `open`, and which lists there are
  std::map<ProviderPlace, List> x_lists;
};

extern template class ListReader<CallReport>;
extern template class ListReader<MessageReport>;

}  // namespace ringledger
