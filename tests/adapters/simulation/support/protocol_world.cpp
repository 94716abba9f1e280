#include "tests/adapters/simulation/support/protocol_world.hpp"

#include <algorithm>

namespace ringledger::test {
namespace {

const AccountId account{RawId::make(1'760'000'000'000, 7, 1)};

}  // namespace

void ProtocolWorld::start(std::size_t n) {
  auto& node = *nodes_[n];
  auto threads = threads_of(n, ++node.life);
  auto& serial = scheduler.executor(threads + "shard");
  node.log = std::make_unique<SimSharedLog>(partition, node.kept, serial);
  auto book = json::BookRowStore::open(node.rows, vault_, node.log->epoch(), node.log->kept());
  REQUIRE(book.has_value());
  node.book = std::move(*book);
  node.sink = std::make_unique<BookSink>(*node.log, *node.book);
  node.shard = std::make_unique<Shard>(
      Shard::Ports{node.log.get(), node.book.get(), node.sink.get(), &node.codec, &clock, &random, &phones_,
                   &mint_, &provider_, &serial, &scheduler.executor(threads + "pool", false),
                   &scheduler.executor(threads + "providers", false),
                   [this](const Error& e) { fatal = e.detail; }, [](const StageTimes&) {}},
      ShardLimits{}, "node" + std::to_string(n), "http://node" + std::to_string(n));
  node.shard->start(how_, [] {});
  run();
}

/// kill -9, and a new start with what its disk still holds.
void ProtocolWorld::crash(std::size_t n) {
  auto& node = *nodes_[n];
  end(n);
  node.rows.crash(random);
  if (random.chance(20)) node.kept.resize(random.below(node.kept.size() + 1));
  start(n);
}

void ProtocolWorld::lose_copy(std::size_t n, std::size_t left) {
  end(n);
  auto& kept = nodes_[n]->kept;
  REQUIRE(kept.size() > left);
  kept.resize(left);
  start(n);
}

void ProtocolWorld::end(std::size_t n) {
  auto& node = *nodes_[n];
  scheduler.drop_all(threads_of(n, node.life));
  node.shard.reset();
  node.sink.reset();
  node.book.reset();
  node.log.reset();
}

void ProtocolWorld::submit(std::size_t n, int key, const std::string& body) {
  auto ticket = std::make_unique<Ticket>();
  ticket->command = "Test";
  ticket->principal = {"operator"};
  ticket->account = account;
  ticket->key_hash = hash_of(key);
  ticket->req_hash = body;
  ticket->draws = {++draws_};
  ticket->decide = [key](const Book& book, const Context&) {
    Outcome outcome;
    const auto* rival = book.find<Remembered>(hash_of(rival_of(key)));
    auto code = refusal_is_kept(key) ? Code::already_imported : Code::not_found;
    if (rival && rival->refusal.empty())
      outcome.refusal = Refusal{code, "its rival was accepted", {}, {}, {}};
    outcome.result.clear = "{\"key\":" + std::to_string(key) + "}";
    return outcome;
  };
  ticket->answer = [this, key](CommandAnswer answer) { hear(key, std::move(answer)); };
  asked_.insert(key);
  turned_away_.erase(key);
  nodes_[n]->shard->submit(std::move(ticket));
  run();
}

void ProtocolWorld::hear(int key, CommandAnswer answer) {
  if (answer.refused) return hear_refused(key, answer.refused->code);
  auto [at, first] = answered_.emplace(key, answer);
  if (first) return;
  expect(at->second.offset == answer.offset && at->second.commit == answer.commit &&
             at->second.refusal_code == answer.refusal_code,
         "key " + std::to_string(key) + " got another answer the second time");
}

/// What nothing remembers must be true when it is told.
void ProtocolWorld::hear_refused(int key, Code code) {
  turned_away_[key] = code;
  if (code != Code::not_found && code != Code::idempotency_key_reused) return;
  auto about = code == Code::not_found ? rival_of(key) : key;
  auto truth = fold();
  bool holds = std::ranges::any_of(truth, [&](const auto& counted) {
    return counted.second.key == about && (about == key || counted.second.refusal.empty());
  });
  expect(holds, "key " + std::to_string(key) + " was refused for what does not count");
}

void ProtocolWorld::land_again(int key) {
  Ownership own;
  own.epoch = "e";
  std::optional<Commit> first;
  auto truth = fold();
  for (const auto& record : partition.landed()) {
    if (record.kind == RecordKind::claim) own.take(*codec_.decode_claim(record.payload));
    if (!truth.contains(record.offset)) continue;
    auto commit = codec_.decode_commit(record.payload);
    own.seq = commit->seq;
    own.basis = codec_.chain(own.basis, record.payload);
    if (truth.at(record.offset).key == key) first = *commit;
  }
  REQUIRE(first.has_value());
  first->term = own.term;
  first->node = own.owner;
  first->seq = own.seq + 1;
  first->basis = own.basis;
  partition.land_record({0, RecordKind::commit, *codec_.encode(*first)});
}

std::vector<std::string> ProtocolWorld::claimants() {
  std::vector<std::string> nodes;
  for (const auto& record : partition.landed())
    if (record.kind == RecordKind::claim) nodes.push_back(codec_.decode_claim(record.payload)->node);
  return nodes;
}

std::size_t ProtocolWorld::sent(RecordKind kind, int key) {
  for (std::size_t i = 0; i < partition.on_the_way().size(); ++i) {
    const auto& record = partition.on_the_way()[i].record;
    if (record.kind != kind) continue;
    if (key == 0 || record.payload.contains(hash_of(key))) return i;
  }
  FAIL("no such record is on its way");
  return 0;
}

/// The rules once more, beside the shard's: ownership, sequence, keys, and that each commit was decided on
/// exactly what counts before it.
std::map<Offset, Judged> ProtocolWorld::fold() {
  Ownership own;
  std::map<std::string, int> by_hash;
  for (int key : asked_) by_hash[hash_of(key)] = key;
  std::map<Offset, Judged> counted;
  std::set<int> keys, accepted;
  for (const auto& record : partition.landed()) {
    if (record.kind == RecordKind::log && own.epoch.empty())
      own.epoch = codec_.decode_header(record.payload)->epoch;
    if (record.kind == RecordKind::claim) own.take(*codec_.decode_claim(record.payload));
    if (record.kind != RecordKind::commit) continue;
    if (level_in(record.payload).value_or(newest_level) > newest_level) continue;  // of nobody here
    auto commit = codec_.decode_commit(record.payload);
    REQUIRE(commit.has_value());
    int key = by_hash.at(commit->key_hash);
    auto seen = keys.contains(key) ? std::optional(commit->log_time) : std::nullopt;
    if (own.count(*commit, seen, commit->log_time)) continue;
    auto named = "key " + std::to_string(key);
    expect(keys.insert(key).second, named + " counts twice");
    expect(commit->basis == own.basis, named + " was decided on another history");
    own.basis = codec_.chain(own.basis, record.payload);
    expect(commit->refusal.empty() == !accepted.contains(rival_of(key)),
           named + " was refused or accepted untruly");
    if (commit->refusal.empty()) accepted.insert(key);
    counted[record.offset] = {key, commit->refusal};
  }
  return counted;
}

std::vector<int> ProtocolWorld::counted() {
  std::vector<int> keys;
  for (const auto& [offset, judged] : fold()) keys.push_back(judged.key);
  return keys;
}

void ProtocolWorld::judge() {
  look_for_faults();
  std::string all;
  for (const auto& fault : faults_) all += "\n  " + fault;
  CHECK_MESSAGE(faults_.empty(), all);
}

void ProtocolWorld::look_for_faults() {
  expect(fatal.empty(), "a node stopped: " + fatal);
  auto truth = fold();
  for (const auto& [key, answer] : answered_) {
    auto at = truth.find(answer.offset);
    bool right = at != truth.end() && at->second.key == key && at->second.refusal == answer.refusal_code;
    expect(right, "key " + std::to_string(key) + " was answered, and that is not what counts");
  }
  for (const auto& node : nodes_) {
    for (const auto& [offset, hash] : node->sink->counted)
      expect(truth.contains(offset) && hash_of(truth.at(offset).key) == hash,
             "a node counts what does not count");
    std::vector<Offset> kept, expected;
    for (const auto& record : node->kept)
      if (record.kind == RecordKind::commit) kept.push_back(record.offset);
    for (const auto& [offset, judged] : truth)
      if (offset < node->log->kept()) expected.push_back(offset);
    expect(kept == expected, "a copy is not what counts");
  }
}

std::size_t ProtocolWorld::writer() const {
  for (std::size_t n = 0; n < nodes_.size(); ++n)
    if (open(n)) return n;
  return nodes_.size();
}

/// All that is on its way landed and was read, and somebody writes.
bool ProtocolWorld::comes_to_rest() {
  for (int round = 0; round < 20; ++round) {
    land_all();
    for (std::size_t n = 0; n < nodes_.size(); ++n) deliver_all(n);
    if (partition.on_the_way().empty() && writer() < nodes_.size()) return true;
    if (writer() < nodes_.size()) continue;
    contend(0);
    pass(5000);
  }
  return false;
}

void ProtocolWorld::settle() {
  for (auto& node : nodes_) node->codec.late = false;
  pass(100);
  expect(comes_to_rest(), "nobody writes in the end");
  if (writer() == nodes_.size()) return;
  for (int key : asked_) {
    submit(writer(), key);
    expect(comes_to_rest(), "nobody writes in the end");  // a writer learns here that its producer died
    expect(answered_.contains(key) || turned_away(key) == Code::not_found,
           "key " + std::to_string(key) + " has no answer in the end");
    if (writer() == nodes_.size()) return;
  }
  for (const auto& node : nodes_)
    expect(node->log->next() == partition.landed().size(), "a node has not read to the end");
}

}  // namespace ringledger::test
