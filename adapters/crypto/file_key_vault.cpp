// Sealing, opening and destroying under subject keys kept in files.
#include "adapters/crypto/file_key_vault.hpp"

#include <algorithm>
#include <array>

#include "adapters/crypto/aead.hpp"
#include "adapters/crypto/hash.hpp"
#include "adapters/crypto/installation_key.hpp"

namespace ringledger {
namespace {

constexpr std::size_t max_plaintext_bytes = 4U << 20;
constexpr std::uint64_t max_file_bytes = 8ULL << 30;

std::string version_text(std::uint64_t version) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(version >> shift & 0xff);
  return hex_encode(bytes);
}

std::string joined(std::string_view a, std::string_view b, std::string_view c) {
  std::string out;
  out.reserve(a.size() + b.size() + c.size() + 2);
  out += a;
  out += '\0';
  out += b;
  out += '\0';
  out += c;
  return out;
}

std::string associated(const SealPlace& place) { return joined(place.account, place.commit, place.index); }

std::unexpected<Error> in_file(const std::string& path, const Error& error) {
  return fail(error.code, path + ": " + error.detail);
}

}  // namespace

Result<std::unique_ptr<FileKeyVault>> FileKeyVault::open(Disk& disk, Random& random, const MasterKey& master,
                                                         std::string folder) {
  std::unique_ptr<FileKeyVault> vault(new FileKeyVault(disk, random, std::move(folder)));
  if (auto done = vault->open_files(master); !done) return std::unexpected(done.error());
  return vault;
}

Result<void> FileKeyVault::open_files(const MasterKey& master) {
  keys_ = key_file::derive(master.key);
  if (auto made = disk_.make_folders(folder_); !made) return made;
  auto lock = disk_.lock(folder_ + "/lock");
  if (!lock) return std::unexpected(lock.error());
  lock_ = *std::move(lock);
  auto subjects = disk_.exists(subjects_path());
  if (!subjects) return std::unexpected(subjects.error());
  auto installation = disk_.exists(installation_path());
  if (!installation) return std::unexpected(installation.error());
  if (auto made = create_missing(master, *subjects, *installation); !made) return made;
  return load_subjects(master);
}

// The installation key is written last: a crash between the two leaves subjects with no record in it.
Result<void> FileKeyVault::create_missing(const MasterKey& master, bool subjects, bool installation) {
  if (installation) {
    auto key = installation_key::read(disk_, installation_path(), keys_, master.source);
    if (!key) return std::unexpected(key.error());
    installation_ = *key;
    if (subjects) return {};
    return fail(Code::internal, subjects_path() + " is missing while " + installation_path() +
                                    " is there: restore it from a backup (without it all personal data and "
                                    "provider credentials are lost)");
  }
  if (subjects) {
    auto content = read_file(disk_, subjects_path());
    if (!content) return std::unexpected(content.error());
    if (content->size() != key_file::header_bytes)
      return fail(Code::internal, installation_path() + " is missing while " + subjects_path() +
                                      " holds keys: restore it from a backup");
  }
  if (auto made = replace_file(disk_, subjects_path(), key_file::encode_header(keys_)); !made) return made;
  auto key = installation_key::create(disk_, random_, installation_path(), keys_);
  if (!key) return std::unexpected(key.error());
  installation_ = *key;
  opened_.created = true;
  return {};
}

Result<void> FileKeyVault::load_subjects(const MasterKey& master) {
  const auto path = subjects_path();
  auto file = disk_.open(path, Disk::Open::existing);
  if (!file) return std::unexpected(file.error());
  file_ = *std::move(file);
  auto size = file_->size();
  if (!size) return std::unexpected(size.error());
  if (*size > max_file_bytes) return fail(Code::internal, path + " is larger than 8 GiB");
  auto content = file_->read_at(0, *size);
  if (!content) return in_file(path, content.error());
  auto decoded = key_file::decode_file(keys_, *content);
  if (!decoded) return in_file(path, decoded.error());
  for (const auto& record : decoded->records) {
    if (auto taken = take(record); !taken)
      return in_file(path, {taken.error().code, taken.error().detail + " (" + master.source + ")", {}});
  }
  length_ = decoded->good_bytes;
  opened_.cut_bytes = *size - length_;
  opened_.keys = entries_.size();
  opened_.destroyed = destroyed_.size();
  marked_ = decoded->marked;
  if (auto done = cut(std::string_view(*content).substr(length_)); !done) return done;
  return settle();
}

/// Kept aside all the same: should a key be missed one day, this is where it was.
Result<void> FileKeyVault::cut(std::string_view torn) {
  if (torn.empty()) return {};
  opened_.cut_to = cut_path();
  if (auto kept = replace_file(disk_, cut_path(), torn); !kept) return in_file(cut_path(), kept.error());
  auto cut = file_->truncate(length_);
  return cut ? cut : in_file(subjects_path(), cut.error());
}

// The process before may have ended between a write or rename and its sync: what was read is visible but
// perhaps not durable, and is made so before anything is sealed with it. The mark keeps later damage to it
// from passing for a torn end.
Result<void> FileKeyVault::settle() {
  if (auto synced = file_->sync(); !synced) return in_file(subjects_path(), synced.error());
  if (auto synced = disk_.sync_folder(folder_); !synced) return in_file(folder_, synced.error());
  if (marked_) return {};
  auto written = append({});
  return written || written.error().code == Code::read_only ? Result<void>() : written;
}

Result<void> FileKeyVault::take(const key_file::Record& record) {
  if (record.destroyed) {
    entries_.erase(record.subject);
    destroyed_.insert(record.subject);
    return {};
  }
  auto key = key_file::unwrap(keys_, record);
  if (!key) return std::unexpected(key.error());
  entries_.insert_or_assign(record.subject, Entry{record.version, *key});
  return {};
}

Result<Sealed> FileKeyVault::seal(std::string_view subject, const SealPlace& place,
                                  std::string_view plaintext) {
  if (subject.empty() || subject.size() > key_file::max_subject_bytes)
    return fail(Code::internal, "a data subject's id must have 1 to 200 bytes");
  if (plaintext.size() > max_plaintext_bytes)
    return fail(Code::too_large, "personal data of more than 4 MiB cannot be sealed at once");
  if (auto can = usable(); !can) return std::unexpected(can.error());
  const auto entry = entry_of(subject);
  if (!entry) return std::unexpected(entry.error());
  auto nonce = hmac_sha256(entry->key.view(), joined(place.commit, place.index, plaintext));
  nonce.resize(aead_nonce_bytes);
  auto sealed = aead_seal(entry->key, nonce, associated(place), plaintext);
  if (!sealed) return std::unexpected(sealed.error());
  return Sealed{version_text(entry->version), base64_encode(nonce + *sealed)};
}

Result<FileKeyVault::Entry> FileKeyVault::entry_of(std::string_view subject) {
  {
    const std::shared_lock hold(mutex_);
    if (auto found = entries_.find(subject); found != entries_.end()) return found->second;
  }
  const std::unique_lock hold(mutex_);
  if (auto found = entries_.find(subject); found != entries_.end()) return found->second;
  return new_entry(subject);
}

// A key never seen before; kept, unless the subject was destroyed: then nobody will ever have it.
Result<FileKeyVault::Entry> FileKeyVault::new_entry(std::string_view subject) {
  const Entry entry{random_.next_u64(), Key256::random(random_)};
  if (destroyed_.contains(subject)) return entry;
  if (unsynced_.load() >= key_file::max_batch_records)
    return fail(Code::overloaded, "too many new data subjects await the disk");
  entries_.emplace(subject, entry);
  pending_.emplace_back(subject);
  unsynced_.fetch_add(1);
  return entry;
}

Result<std::optional<std::string>> FileKeyVault::open(std::string_view subject, const SealPlace& place,
                                                      const Sealed& sealed) {
  Entry entry;
  {
    const std::shared_lock hold(mutex_);
    if (destroyed_.contains(subject)) return std::nullopt;
    const auto found = entries_.find(subject);
    if (found == entries_.end() || version_text(found->second.version) != sealed.key)
      return fail(Code::internal, subjects_path() + " lacks key " + sealed.key + " of " +
                                      std::string(subject) + ": restore a copy as new as the log");
    entry = found->second;
  }
  const auto bytes = base64_decode(sealed.text);
  if (bytes && bytes->size() >= aead_nonce_bytes + aead_tag_bytes) {
    const std::string_view all = *bytes;
    auto plain = aead_open(entry.key, all.substr(0, aead_nonce_bytes), associated(place),
                           all.substr(aead_nonce_bytes));
    if (plain) return plain;
  }
  return fail(Code::internal, "the sealed data of " + std::string(subject) + " at commit " +
                                  std::string(place.commit) + ", " + std::string(place.index) +
                                  ", was changed or moved there from another place");
}

Result<void> FileKeyVault::sync() {
  if (unsynced_.load() == 0) return usable();
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can) return can;
  std::vector<std::string> subjects;
  {
    const std::unique_lock hold(mutex_);
    subjects.swap(pending_);
  }
  if (subjects.empty()) return {};
  auto records = wrap_pending(subjects);
  auto written = records ? append(*records) : Result<void>(std::unexpected(records.error()));
  if (written) {
    unsynced_.fetch_sub(subjects.size());
    return {};
  }
  const std::unique_lock hold(mutex_);
  pending_.insert(pending_.end(), subjects.begin(), subjects.end());
  return written;
}

Result<std::vector<key_file::Record>> FileKeyVault::wrap_pending(const std::vector<std::string>& subjects) {
  std::vector<key_file::Record> records;
  records.reserve(subjects.size());
  for (const auto& subject : subjects) {
    Entry entry;
    std::string nonce;
    {
      const std::unique_lock hold(mutex_);  // also because the seeded random is not thread-safe
      const auto found = entries_.find(subject);
      if (found == entries_.end()) continue;
      entry = found->second;
      nonce = Key256::random(random_).view().substr(0, aead_nonce_bytes);
    }
    auto record = key_file::wrap(keys_, subject, entry.version, entry.key, nonce);
    if (!record) return std::unexpected(record.error());
    records.push_back(*std::move(record));
  }
  return records;
}

// One batch: unsynced_ never grows past max_batch_records.
Result<void> FileKeyVault::append(const std::vector<key_file::Record>& records) {
  const auto batch = key_file::encode_batch(keys_, length_, records);
  if (auto written = file_->write_at(length_, batch); !written) {
    // A full disk leaves part of the batch: cut, so that the next attempt starts clean.
    if (written.error().code == Code::read_only && file_->truncate(length_)) return written;
    return broken(written.error());
  }
  if (auto synced = file_->sync(); !synced) return broken(synced.error());
  length_ += batch.size();
  marked_ = records.empty();
  return {};
}

Result<void> FileKeyVault::close() {
  if (auto synced = sync(); !synced) return synced;
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can || marked_) return can;
  return append({});
}

Result<void> FileKeyVault::destroy(std::string_view subject) { return destroy_all({std::string(subject)}); }

Result<void> FileKeyVault::destroy_all(const std::vector<std::string>& subjects) {
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can) return can;
  Set fresh;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& subject : subjects) {
      if (subject.empty() || subject.size() > key_file::max_subject_bytes)
        return fail(Code::internal, "a data subject's id must have 1 to 200 bytes");
      if (!destroyed_.contains(subject)) fresh.insert(subject);
    }
  }
  if (fresh.empty()) return {};
  return rewrite(fresh);
}

// The file without these keys, with their tombstones instead; then the same in memory.
Result<void> FileKeyVault::rewrite(const Set& subjects) {
  auto content = file_->read_at(0, length_);
  if (!content) return std::unexpected(content.error());
  auto decoded = key_file::decode_file(keys_, *content);
  if (!decoded) return broken(decoded.error());
  if (decoded->good_bytes != length_) return broken({Code::internal, "its end was changed", {}});
  auto& records = decoded->records;
  std::erase_if(records, [&](const auto& record) { return subjects.contains(record.subject); });
  for (const auto& subject : subjects) records.push_back({subject, true, 0, {}});
  const auto rewritten = key_file::encode_file(keys_, records);
  if (auto done = replace_file(disk_, subjects_path(), rewritten); !done) {
    // A full disk is met before the old file is touched; after anything else nobody knows which stands.
    return done.error().code == Code::read_only ? done : broken(done.error());
  }
  auto file = disk_.open(subjects_path(), Disk::Open::existing);
  if (!file) return broken(file.error());
  file_ = *std::move(file);
  length_ = rewritten.size();
  marked_ = false;
  const std::unique_lock hold(mutex_);
  for (const auto& subject : subjects) {
    entries_.erase(subject);
    destroyed_.insert(subject);
  }
  const auto gone = std::erase_if(pending_, [&](const auto& s) { return subjects.contains(s); });
  unsynced_.fetch_sub(gone);
  return {};
}

Result<void> FileKeyVault::broken(const Error& error) {
  broken_.store(true);
  return fail(Code::internal, subjects_path() + " cannot be trusted after: " + error.detail);
}

Result<void> FileKeyVault::usable() const {
  if (!broken_.load()) return {};
  return fail(Code::internal,
              "the key store failed to write " + subjects_path() + " before; start the process anew");
}

std::string FileKeyVault::installation_hmac(std::string_view text) const {
  return hmac_sha256(installation_.view(), text);
}

}  // namespace ringledger
