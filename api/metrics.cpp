#include "api/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <shared_mutex>

namespace ringledger {
namespace {
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::size_t most_label_values = 512;
constexpr std::string_view overflow_label = "other";

/// From 100 us (a cached read) to 10 s (a provider).
const Histogram::BucketBoundaries request_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};
/// From 10 us (a decision) to 1 s (a stuck disk).
const Histogram::BucketBoundaries stage_buckets{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                                                0.0025,  0.005,    0.01,    0.025,  0.05,    0.1,    1};

/// Label value -> T, found under a shared lock, made once, never removed, at most 512 of them.
template <class T>
class Labelled {
 public:
  explicit Labelled(std::function<std::unique_ptr<T>(const std::string&)> make) : make_(std::move(make)) {}

  T& at(std::string_view label) {
    {
      std::shared_lock lock(mutex_);
      if (auto found = all_.find(label); found != all_.end()) return *found->second;
    }
    std::unique_lock lock(mutex_);
    if (all_.size() >= most_label_values && !all_.contains(label)) label = overflow_label;
    auto& slot = all_[std::string(label)];
    if (!slot) slot = make_(std::string(label));
    return *slot;
  }

 private:
  std::function<std::unique_ptr<T>(const std::string&)> make_;
  std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<T>, std::less<>> all_;
};

template <class M>
struct Child {  ///< a metric that its family owns
  M& metric;
};
template <class M>
Labelled<Child<M>> children(Family<M>& family, std::string label) {
  return Labelled<Child<M>>([&family, label](const std::string& value) {
    return std::unique_ptr<Child<M>>(new Child<M>{family.Add({{label, value}})});
  });
}

class RouteMetrics : public Metrics::Route {
 public:
  RouteMetrics(std::string route, Family<Counter>& requests, Histogram& seconds)
      : route_(std::move(route)), requests_(requests), seconds_(seconds) {}

  void finished(int status, double seconds) override {
    auto index = static_cast<std::size_t>(status >= 100 && status < 600 ? status - 100 : 0);
    auto* counter = by_status_[index].load(std::memory_order_acquire);
    if (!counter) {  // Add returns the same child to everybody
      counter = &requests_.Add({{"route", route_}, {"status", std::to_string(index + 100)}});
      by_status_[index].store(counter, std::memory_order_release);
    }
    counter->Increment();
    seconds_.Observe(seconds);
  }

 private:
  std::string route_;
  Family<Counter>& requests_;
  Histogram& seconds_;
  std::array<std::atomic<Counter*>, 500> by_status_{};
};

class CommandMetrics : public Metrics::Command {
 public:
  CommandMetrics(const std::string& command, Family<Counter>& family)
      : outcomes_([command, &family](const std::string& outcome) {
          return std::unique_ptr<Child<Counter>>(
              new Child<Counter>{family.Add({{"command", command}, {"outcome", outcome}})});
        }) {}
  void finished(std::string_view outcome) override { outcomes_.at(outcome).metric.Increment(); }

 private:
  Labelled<Child<Counter>> outcomes_;
};

struct PartitionFamilies {
  Family<Gauge>&ends, &positions, &parked, &lags, &terms, &writers;
  Family<Counter>&claims, &resigns;
};

class PartitionMetrics : public Metrics::Partition {
 public:
  PartitionMetrics(const std::string& index, const PartitionFamilies& families)
      : end_(families.ends.Add({{"partition", index}})),
        parked_(families.parked.Add({{"partition", index}})),
        lag_(families.lags.Add({{"partition", index}})),
        term_(families.terms.Add({{"partition", index}})),
        writer_(families.writers.Add({{"partition", index}})),
        claims_(families.claims.Add({{"partition", index}})),
        views_([index, &family = families.positions](const std::string& view) {
          return std::unique_ptr<Child<Gauge>>(
              new Child<Gauge>{family.Add({{"partition", index}, {"view", view}})});
        }),
        causes_([index, &family = families.resigns](const std::string& cause) {
          return std::unique_ptr<Child<Counter>>(
              new Child<Counter>{family.Add({{"partition", index}, {"cause", cause}})});
        }) {}

  void log_end_offset(std::uint64_t offset) override { end_.Set(static_cast<double>(offset)); }
  void view_position(std::string_view view, std::uint64_t at) override {
    views_.at(view).metric.Set(static_cast<double>(at));
  }
  void parked(std::int64_t entities) override { parked_.Set(static_cast<double>(entities)); }
  void lag(std::uint64_t records) override { lag_.Set(static_cast<double>(records)); }
  void seat(std::uint64_t term, bool mine) override {
    term_.Set(static_cast<double>(term));
    writer_.Set(mine ? 1 : 0);
  }
  void claims(std::uint64_t so_far) override {
    auto known = claims_.Value();
    if (static_cast<double>(so_far) > known) claims_.Increment(static_cast<double>(so_far) - known);
  }
  void resigned(std::string_view cause) override { causes_.at(cause).metric.Increment(); }

 private:
  Gauge &end_, &parked_, &lag_, &term_, &writer_;
  Counter& claims_;
  Labelled<Child<Gauge>> views_;
  Labelled<Child<Counter>> causes_;
};

constexpr std::array stage_names{"queue", "decide", "sync", "fold", "answer"};
constexpr std::array in_flight_names{"requests", "commands", "streams"};

template <class Builder>
auto& family(prometheus::Registry& registry, Builder builder, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}
}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Family<Counter>& requests = family(registry, prometheus::BuildCounter(), "http_requests_total",
                                     "Answered requests by route and status");
  Family<Histogram>& seconds = family(registry, prometheus::BuildHistogram(), "http_request_seconds",
                                      "From the whole request to its answer");
  Family<Counter>& commands =
      family(registry, prometheus::BuildCounter(), "commands_total", "Commands by operation and outcome");
  Family<Histogram>& stages = family(registry, prometheus::BuildHistogram(), "commit_stage_seconds",
                                     "Where a commit spends its time");
  Family<Gauge>& positions =
      family(registry, prometheus::BuildGauge(), "view_position", "Offset each view reads next");
  Family<Counter>& voids = family(registry, prometheus::BuildCounter(), "void_commits_total",
                                  "Records that the counting rule made void, by reason");
  Family<Counter>& calls = family(registry, prometheus::BuildCounter(), "reconciler_calls_total",
                                  "Calls to providers, by outcome");
  Family<Gauge>& flying = family(registry, prometheus::BuildGauge(), "in_flight", "Being worked on now");
  PartitionFamilies partition_families{
      family(registry, prometheus::BuildGauge(), "log_end_offset", "One past the last record known here"),
      positions,
      family(registry, prometheus::BuildGauge(), "parked_total", "Entities parked now"),
      family(registry, prometheus::BuildGauge(), "partition_lag",
             "Records known and not in every read model"),
      family(registry, prometheus::BuildGauge(), "partition_term", "The current term, as counted here"),
      family(registry, prometheus::BuildGauge(), "partition_writer", "1 where this node writes"),
      family(registry, prometheus::BuildCounter(), "claims_total", "Claims that this node appended"),
      family(registry, prometheus::BuildCounter(), "resigns_total",
             "Terms this node left by itself, by cause")};
  Gauge& connections =
      family(registry, prometheus::BuildGauge(), "http_connections", "Open HTTP connections").Add({});
  Gauge& unhosted = family(registry, prometheus::BuildGauge(), "partitions_without_host",
                           "Partitions of the log that no node hosts that was reached")
                        .Add({});
  Gauge& lines_dropped =
      family(registry, prometheus::BuildGauge(), "log_lines_dropped", "Log lines lost to a full queue")
          .Add({});

  Labelled<Route> routes{[this](const std::string& route) {
    return std::make_unique<RouteMetrics>(route, requests, seconds.Add({{"route", route}}, request_buckets));
  }};
  Labelled<Command> operations{
      [this](const std::string& command) { return std::make_unique<CommandMetrics>(command, commands); }};
  Labelled<Partition> partitions{[this](const std::string& index) {
    return std::make_unique<PartitionMetrics>(index, partition_families);
  }};
  Labelled<Child<Counter>> void_reasons = children(voids, "reason");
  Labelled<Child<Counter>> call_outcomes = children(calls, "outcome");
  std::array<Histogram*, stage_names.size()> stage{};
  std::array<Gauge*, in_flight_names.size()> in_flight{};

  Impl() {
    for (std::size_t i = 0; i < stage.size(); ++i) {
      stage[i] = &stages.Add({{"stage", stage_names[i]}}, stage_buckets);
    }
    for (std::size_t i = 0; i < in_flight.size(); ++i) {
      in_flight[i] = &flying.Add({{"what", in_flight_names[i]}});
    }
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Metrics::Route& Metrics::route(std::string_view route) { return impl_->routes.at(route); }
Metrics::Command& Metrics::command(std::string_view operation) { return impl_->operations.at(operation); }
Metrics::Partition& Metrics::partition(std::uint32_t index) {
  return impl_->partitions.at(std::to_string(index));
}
void Metrics::stage(Stage stage, double seconds) {
  impl_->stage[static_cast<std::size_t>(stage)]->Observe(seconds);
}
void Metrics::void_commit(std::string_view reason) { impl_->void_reasons.at(reason).metric.Increment(); }
void Metrics::reconciler_call(std::string_view outcome) {
  impl_->call_outcomes.at(outcome).metric.Increment();
}
void Metrics::in_flight(InFlight what, int change) {
  impl_->in_flight[static_cast<std::size_t>(what)]->Increment(change);
}
void Metrics::connections(std::int64_t open) { impl_->connections.Set(static_cast<double>(open)); }
void Metrics::log_lines_dropped(std::uint64_t total) { impl_->lines_dropped.Set(static_cast<double>(total)); }

void Metrics::unhosted(std::size_t partitions) { impl_->unhosted.Set(static_cast<double>(partitions)); }

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace ringledger
