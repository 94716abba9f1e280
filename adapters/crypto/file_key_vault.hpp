// The key vault in files: `<folder>/subjects` (key_file.hpp) and `<folder>/installation`, all wrapped by
// the master key. Subject keys are held in memory, about 200 bytes each. A vault that shares its keys with
// other nodes (KeyExchange) has in the files its own copy of them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/crypto/key_exchange.hpp"
#include "adapters/crypto/key_file.hpp"
#include "adapters/crypto/master_key.hpp"
#include "commands/ports/disk.hpp"
#include "commands/ports/key_vault.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

/// Thread-safe. A subject is 1 to 200 bytes; one sealed text at most 4 MiB. After a failed write or sync
/// whose outcome is unknown every call but `open` answers Code::internal until the process starts anew.
class FileKeyVault final : public KeyVault {
 public:
  /// What was found at the start, for the log.
  struct Opened {
    bool created = false;
    std::size_t keys = 0, destroyed = 0;
    std::uint64_t cut_bytes = 0;  ///< of a batch that a crash left torn: never synced, so never used
    std::string cut_to;           ///< the file in which they are kept all the same
  };

  /// Opens the vault in `folder`, or makes it there when neither file exists. Code::internal, with what to
  /// do, for another master key, a damaged file, or one of two files missing; Code::not_writer while
  /// another process has it. `disk` and `random` must outlive the vault. `installation`: the key that other
  /// nodes have, for a vault that is made; one that is there must have it (else Code::validation_failed).
  static Result<std::unique_ptr<FileKeyVault>> open(Disk& disk, Random& random, const MasterKey& master,
                                                    std::string folder,
                                                    const std::optional<Key256>& installation = std::nullopt);

  /// From now on new keys are published before they are durable here, and unknown ones asked for; but those
  /// of `rows_subject`, which stay here. Nullptr: no more. Not while other threads use the vault.
  void share_with(KeyExchange* exchange) { exchange_ = exchange; }
  /// What was read of the exchange. Gives those of the keys that are to vanish there: their subject is
  /// destroyed; and those that do not open under the master key, which are passed over.
  struct Adopted {
    std::vector<key_file::Record> doomed, foreign;
  };
  Result<Adopted> adopt(const std::vector<key_file::Record>& records);
  /// All that is durable here but the keys of `rows_subject`, to be published.
  Result<std::vector<key_file::Record>> to_share();

  /// Code::overloaded when 100,000 new keys await `sync`; Code::too_large past 4 MiB. For a destroyed
  /// subject it succeeds, and what it gives opens as nullopt: late writes of an erased person are lost too.
  Result<Sealed> seal(std::string_view subject, const SealPlace& place, std::string_view plaintext) override;
  Result<std::optional<std::string>> open(std::string_view subject, const SealPlace& place,
                                          const Sealed& sealed) override;
  /// The same, but never waits for the exchange: Code::position_not_reached until it has answered.
  Result<std::optional<std::string>> open_now(std::string_view subject, const SealPlace& place,
                                              const Sealed& sealed);
  Result<void> destroy(std::string_view subject) override;
  Result<void> destroy_all(const std::vector<std::string>& subjects) override;
  /// One write and one sync for all new keys. Code::read_only on a full disk: nothing is lost, call again; so
  /// too when they cannot be published.
  Result<void> sync() override { return sync_pending(false); }
  Result<void> sync_rows() override { return sync_pending(exchange_ != nullptr); }
  /// Syncs, and marks the end: damage to it is refused from now on, while after a crash a damaged end passes
  /// for a torn one and is cut. Nothing can be sealed anew before the next key's sync. What is not published
  /// yet was used by no record, and goes.
  Result<void> close();
  [[nodiscard]] std::string installation_hmac(std::string_view text) const override;

  [[nodiscard]] const Opened& opened() const { return opened_; }

 private:
  struct Entry {
    std::uint64_t version = 0;
    Key256 key;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

  FileKeyVault(Disk& disk, Random& random, std::string folder) noexcept
      : disk_(disk), random_(random), folder_(std::move(folder)) {}

  Result<void> open_files(const MasterKey& master, const std::optional<Key256>& given);
  Result<void> create_missing(const MasterKey& master, bool subjects, bool installation,
                              const std::optional<Key256>& given);
  Result<void> take_installation(const MasterKey& master, const std::optional<Key256>& given);
  Result<void> load_subjects(const MasterKey& master);
  Result<void> cut(std::string_view torn);
  Result<void> settle();
  Result<void> take(const key_file::Record& record);
  void insert(const std::string& subject, const Entry& entry);
  /// The key of that version, also nullopt when its subject is destroyed; outer nullopt: none such here.
  std::optional<std::optional<Entry>> find(std::string_view subject, std::string_view version) const;
  using Found = std::optional<std::optional<Entry>>;  ///< as `find` gives it
  Result<Found> find_anywhere(std::string_view subject, std::string_view version);
  Result<Found> find_now(std::string_view subject, std::string_view version);
  bool asked_before(std::string_view subject, std::string_view version) const;
  void note_answer(const std::string& subject, const std::string& version);
  Result<std::optional<std::string>> opened_with(Result<Found> key, std::string_view subject,
                                                 const SealPlace& place, const Sealed& sealed);
  Result<Entry> entry_of(std::string_view subject);
  Result<Entry> new_entry(std::string_view subject);
  Result<void> sync_pending(bool rows_only);
  std::vector<std::string> take_pending(bool rows_only);
  Result<void> publish(const std::vector<key_file::Record>& records);
  Result<std::vector<key_file::Record>> wrap_pending(const std::vector<std::string>& subjects);
  Result<void> append(const std::vector<key_file::Record>& records);
  Result<std::vector<key_file::Record>> read_records();
  Result<void> adopt_keys(std::vector<key_file::Record> keys, Adopted& out);
  Result<void> write_adopted();
  Result<void> adopt_destroyed(const Set& subjects, Adopted& out);
  Result<void> rewrite(const Set& subjects);
  void forget(const Set& subjects);
  Result<void> broken(const Error& error);
  [[nodiscard]] Result<void> usable() const;
  [[nodiscard]] std::string subjects_path() const { return folder_ + "/subjects"; }
  [[nodiscard]] std::string cut_path() const { return folder_ + "/subjects.cut"; }
  [[nodiscard]] std::string installation_path() const { return folder_ + "/installation"; }

  Disk& disk_;
  Random& random_;
  std::string folder_;
  key_file::Keys keys_;
  Key256 installation_;
  Opened opened_;

  std::mutex file_mutex_;  // taken before mutex_; guards the members up to the blank line
  std::shared_ptr<void> lock_;
  std::unique_ptr<File> file_;
  std::uint64_t length_ = 0;
  bool marked_ = false;                      ///< the last batch is a mark
  std::vector<key_file::Record> unwritten_;  ///< adopted while the disk was full

  mutable std::shared_mutex mutex_;  // guards the members below
  Map<Entry> entries_;               // of each subject the first known: what is sealed anew uses it
  Map<std::vector<Entry>> others_;   // further versions, made by other nodes
  Set destroyed_;
  Set missing_;                       // "subject\0version": asked for and not there
  Set asked_;                         // the same: asked for, not answered yet
  std::vector<std::string> pending_;  // subjects whose keys are in no file yet

  std::atomic<std::size_t> unsynced_ = 0;  // pending_ and those being written
  std::atomic<bool> broken_ = false;
  KeyExchange* exchange_ = nullptr;
};

}  // namespace ringledger
