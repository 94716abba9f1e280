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

  class Route;    ///< see below
  class Command;  ///< see below

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `route` is the template ("/v1/workspaces/{ws}/numbers"), never the path itself.
  Route& route(std::string_view route);
  Command& command(std::string_view operation);

  void stage(Stage stage, double seconds);                      ///< commit_stage_seconds
  void log_end_offset(std::uint64_t offset);                    ///< one past the last durable record
  void view_position(std::string_view view, std::uint64_t at);  ///< next offset the view will read
  void void_commit(std::string_view reason);                    ///< void_commits_total
  void reconciler_call(std::string_view outcome);               ///< reconciler_calls_total
  void parked(std::int64_t entities);                           ///< parked_total: parked now
  void in_flight(InFlight what, int change);                    ///< in_flight{what}: +1, -1
  void connections(std::int64_t open);                          ///< http_connections
  void log_lines_dropped(std::uint64_t total);                  ///< log_lines_dropped

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

}  // namespace ringledger
