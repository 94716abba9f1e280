// The folder of a simulated server that was killed, opened as the offline commands open it.
#pragma once

#include "adapters/embedded/embedded_log.hpp"
#include "api/offline_book.hpp"
#include "sim_world.hpp"

namespace ringledger::sim {

struct Stopped {
  std::unique_ptr<FileKeyVault> vault;
  std::unique_ptr<json::JsonCommitCodec> codec;
  std::unique_ptr<EmbeddedLog> log;
  std::unique_ptr<json::BookRowStore> book;

  explicit Stopped(World& w) : x_world(w) {
    w.kill();
    auto master = load_or_create_master_key(w.disk, w.random, "/data/keys/master.key", std::nullopt);
    REQUIRE(master);
    auto opened_vault = FileKeyVault::open(w.disk, w.random, *master, "/data/keys");
    REQUIRE(opened_vault);
    vault = std::move(*opened_vault);
    codec = std::make_unique<json::JsonCommitCodec>(*vault);
    EmbeddedLog::Options options;
    options.folder = "/data/log";
    options.create_if_absent = false;
    auto opened_log = EmbeddedLog::open(w.disk, std::move(options), w.scheduler.executor("log"),
                                        w.scheduler.executor("shard"));
    REQUIRE_MESSAGE(opened_log, (opened_log ? "" : opened_log.error().detail));
    log = std::move(*opened_log);
    auto opened_book = json::BookRowStore::open(w.rows, *vault, log->epoch());
    REQUIRE(opened_book);
    book = std::move(*opened_book);
  }
  ~Stopped() { CHECK(log->close()); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

  void count_to_end() {
    auto counted = offline::count_to_end(*log, *codec, *book);
    REQUIRE_MESSAGE(counted, (counted ? "" : counted.error().detail));
  }
  VerifyReport verify() {
    auto at = book->saved();
    REQUIRE(at);
    auto report = offline::verify_book(*log, *codec, *vault, x_world.rows, *at);
    REQUIRE_MESSAGE(report, (report ? "" : report.error().detail));
    return *report;
  }

 private:
  World& x_world;
};

}  // namespace ringledger::sim
