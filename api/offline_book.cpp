#include "api/offline_book.hpp"

#include "adapters/crypto/hash.hpp"
#include "adapters/simulation/memory_row_store.hpp"
#include "commands/log_count.hpp"

namespace ringledger::offline {
namespace {

constexpr std::size_t stretch_bytes = 1024 * 1024;
constexpr std::size_t most_differences = 20;
constexpr std::string_view past_all_keys = "\x7f";  // keys begin with a letter

void each_key(const RowStore& store, auto&& visit) {
  store.snapshot()->scan(json::BookRowStore::family, "", past_all_keys, false,
                         [&](std::string_view key, std::string_view value) {
                           visit(key, value);
                           return true;
                         });
}

/// The copy of a shared log has no void records: the served book may stand behind some that end it.
Result<void> pass_void(const BookStore::Saved& there, json::BookRowStore& anew) {
  auto here = anew.saved();
  if (!here) return std::unexpected(here.error());
  if (there.next <= here->next || there.kept_next > here->next) return {};
  CountedBatch nothing;
  nothing.from = here->next;
  nothing.next = there.next;
  nothing.kept_next = here->kept_next;
  nothing.ownership = here->ownership;
  return anew.apply(nothing);
}

}  // namespace

Result<void> count_to_end(EventLog& log, CommitCodec& codec, json::BookRowStore& book) {
  auto saved = book.saved();
  if (!saved) return std::unexpected(saved.error());
  auto end = log.end();
  auto known = saved->kept_next > 0 ? saved->kept_next : saved->next;  // what is void is no record of a copy
  if (known > end) {
    return fail(Code::internal, "the book is ahead of the log (offset " + std::to_string(saved->next) +
                                    " > " + std::to_string(end) +
                                    "): this is not the log it was folded from");
  }
  LogCount count(codec, book, std::move(*saved));
  while (count.next() < end) {
    auto records = log.read(count.next(), stretch_bytes);
    if (!records) return std::unexpected(records.error());
    if (records->empty())
      return fail(Code::internal, "the log has no record at offset " + std::to_string(count.next()));
    auto batch = count.count(*records);
    if (!batch) return std::unexpected(batch.error());
    if (auto ok = book.apply(*batch); !ok) return ok;
  }
  return {};
}

Result<VerifyReport> verify_book(EventLog& log, CommitCodec& codec, KeyVault& vault, const RowStore& served,
                                 const BookStore::Saved& at) {
  MemoryRowStore scratch;
  auto book = json::BookRowStore::open(scratch, vault, log.epoch());
  if (!book) return std::unexpected(book.error());
  if (auto ok = count_to_end(log, codec, **book); !ok) return std::unexpected(ok.error());
  if (auto ok = pass_void(at, **book); !ok) return std::unexpected(ok.error());
  VerifyReport report;
  report.position = (*book)->folded();
  auto differs = [&](std::string_view key, std::string_view how) {
    if (report.differences.size() < most_differences)
      report.differences.push_back(hex_encode(key) + ": " + std::string(how));
  };
  each_key(served, [&](std::string_view key, std::string_view value) {
    ++report.keys;
    auto anew = scratch.get(json::BookRowStore::family, key);
    if (!anew)
      differs(key, "in the book, but not in the log's fold");
    else if (*anew != value)
      differs(key, "in the book with another value than in the log's fold");
  });
  each_key(scratch, [&](std::string_view key, std::string_view) {
    if (served.get(json::BookRowStore::family, key)) return;
    ++report.keys;
    differs(key, "in the log's fold, but not in the book");
  });
  if (auto healthy = served.health(); !healthy) return std::unexpected(healthy.error());
  return report;
}

}  // namespace ringledger::offline
