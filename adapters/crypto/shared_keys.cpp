#include "adapters/crypto/shared_keys.hpp"

#include <algorithm>
#include <chrono>

namespace ringledger {
namespace {

constexpr std::size_t adopt_at_once = 10'000, most_waiting = 50'000, write_at_once = 5'000;
// Of reading up to the end: a topic that is away is waited for, some minutes.
constexpr auto patience = std::chrono::seconds(60);  // at the start
constexpr int most_tries = 120;
constexpr auto between_tries = std::chrono::milliseconds(500);

}  // namespace

Result<std::unique_ptr<SharedKeys>> SharedKeys::open(std::unique_ptr<CompactedTopic> topic, Hooks hooks) {
  std::unique_ptr<SharedKeys> shared(new SharedKeys(std::move(topic), std::move(hooks)));
  auto* self = shared.get();
  self->topic_->read(
      [self](std::vector<TopicRecord> records, bool at_end) { self->arrived(std::move(records), at_end); },
      [self](Error error) { self->failed(std::move(error)); });
  if (auto done = self->await_installation(); !done) return std::unexpected(done.error());
  return shared;
}

Result<void> SharedKeys::await_installation() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return installation_ || read_to_end_ || failed_; });
  if (failed_) return std::unexpected(*failed_);
  if (installation_ || read_to_end_) return {};
  return fail(Code::internal, topic_->place() + " does not give what it has");
}

SharedKeys::~SharedKeys() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  topic_->stop();
  if (answering_.joinable()) answering_.join();
  if (vault_) vault_->share_with(nullptr);
}

bool SharedKeys::has_installation() const {
  std::lock_guard lock(mutex_);
  return installation_.has_value();
}

/// On the topic's thread. Before there is a vault not more is read than memory should hold.
void SharedKeys::arrived(std::vector<TopicRecord> records, bool at_end) {
  {
    std::unique_lock lock(mutex_);
    for (auto& record : records) {
      if (auto key = key_record::installation_of(record))
        note_installation(*key);
      else
        waiting_.push_back(std::move(record));
    }
    read_to_end_ = read_to_end_ || at_end;
    changed_.notify_all();
    if (installation_ && !vault_ && waiting_.size() > most_waiting)
      changed_.wait(lock, [&] { return vault_ || stopping_; });
    if (!vault_ || stopping_ || (!at_end && waiting_.size() < adopt_at_once)) return;
  }
  auto done = adopt_waiting();
  if (done && at_end) {
    if (auto vanished = let_vanish(); !vanished)  // tried again with what comes next
      hooks_.warn("keys of erased subjects cannot be removed now: " + vanished.error().detail);
  }
  if (!done) failed(std::move(done.error()));
}

void SharedKeys::note_installation(const key_file::Record& record) {
  if (!installation_)
    installation_ = record;
  else if (record.version != installation_->version)
    installations_.insert_or_assign(record.version, record);
}

Result<void> SharedKeys::adopt_waiting() {
  std::lock_guard adopting(adopting_);
  std::vector<TopicRecord> records;
  {
    std::lock_guard lock(mutex_);
    records.swap(waiting_);
  }
  return records.empty() ? Result<void>() : adopt(records);
}

Result<void> SharedKeys::adopt(const std::vector<TopicRecord>& records) {
  std::vector<key_file::Record> keys;
  std::vector<std::string> gone;
  for (const auto& record : records) {
    auto read = key_record::decode(keys_, record);
    if (!read) return std::unexpected(read.error());
    if (auto* key = std::get_if<key_file::Record>(&*read)) keys.push_back(std::move(*key));
    if (std::holds_alternative<key_record::Gone>(*read)) gone.push_back(record.key);
  }
  auto adopted = vault_->adopt(keys);
  if (!adopted) return std::unexpected(adopted.error());
  for (auto& key : adopted->doomed) doomed_.insert_or_assign(key_record::tombstone(key).key, std::move(key));
  for (const auto& name : gone) doomed_.erase(name);
  for (const auto& key : adopted->foreign) {
    if (foreign_++ == 0)
      hooks_.warn("a key of " + key.subject + " in " + topic_->place() +
                  " does not open and counts for nothing");
  }
  return {};
}

/// A tombstone that cannot be written is tried again with what is read next.
Result<void> SharedKeys::let_vanish() {
  std::vector<TopicRecord> records;
  std::lock_guard adopting(adopting_);
  for (const auto& [name, key] : doomed_) records.push_back(key_record::tombstone(key));
  if (auto written = write(std::move(records)); !written) return written;
  doomed_.clear();
  return {};
}

Result<Key256> SharedKeys::installation(const MasterKey& master, Random& random,
                                        const std::optional<Key256>& own, bool may_make) {
  keys_ = key_file::derive(master.key);
  if (!has_installation()) {
    if (!own && !may_make)
      return fail(Code::validation_failed,
                  topic_->place() +
                      " holds no keys, but the log was written already: bring the topic back, or start "
                      "first the node that has the folder keys/ of this installation");
    if (auto proposed = propose(random, own); !proposed) return std::unexpected(proposed.error());
  }
  std::optional<key_file::Record> first;
  {
    std::lock_guard lock(mutex_);
    first = installation_;
  }
  if (!first) return fail(Code::internal, topic_->place() + " does not give back what was written");
  auto key = key_file::unwrap(keys_, *first);
  if (!key)
    return fail(Code::validation_failed,
                "the master key in " + master.source + " is not the one that the keys in " + topic_->place() +
                    " were written with: give this node the master key of the others");
  if (own && own->view() != key->view())
    return fail(Code::validation_failed,
                topic_->place() +
                    " holds the keys of another installation than the folder keys/ here; "
                    "take another topic or another folder");
  return key;
}

/// Two first nodes may do this at once.
Result<void> SharedKeys::propose(Random& random, const std::optional<Key256>& own) {
  const auto key = own ? *own : Key256::random(random);
  const auto nonce = Key256::random(random);
  auto record = key_file::wrap(keys_, std::string(key_record::installation_subject), random.next_u64(), key,
                               nonce.view().substr(0, 12));
  if (!record) return std::unexpected(record.error());
  if (auto written = topic_->write({key_record::encode_installation(*record)}); !written) return written;
  return topic_->catch_up();
}

Result<void> SharedKeys::attach(FileKeyVault& vault, Disk& disk, const std::string& folder) {
  auto own = not_published(vault, disk, folder + "/published");
  if (!own) return std::unexpected(own.error());
  std::vector<TopicRecord> lost;
  std::string mark;
  {
    std::lock_guard lock(mutex_);
    vault_ = &vault;
    mark = key_record::encode_installation(*installation_).key + "\n";
    for (const auto& [version, record] : installations_)
      lost.push_back({key_record::encode_installation(record).key, std::nullopt});
  }
  changed_.notify_all();
  if (auto done = catch_up(); !done) return done;
  if (auto done = publish(*own); !done) return done;
  if (auto done = replace_file(disk, folder + "/published", mark); !done) return done;
  if (auto done = write(std::move(lost)); !done) return done;
  answering_ = std::jthread([this] { answer_questions(); });
  vault.share_with(this);
  return {};
}

/// All of a folder of before there was this topic (which its installation key's record tells); else nothing.
Result<std::vector<key_file::Record>> SharedKeys::not_published(FileKeyVault& vault, Disk& disk,
                                                                const std::string& path) {
  if (vault.opened().created) return std::vector<key_file::Record>{};
  auto mark = read_file(disk, path);
  if (!mark && mark.error().code != Code::not_found) return std::unexpected(mark.error());
  {
    std::lock_guard lock(mutex_);
    if (mark && *mark == key_record::encode_installation(*installation_).key + "\n")
      return std::vector<key_file::Record>{};
  }
  return vault.to_share();
}

Result<void> SharedKeys::publish(const std::vector<key_file::Record>& keys) {
  std::vector<TopicRecord> records;
  records.reserve(keys.size());
  for (const auto& key : keys) records.push_back(key_record::encode(keys_, key));
  return write(std::move(records));
}

Result<void> SharedKeys::publish_destroyed(const std::vector<std::string>& subjects,
                                           const std::vector<key_file::Record>& known) {
  std::vector<TopicRecord> marks, tombstones;
  for (const auto& subject : subjects) marks.push_back(key_record::encode(keys_, {subject, true, 0, {}}));
  if (auto written = write(std::move(marks)); !written) return written;
  for (const auto& key : known) tombstones.push_back(key_record::tombstone(key));
  return write(std::move(tombstones));
}

Result<void> SharedKeys::write(std::vector<TopicRecord> records) {
  for (std::size_t at = 0; at < records.size(); at += write_at_once) {
    const auto end = std::min(records.size(), at + write_at_once);
    std::vector<TopicRecord> some(
        std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(at)),
        std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(end)));
    if (auto written = topic_->write(some); !written) return written;
  }
  return {};
}

Result<void> SharedKeys::catch_up() {
  for (int tries = 1;; ++tries) {
    auto read = topic_->catch_up();
    if (read) return adopt_waiting();
    if (tries < most_tries && pause()) continue;
    std::lock_guard lock(mutex_);
    return failed_ ? std::unexpected(*failed_) : read;
  }
}

/// Before something is tried again; false: there is nothing to try any more.
bool SharedKeys::pause() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, between_tries, [&] { return stopping_ || failed_; });
  return !stopping_ && !failed_;
}

void SharedKeys::when_caught_up(std::move_only_function<void()> then) {
  {
    std::lock_guard lock(mutex_);
    questions_.push_back(std::move(then));
  }
  changed_.notify_all();
}

/// One look at the topic's end is for all who asked before it.
void SharedKeys::answer_questions() {
  while (true) {
    std::vector<std::move_only_function<void()>> asked;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !questions_.empty() || stopping_ || failed_; });
      if (stopping_ || failed_) return;
      asked.swap(questions_);
    }
    if (!catch_up_at_last()) return;
    for (auto& then : asked) then();
  }
}

/// False: it will not come to that.
bool SharedKeys::catch_up_at_last() {
  bool told = false;
  while (true) {
    auto read = topic_->catch_up();
    if (read) break;
    if (!std::exchange(told, true))
      hooks_.warn("commits wait for keys that cannot be read now: " + read.error().detail);
    if (!pause()) return false;
  }
  auto adopted = adopt_waiting();
  if (!adopted) failed(std::move(adopted.error()));
  return adopted.has_value();
}

void SharedKeys::failed(Error error) {
  {
    std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = error;
  }
  changed_.notify_all();
  hooks_.on_fatal(std::move(error));
}

}  // namespace ringledger
