// Where counted commits become visible: book and read models are written, then those who wait are told.
#pragma once

#include <deque>
#include <mutex>

#include "adapters/json/book_row_store.hpp"
#include "api/metrics.hpp"
#include "api/visible_gate.hpp"
#include "commands/ports/commit_codec.hpp"
#include "commands/ports/commit_sink.hpp"
#include "commands/ports/event_log.hpp"
#include "commands/ports/system.hpp"
#include "projections/runner.hpp"

namespace ringledger {

class FoldSink final : public CommitSink {
 public:
  struct Ports {
    EventLog* log;  ///< a shared one keeps what counts, before any row shows it
    json::BookRowStore* book;
    ViewRunner* views;
    KeyVault* vault;
    VisibleGate* gate;
    Metrics* metrics;
    Metrics::Partition* figures;
    Clock* clock;
    Executor* executor;                   ///< serial
    std::function<void()> folded;         ///< after each batch (wakes reactors)
    std::function<void()> erased;         ///< after a batch that forgot somebody
    std::function<void(Error)> on_fatal;  ///< the process must stop
  };
  explicit FoldSink(Ports ports) : x_ports(std::move(ports)) {}
  void fold(CountedBatch batch, std::move_only_function<void()> done) override;

 private:
  struct Waiting {
    CountedBatch batch;
    std::move_only_function<void()> done;
  };
  static constexpr std::int64_t space_retry_ms = 1000;
  void fold_waiting();
  Result<void> fold_once(const CountedBatch& merged);
  Result<void> destroy_keys(const CountedBatch& merged);

  Ports x_ports;
  std::mutex x_mutex;
  std::deque<Waiting> x_waiting;
  bool x_busy = false;
};

/// The log's commits as read models take them: counted ones, as far as the book has judged them.
CommitReader commit_reader(EventLog& log, CommitCodec& codec, const json::BookRowStore& book);

}  // namespace ringledger
