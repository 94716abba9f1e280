// What is counted and timed, in Prometheus' text form. Updating costs an atomic or a short lock: keep
// the references that route() and command() return.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ringledger {

/// All members are thread-safe. A family holds at most 512 values of a free label; later ones count
/// under "other". References stay valid as long as the Metrics.
class Metrics {
 public:
  enum class Stage { queue, decide, sync, fold, answer };
  enum class InFlight { requests, commands, streams };

  class Route;      ///< see below
  class Command;    ///< see below
  class Partition;  ///< see below

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `route` is the template ("/v1/workspaces/{ws}/numbers"), never the path itself.
  Route& route(std::string_view route);
  Command& command(std::string_view operation);
  Partition& partition(std::uint32_t index);

  void stage(Stage stage, double seconds);         ///< commit_stage_seconds
  void void_commit(std::string_view reason);       ///< void_commits_total
  void reconciler_call(std::string_view outcome);  ///< reconciler_calls_total
  void in_flight(InFlight what, int change);       ///< in_flight{what}: +1, -1
  void connections(std::int64_t open);             ///< http_connections
  void log_lines_dropped(std::uint64_t total);     ///< log_lines_dropped
  void unhosted(std::size_t partitions);           ///< partitions_without_host

  /// The whole registry, for `GET /metrics` (content_type below).
  [[nodiscard]] std::string text() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// http_requests_total{route,status} and http_request_seconds{route}.
class Metrics::Route {
 public:
  virtual ~Route() = default;
  virtual void finished(int status, double seconds) = 0;
};

/// commands_total{command,outcome}; outcome: "accepted", "repeated", "refused", or a refusal's code.
class Metrics::Command {
 public:
  virtual ~Command() = default;
  virtual void finished(std::string_view outcome) = 0;
};

/// All have the label `partition`.
class Metrics::Partition {
 public:
  virtual ~Partition() = default;
  virtual void log_end_offset(std::uint64_t offset) = 0;  ///< one past the last record known here
  virtual void view_position(std::string_view view,
                             std::uint64_t at) = 0;  ///< next offset the view will read
  virtual void parked(std::int64_t entities) = 0;    ///< parked_total: parked now
  virtual void lag(std::uint64_t records) = 0;       ///< partition_lag: known, and not in every read model
  virtual void seat(std::uint64_t term, bool mine) = 0;  ///< partition_term; partition_writer: 1 here, else 0
  virtual void claims(std::uint64_t so_far) = 0;         ///< claims_total
  virtual void resigned(std::string_view cause) = 0;     ///< resigns_total{cause}
};

}  // namespace ringledger
