// A Kafka log on a real broker, with threads and a local copy of its own.
#pragma once

#include "adapters/kafka/kafka_create.hpp"
#include "adapters/kafka/kafka_log.hpp"
#include "adapters/system/posix_disk.hpp"
#include "adapters/system/thread_executor.hpp"
#include "tests/adapters/event_log_contract.hpp"
#include "tests/adapters/kafka/support/broker.hpp"
#include "tests/adapters/system/temp_folder.hpp"

namespace ringledger::test {

class KafkaUnderTest final : public LogUnderTest {
 public:
  explicit KafkaUnderTest(std::uint64_t segment_bytes = 64 * 1024 * 1024) : segment_bytes_(segment_bytes) {
    settings.bootstrap = Broker::get().bootstrap();
    settings.topic = Broker::get().topic();
    auto made = create_kafka_log(settings, 1, "epoch-of-" + std::to_string(getpid()));
    REQUIRE_MESSAGE(made.has_value(), made.error().detail);
  }
  ~KafkaUnderTest() override { stop(); }

  Result<void> open() {
    stop();
    log_thread_ = std::make_unique<ThreadExecutor>("log");
    tail_thread_ = std::make_unique<ThreadExecutor>("tail");
    pool_ = std::make_unique<PoolExecutor>("pool", 1);
    KafkaLog::Options options;
    options.kafka = settings;
    options.folder = folder.path() + "/log";
    options.segment_bytes = segment_bytes_;
    options.decode_header = [](std::string_view payload) -> Result<LogHeader> {
      return LogHeader{std::string(payload), "ins", 1};
    };
    options.on_fatal = [this](Error e) { fatal.add(e.detail); };
    auto opened = KafkaLog::open(disk, options, *log_thread_, *tail_thread_, *pool_);
    if (!opened) return std::unexpected(opened.error());
    log = std::move(*opened);
    return {};
  }
  EventLog& reopen() override {
    auto opened = open();
    REQUIRE_MESSAGE(opened.has_value(), opened.error().detail);
    return *log;
  }
  void stop() {
    if (log) CHECK(log->close().has_value());
    log.reset();
    log_thread_.reset();
    tail_thread_.reset();
    pool_.reset();
  }

  KafkaSettings settings;
  TempFolder folder;
  PosixDisk disk;
  Collector<std::string> fatal;
  std::unique_ptr<KafkaLog> log;

 private:
  std::uint64_t segment_bytes_;
  std::unique_ptr<ThreadExecutor> log_thread_, tail_thread_;
  std::unique_ptr<PoolExecutor> pool_;
};

}  // namespace ringledger::test
