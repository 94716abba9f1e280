// Sealing, opening and destroying under subject keys kept in files.
#include "adapters/crypto/file_key_vault.hpp"

#include <algorithm>
#include <array>

#include "adapters/crypto/aead.hpp"
#include "adapters/crypto/hash.hpp"
#include "adapters/crypto/installation_key.hpp"
#include "adapters/crypto/key_record.hpp"

namespace ringledger {
namespace {

using key_record::version_text;

constexpr std::size_t max_plaintext_bytes = 4U << 20;
constexpr std::uint64_t max_file_bytes = 8ULL << 30;

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
                                                         std::string folder,
                                                         const std::optional<Key256>& installation) {
  std::unique_ptr<FileKeyVault> vault(new FileKeyVault(disk, random, std::move(folder)));
  if (auto done = vault->open_files(master, installation); !done) return std::unexpected(done.error());
  return vault;
}

Result<void> FileKeyVault::open_files(const MasterKey& master, const std::optional<Key256>& given) {
  keys_ = key_file::derive(master.key);
  if (auto made = disk_.make_folders(folder_); !made) return made;
  auto lock = disk_.lock(folder_ + "/lock");
  if (!lock) return std::unexpected(lock.error());
  lock_ = *std::move(lock);
  auto subjects = disk_.exists(subjects_path());
  if (!subjects) return std::unexpected(subjects.error());
  auto installation = disk_.exists(installation_path());
  if (!installation) return std::unexpected(installation.error());
  if (auto made = create_missing(master, *subjects, *installation, given); !made) return made;
  return load_subjects(master);
}

// The installation key is written last: a crash between the two leaves subjects with no record in it.
Result<void> FileKeyVault::create_missing(const MasterKey& master, bool subjects, bool installation,
                                          const std::optional<Key256>& given) {
  if (installation) {
    if (auto taken = take_installation(master, given); !taken || subjects) return taken;
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
  installation_ = given ? *given : Key256::random(random_);
  opened_.created = true;
  return installation_key::write(disk_, random_, installation_path(), keys_, installation_);
}

Result<void> FileKeyVault::take_installation(const MasterKey& master, const std::optional<Key256>& given) {
  auto key = installation_key::read(disk_, installation_path(), keys_, master.source);
  if (!key) return std::unexpected(key.error());
  installation_ = *key;
  if (!given || given->view() == key->view()) return {};
  return fail(Code::validation_failed, folder_ + " holds the keys of another installation");
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
  insert(record.subject, {record.version, *key});
  return {};
}

void FileKeyVault::insert(const std::string& subject, const Entry& entry) {
  auto [at, first] = entries_.try_emplace(subject, entry);
  if (first || at->second.version == entry.version) return;
  auto& others = others_[subject];
  if (std::ranges::find(others, entry.version, &Entry::version) == others.end()) others.push_back(entry);
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

std::optional<std::optional<FileKeyVault::Entry>> FileKeyVault::find(std::string_view subject,
                                                                     std::string_view version) const {
  const std::shared_lock hold(mutex_);
  if (destroyed_.contains(subject)) return std::optional<Entry>();
  const auto first = entries_.find(subject);
  if (first == entries_.end()) return std::nullopt;
  if (version_text(first->second.version) == version) return first->second;
  const auto others = others_.find(subject);
  if (others == others_.end()) return std::nullopt;
  for (const auto& entry : others->second) {
    if (version_text(entry.version) == version) return entry;
  }
  return std::nullopt;
}

Result<std::optional<std::string>> FileKeyVault::open(std::string_view subject, const SealPlace& place,
                                                      const Sealed& sealed) {
  return opened_with(find_anywhere(subject, sealed.key), subject, place, sealed);
}

Result<std::optional<std::string>> FileKeyVault::open_now(std::string_view subject, const SealPlace& place,
                                                          const Sealed& sealed) {
  return opened_with(find_now(subject, sealed.key), subject, place, sealed);
}

Result<std::optional<std::string>> FileKeyVault::opened_with(Result<Found> found, std::string_view subject,
                                                             const SealPlace& place, const Sealed& sealed) {
  if (!found) return std::unexpected(found.error());
  if (!*found)
    return fail(Code::internal, subjects_path() + " lacks key " + sealed.key + " of " + std::string(subject) +
                                    ": restore a copy as new as the log");
  if (!**found) return std::nullopt;
  const Entry& entry = ***found;
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

Result<void> FileKeyVault::sync_pending(bool rows_only) {
  if (unsynced_.load() == 0) return usable();
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can) return can;
  const auto subjects = take_pending(rows_only);
  if (subjects.empty()) return {};
  auto records = wrap_pending(subjects);
  auto written = records ? publish(*records) : Result<void>(std::unexpected(records.error()));
  if (written) written = append(*records);
  if (written) {
    unsynced_.fetch_sub(subjects.size());
    return {};
  }
  const std::unique_lock hold(mutex_);
  pending_.insert(pending_.end(), subjects.begin(), subjects.end());
  return written;
}

std::vector<std::string> FileKeyVault::take_pending(bool rows_only) {
  const std::unique_lock hold(mutex_);
  std::vector<std::string> taken;
  if (!rows_only) {
    taken.swap(pending_);
  } else if (std::erase(pending_, rows_subject) > 0) {
    taken.emplace_back(rows_subject);
  }
  return taken;
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
  if (auto synced = sync_rows(); !synced) return synced;
  const std::lock_guard file_hold(file_mutex_);
  if (auto can = usable(); !can) return can;
  if (auto written = write_adopted(); !written) return written;
  return marked_ ? Result<void>() : append({});
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
  if (exchange_) {
    auto records = read_records();
    if (!records) return std::unexpected(records.error());
    records->insert(records->end(), unwritten_.begin(), unwritten_.end());
    std::erase_if(*records, [&](const auto& r) { return r.destroyed || !fresh.contains(r.subject); });
    if (auto told = exchange_->publish_destroyed({fresh.begin(), fresh.end()}, *records); !told) return told;
  }
  return rewrite(fresh);
}

Result<std::vector<key_file::Record>> FileKeyVault::read_records() {
  auto content = file_->read_at(0, length_);
  if (!content) return std::unexpected(content.error());
  auto decoded = key_file::decode_file(keys_, *content);
  if (decoded && decoded->good_bytes == length_) return std::move(decoded->records);
  const Error changed{Code::internal, "its end was changed", {}};
  return std::unexpected(broken(decoded ? changed : decoded.error()).error());
}

// The file without these keys, with their tombstones instead; then the same in memory.
Result<void> FileKeyVault::rewrite(const Set& subjects) {
  auto records = read_records();
  if (!records) return std::unexpected(records.error());
  std::erase_if(*records, [&](const auto& record) { return subjects.contains(record.subject); });
  for (const auto& subject : subjects) records->push_back({subject, true, 0, {}});
  const auto rewritten = key_file::encode_file(keys_, *records);
  if (auto done = replace_file(disk_, subjects_path(), rewritten); !done) {
    // A full disk is met before the old file is touched; after anything else nobody knows which stands.
    return done.error().code == Code::read_only ? done : broken(done.error());
  }
  auto file = disk_.open(subjects_path(), Disk::Open::existing);
  if (!file) return broken(file.error());
  file_ = *std::move(file);
  length_ = rewritten.size();
  marked_ = false;
  forget(subjects);
  return {};
}

void FileKeyVault::forget(const Set& subjects) {
  const std::unique_lock hold(mutex_);
  for (const auto& subject : subjects) {
    entries_.erase(subject);
    others_.erase(subject);
    destroyed_.insert(subject);
  }
  const auto gone = std::erase_if(pending_, [&](const auto& s) { return subjects.contains(s); });
  unsynced_.fetch_sub(gone);
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
