// The keys of an installation in a topic that all its nodes share: what one vault makes, the others adopt;
// what one destroys is destroyed everywhere, for ever. The vault's own files stay each node's copy.
//
// The rules, whatever arrives late, twice or not at all:
//   - of several installation keys the first in the topic counts, for everybody; losers get tombstones.
//   - a key has subject and version in its name: two nodes may make one each for a subject, and both open.
//   - a destroyed subject is marked for ever, and keys of it count for nothing, in whatever order they stand;
//     whoever reads such a key lets it vanish.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/crypto/key_record.hpp"
#include "commands/ports/compacted_topic.hpp"

namespace ringledger {

/// Thread-safe.
class SharedKeys final : public KeyExchange {
 public:
  struct Hooks {
    /// Something that an operator should see. On any thread.
    std::function<void(const std::string&)> warn = [](const std::string&) {};
    /// The keys cannot be followed any more: the process must stop. Once, on the topic's thread.
    std::function<void(Error)> on_fatal = [](const Error&) {};
  };
  /// Reads the topic until its installation key, or its end, was seen.
  static Result<std::unique_ptr<SharedKeys>> open(std::unique_ptr<CompactedTopic> topic, Hooks hooks);
  ~SharedKeys() override;
  SharedKeys(const SharedKeys&) = delete;
  SharedKeys& operator=(const SharedKeys&) = delete;

  /// Keys were written there before.
  [[nodiscard]] bool has_installation() const;
  /// For messages to a person.
  [[nodiscard]] const std::string& place() const { return topic_->place(); }
  /// The installation key. When there is none yet: `own`, or a new one if `may_make`; both are written, and
  /// the first in the topic counts. Code::validation_failed, saying what to do: another master key than the
  /// other nodes have, keys of another installation in the topic than `own`, none where there should be one.
  Result<Key256> installation(const MasterKey& master, Random& random, const std::optional<Key256>& own,
                              bool may_make);
  /// After `installation`, whose key the vault has, before other threads use the vault, which outlives this:
  /// it adopts what the topic has. What only the vault has is published, once: `folder` remembers it.
  Result<void> attach(FileKeyVault& vault, Disk& disk, const std::string& folder);

  Result<void> publish(const std::vector<key_file::Record>& keys) override;
  Result<void> publish_destroyed(const std::vector<std::string>& subjects,
                                 const std::vector<key_file::Record>& known) override;
  Result<void> catch_up() override;
  void when_caught_up(std::move_only_function<void()> then) override;

 private:
  using TopicRecord = CompactedTopic::Record;
  SharedKeys(std::unique_ptr<CompactedTopic> topic, Hooks hooks)
      : topic_(std::move(topic)), hooks_(std::move(hooks)) {}

  Result<void> await_installation();
  void arrived(std::vector<TopicRecord> records, bool at_end);
  void note_installation(const key_file::Record& record);
  Result<void> adopt_waiting();
  Result<void> adopt(const std::vector<TopicRecord>& records);
  Result<void> let_vanish();
  Result<void> propose(Random& random, const std::optional<Key256>& own);
  Result<std::vector<key_file::Record>> not_published(FileKeyVault& vault, Disk& disk,
                                                      const std::string& path);
  Result<void> write(std::vector<TopicRecord> records);
  void answer_questions();
  bool catch_up_at_last();
  bool pause();
  void failed(Error error);

  std::unique_ptr<CompactedTopic> topic_;
  const Hooks hooks_;
  key_file::Keys keys_;  // set before vault_

  std::mutex adopting_;  // taken before mutex_; guards the members up to the blank line
  std::map<std::string, key_file::Record> doomed_;  // by name: keys in the topic that are to vanish
  std::size_t foreign_ = 0;

  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  std::vector<TopicRecord> waiting_;                         // not adopted yet
  std::optional<key_file::Record> installation_;             // the first
  std::map<std::uint64_t, key_file::Record> installations_;  // others, that lost
  FileKeyVault* vault_ = nullptr;
  std::vector<std::move_only_function<void()>> questions_;  // not answered yet
  bool read_to_end_ = false, stopping_ = false;
  std::optional<Error> failed_;
  std::jthread answering_;  // since there is a vault
};

}  // namespace ringledger
