// The vault's second part: keys that other nodes made or destroyed.
#include <algorithm>

#include "adapters/crypto/file_key_vault.hpp"
#include "adapters/crypto/key_record.hpp"

namespace ringledger {
namespace {

using key_record::version_text;

constexpr std::size_t max_missing = 10'000;

std::string joined_name(std::string_view subject, std::string_view version) {
  return std::string(subject) + '\0' + std::string(version);
}

}  // namespace

// Its maker published it before the commit that uses it: read up to an end asked for now, the exchange has it
// or nobody has. What was not there is not asked for again.
Result<FileKeyVault::Found> FileKeyVault::find_anywhere(std::string_view subject, std::string_view version) {
  auto found = find(subject, version);
  if (found || !exchange_ || subject == rows_subject || asked_before(subject, version)) return found;
  if (auto read = exchange_->catch_up(); !read) return std::unexpected(read.error());
  note_answer(std::string(subject), std::string(version));
  return find(subject, version);
}

Result<FileKeyVault::Found> FileKeyVault::find_now(std::string_view subject, std::string_view version) {
  auto found = find(subject, version);
  if (found || !exchange_ || subject == rows_subject || asked_before(subject, version)) return found;
  bool first = false;
  {
    const std::unique_lock hold(mutex_);
    first = asked_.insert(joined_name(subject, version)).second;
  }
  if (first) {
    exchange_->when_caught_up(
        [this, s = std::string(subject), v = std::string(version)] { note_answer(s, v); });
  }
  return fail(Code::position_not_reached,
              "key " + std::string(version) + " of " + std::string(subject) + " was not read yet");
}

bool FileKeyVault::asked_before(std::string_view subject, std::string_view version) const {
  const std::shared_lock hold(mutex_);
  return missing_.contains(joined_name(subject, version));
}

/// All that was published before the question is here.
void FileKeyVault::note_answer(const std::string& subject, const std::string& version) {
  const bool found = find(subject, version).has_value();
  const auto name = joined_name(subject, version);
  const std::unique_lock hold(mutex_);
  asked_.erase(name);
  if (found) return;
  if (missing_.size() >= max_missing) missing_.clear();
  missing_.insert(name);
}

Result<void> FileKeyVault::publish(const std::vector<key_file::Record>& records) {
  if (!exchange_) return {};
  std::vector<key_file::Record> shared;
  std::ranges::copy_if(records, std::back_inserter(shared),
                       [](const auto& r) { return r.subject != rows_subject; });
  return shared.empty() ? Result<void>() : exchange_->publish(shared);
}

Result<FileKeyVault::Adopted> FileKeyVault::adopt(const std::vector<key_file::Record>& records) {
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can) return std::unexpected(can.error());
  Adopted out;
  std::vector<key_file::Record> keys;
  Set gone;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& record : records) {
      if (record.destroyed && !destroyed_.contains(record.subject)) gone.insert(record.subject);
    }
    for (const auto& record : records) {
      if (record.destroyed) continue;
      if (gone.contains(record.subject) || destroyed_.contains(record.subject))
        out.doomed.push_back(record);
      else
        keys.push_back(record);
    }
  }
  if (auto done = adopt_keys(std::move(keys), out); !done) return std::unexpected(done.error());
  if (auto done = adopt_destroyed(gone, out); !done) return std::unexpected(done.error());
  return out;
}

// Durable before they are used: what is folded here with a key can be read by the offline commands too.
Result<void> FileKeyVault::adopt_keys(std::vector<key_file::Record> keys, Adopted& out) {
  std::vector<std::pair<std::string, Entry>> fresh;
  for (auto& record : keys) {
    if (find(record.subject, version_text(record.version))) continue;
    auto key = key_file::unwrap(keys_, record);
    if (!key) {
      out.foreign.push_back(std::move(record));
      continue;
    }
    fresh.emplace_back(record.subject, Entry{record.version, *key});
    unwritten_.push_back(std::move(record));
  }
  if (fresh.empty()) return {};
  if (auto written = write_adopted(); !written && written.error().code != Code::read_only) return written;
  const std::unique_lock hold(mutex_);
  for (const auto& [subject, entry] : fresh) {
    insert(subject, entry);
    missing_.erase(joined_name(subject, version_text(entry.version)));
  }
  return {};
}

Result<void> FileKeyVault::write_adopted() {
  while (!unwritten_.empty()) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(unwritten_.size(), key_file::max_batch_records));
    const auto end = unwritten_.begin() + count;
    if (auto written = append({unwritten_.begin(), end}); !written) return written;
    unwritten_.erase(unwritten_.begin(), end);
  }
  return {};
}

// A full disk keeps the keys in the file alone, and the next start destroys them there: the exchange still
// says so.
Result<void> FileKeyVault::adopt_destroyed(const Set& subjects, Adopted& out) {
  if (subjects.empty()) return {};
  auto records = read_records();
  if (!records) return std::unexpected(records.error());
  for (auto& record : *records) {
    if (!record.destroyed && subjects.contains(record.subject)) out.doomed.push_back(std::move(record));
  }
  std::erase_if(unwritten_, [&](const auto& record) { return subjects.contains(record.subject); });
  auto rewritten = rewrite(subjects);
  if (rewritten || rewritten.error().code != Code::read_only) return rewritten;
  forget(subjects);
  return {};
}

Result<std::vector<key_file::Record>> FileKeyVault::to_share() {
  const std::lock_guard file_hold(file_mutex_);
  auto records = read_records();
  if (records) std::erase_if(*records, [](const auto& record) { return record.subject == rows_subject; });
  return records;
}

}  // namespace ringledger
