// The book in a row store: one family holding its rows, the ownership, the void offsets and its position.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "adapters/json/json_reader.hpp"
#include "commands/ports/commit_sink.hpp"
#include "commands/ports/key_vault.hpp"
#include "projections/row_store.hpp"

namespace ringledger::json {

/// What was sealed on the way into rows; after a failure what was written must not be kept.
struct Sealing {
  std::size_t count = 0;
  std::optional<Error> failed;
};
/// Remembered commands of an account before this moment of its log time have no rows any more: they were
/// forgotten (domain/counting.hpp) a full hour ago or less.
Timestamp forgotten_before(Timestamp account_eff);

/// Secrets in rows rest sealed under a key of the vault's own.
SecretBox secret_box(KeyVault& vault, Sealing& sealing);

class BookRowStore : public BookStore {
 public:
  static constexpr std::string_view family = "book.v1";
  /// Makes the family when it is not there, anew when it was folded by a release with other rows, from a log
  /// of another epoch, or from records at `kept` or after it: a log that keeps a copy may have lost the end
  /// of that (`EventLog::kept`).
  static Result<std::unique_ptr<BookRowStore>> open(RowStore& store, KeyVault& vault, std::string epoch,
                                                    std::uint64_t kept = UINT64_MAX);

  Result<Saved> saved() override;
  Result<BookRowPtr> get(const std::string& key) override;
  /// Writes what the batch changes, with the new position, in one atomic batch; before it, what it was
  /// sealed with is made durable. Code::read_only while the disk is short (repeat later).
  Result<void> apply(const CountedBatch& batch);
  /// It is known of every commit before this offset whether it counts.
  [[nodiscard]] std::uint64_t folded() const { return x_folded.load(); }
  /// True for a commit that the counting fold found void.
  [[nodiscard]] bool is_void(std::uint64_t offset) const;

 private:
  BookRowStore(RowStore& store, KeyVault& vault)
      : x_store(store), x_vault(vault), x_box(secret_box(vault, x_sealing)) {}
  using Last = std::map<std::string_view, const BookRowPtr*>;  ///< of each row that a batch changes
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view key) const;
  Result<void> forget(const Last& last, std::vector<RowWrite>& writes);
  Result<void> forget(std::string_view account, Timestamp before, const Last& last,
                      std::vector<RowWrite>& writes);

  RowStore& x_store;
  KeyVault& x_vault;
  Sealing x_sealing;  ///< of the batch at hand: only the folding thread writes rows
  SecretBox x_box;
  std::unordered_map<std::string, Timestamp> x_forgotten;  ///< by account: done up to here
  mutable std::mutex x_mutex;
  std::set<std::uint64_t> x_void;
  std::atomic<std::uint64_t> x_folded{0};
};

}  // namespace ringledger::json
