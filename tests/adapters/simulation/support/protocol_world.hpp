// Real shards over a shared log in the test's hand, the commands of a few clients, and an independent judge:
// it folds the raw log by itself and holds everything that was said to it.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "adapters/json/book_row_store.hpp"
#include "adapters/json/commit_json.hpp"
#include "adapters/simulation/memory_row_store.hpp"
#include "adapters/simulation/sim_clock.hpp"
#include "adapters/simulation/sim_random.hpp"
#include "adapters/simulation/sim_scheduler.hpp"
#include "adapters/simulation/sim_shared_log.hpp"
#include "commands/shard.hpp"
#include "tests/adapters/json/support/fixed_vault.hpp"
#include "tests/support/fakes.hpp"

namespace ringledger::test {

class NoProvider : public Gatherer {
 public:
  ProviderFacts ask(const ProviderQuestion&) override { return {}; }
};

/// Keeps, folds into the book, tells; what each node found counted.
class BookSink : public CommitSink {
 public:
  BookSink(EventLog& log, json::BookRowStore& book) : log_(log), book_(book) {}
  void fold(CountedBatch batch, std::move_only_function<void()> done) override {
    REQUIRE(log_.keep(batch.kept).has_value());
    auto applied = book_.apply(batch);
    REQUIRE_MESSAGE(applied.has_value(), applied.error().detail);
    for (const auto& c : batch.commits) counted[c.offset] = c.commit->key_hash;
    done();
  }
  std::map<Offset, std::string> counted;

 private:
  EventLog& log_;
  json::BookRowStore& book_;
};

/// Reads no commit while the keys that open it are on their way.
class LateCodec final : public json::JsonCommitCodec {
 public:
  using JsonCommitCodec::JsonCommitCodec;
  Result<Commit> decode_commit(std::string_view payload) override {
    if (late) return fail(Code::position_not_reached, "a key was not read yet");
    return JsonCommitCodec::decode_commit(payload);
  }
  bool late = false;
};

/// A commit that counts, as the judge found it.
struct Judged {
  int key = 0;
  std::string refusal;
};

class ProtocolWorld {
 public:
  /// `how` the nodes start.
  explicit ProtocolWorld(std::uint64_t seed, int nodes = 2, Shard::Start how = Shard::Start::claim)
      : scheduler(seed),
        clock(scheduler),
        random(seed, "world"),
        partition("log_1", json::encode_header({"log_1", "ins_1", 1})),
        how_(how) {
    for (int n = 0; n < nodes; ++n) nodes_.push_back(std::make_unique<Node>(vault_));
    for (std::size_t n = 0; n < nodes_.size(); ++n) start(n);
  }

  // Actions; each runs until nothing is runnable without time passing.
  void start(std::size_t n);
  void crash(std::size_t n);
  /// Stops it in order, and starts it with only the first `left` records of its copy.
  void lose_copy(std::size_t n, std::size_t left);
  void deliver(std::size_t n, std::size_t most = 1) {
    nodes_[n]->log->deliver(most);
    run();
  }
  /// Everything landed so far.
  void deliver_all(std::size_t n) {
    while (nodes_[n]->log->deliver(100)) run();
  }
  void contend(std::size_t n) {
    nodes_[n]->shard->contend();
    run();
  }
  void hand_over(std::size_t n) {
    nodes_[n]->shard->hand_over();
    run();
  }
  void land(std::size_t i) {
    partition.land(i);
    run();
  }
  void land_all() {
    while (!partition.on_the_way().empty()) land(0);
  }
  void fail(std::size_t i) {
    partition.fail(i);
    run();
  }
  void refuse(std::size_t i) {
    partition.refuse(i);
    run();
  }
  void drop(std::size_t i) {
    partition.drop(i);
    run();
  }
  /// What others wrote cannot be read for want of keys, from now on, or no more.
  void keys_late(std::size_t n, bool late) { nodes_[n]->codec.late = late; }
  /// In order; what it gives becomes true when the node has drained.
  std::shared_ptr<bool> stop(std::size_t n) {
    auto drained = std::make_shared<bool>(false);
    nodes_[n]->shard->stop([drained] { *drained = true; });
    run();
    return drained;
  }
  void kill_producer(std::size_t n) {
    nodes_[n]->log->kill_producer();
    run();
  }
  /// A client's command at a node: accepted unless its rival was accepted before, then refused: by a commit,
  /// for ever, or, keys from 9 on, at once (404), which nothing remembers. `body`: other ones are other
  /// requests.
  void submit(std::size_t n, int key, const std::string& body = "r");
  /// Lets `ms` pass and, as it does, timers fire.
  void pass(std::int64_t ms) { scheduler.run_for(ms, 100'000); }

  [[nodiscard]] bool open(std::size_t n) const { return nodes_[n]->shard->open(); }
  [[nodiscard]] const Shard& shard(std::size_t n) const { return *nodes_[n]->shard; }
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] const std::map<int, CommandAnswer>& answered() const { return answered_; }
  /// The last answer that was no answer (503) to a key; nullopt: none.
  [[nodiscard]] std::optional<Code> turned_away(int key) const {
    auto at = turned_away_.find(key);
    return at == turned_away_.end() ? std::nullopt : std::optional(at->second);
  }
  /// Keys that count, in the order of the log, folded anew from zero.
  std::vector<int> counted();
  /// Everything that was answered, counted, shown and refused is right; every reader that read all agrees.
  void judge();
  /// In order, until everything landed and was read and some node writes; then every key is asked again.
  void settle();
  /// What was found wrong so far; `judge` fails the test on it.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
  void look_for_faults();
  /// Lands what a writer would write that did not look whether `key` counted already: all else about it is
  /// right.
  void land_again(int key);
  /// The nodes of all claims that landed, in order.
  std::vector<std::string> claimants();
  /// Of on_the_way(): the first of this kind and key (0: any). REQUIRES: there is one.
  std::size_t sent(RecordKind kind, int key = 0);

  SimScheduler scheduler;
  SimClock clock;
  SimRandom random;
  SimPartition partition;
  std::string fatal;

 private:
  struct Node {
    explicit Node(KeyVault& vault) : codec(vault) {}
    int life = 0;
    LateCodec codec;
    MemoryRowStore rows;
    std::vector<LogRecord> kept;
    std::unique_ptr<SimSharedLog> log;
    std::unique_ptr<json::BookRowStore> book;
    std::unique_ptr<BookSink> sink;
    std::unique_ptr<Shard> shard;
  };
  static std::string hash_of(int key) { return std::string(39, 'k') + static_cast<char>('a' + key); }
  /// 1 and 2 are rivals, 3 and 4, …
  static int rival_of(int key) { return key % 2 == 1 ? key + 1 : key - 1; }
  static bool refusal_is_kept(int key) { return key < 9; }
  void end(std::size_t n);
  static std::string threads_of(std::size_t n, int life) {
    return "node" + std::to_string(n) + "." + std::to_string(life) + ".";
  }
  void run() { scheduler.run_for(0, 100'000); }
  [[nodiscard]] std::size_t writer() const;  ///< nodes(): nobody
  bool comes_to_rest();
  void hear(int key, CommandAnswer answer);
  void hear_refused(int key, Code code);
  std::map<Offset, Judged> fold();
  void expect(bool holds, const std::string& fault) {
    if (!holds) faults_.push_back(fault);
  }

  Shard::Start how_;
  std::vector<std::unique_ptr<Node>> nodes_;
  testing::FixedVault vault_;
  json::JsonCommitCodec codec_{vault_};
  testing::FakePhones phones_;
  testing::FakeMint mint_;
  NoProvider provider_;
  std::map<int, CommandAnswer> answered_;
  std::map<int, Code> turned_away_;
  std::set<int> asked_;
  std::vector<std::string> faults_;
  std::uint64_t draws_ = 0;
};

}  // namespace ringledger::test
