#include "adapters/json/book_row_store.hpp"

#include <boost/json/parse.hpp>
#include <boost/mp11/algorithm.hpp>

#include "adapters/crypto/hash.hpp"
#include "domain/counting.hpp"
#include "projections/keys.hpp"
#include "projections/row_codec.hpp"

namespace ringledger::json {
namespace {

constexpr SealPlace in_a_row{"", "", "row"};
const std::string meta_key = "m", layout_key = "l";

/// Of all rows, their members and the fold that makes them: raise the number when that does something else
/// with what was recorded before.
const std::string& book_layout() {
  static const std::string layout = [] {
    std::string text = "fold 2";
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, BookRow::Variant>>(
        [&](auto row) { row_codec::describe<typename decltype(row)::type>(text); });
    return sha256_hex(text);
  }();
  return layout;
}

struct Meta {
  std::uint64_t next = 0;
  std::optional<std::uint64_t> kept_next;
  Ownership ownership;
  BOOST_DESCRIBE_CLASS(Meta, (), (next, kept_next, ownership), (), ())
};

std::string row_key(std::string_view key) { return "r" + std::string(key); }
std::string void_key(std::uint64_t offset) { return "v" + std::to_string(offset); }

constexpr std::size_t account_bytes = 16;  // a book key begins with its account

/// Where a remembered command stands in the order in which its account forgets.
std::string expiry_key(std::string_view book_key, Timestamp at) {
  return KeyBuilder("t").raw(book_key.substr(0, account_bytes)).i64(at.ms).raw(book_key).done();
}

std::string encode(const BookRow& row, const SecretBox& box) {
  std::string out(1, static_cast<char>('A' + row.index()));
  std::visit([&](const auto& r) { Writer(out, Mode::row, &box).write(r); }, row);
  return out;
}

template <std::size_t I = 0>
Result<BookRow> decode(std::size_t kind, std::string_view text, const SecretBox& box) {
  if constexpr (I == std::variant_size_v<BookRow::Variant>) {
    return fail(Code::internal, "a book row of unknown kind");
  } else {
    if (kind != I) return decode<I + 1>(kind, text, box);
    auto row = from_stored_text<std::variant_alternative_t<I, BookRow::Variant>>(text, &box);
    if (!row)
      return fail(Code::internal, "book row: " + row.error().detail +
                                      "; delete the folder views/ to have it folded anew from the log");
    return BookRow(std::move(*row));
  }
}

}  // namespace

/// In full hours, so that an account's past is looked at once an hour and not with every commit.
Timestamp forgotten_before(Timestamp account_eff) {
  constexpr std::int64_t hour_ms = 3'600'000;
  return {(account_eff.ms - remembered_ms) / hour_ms * hour_ms};
}

SecretBox secret_box(KeyVault& vault, Sealing& sealing) {
  return {[&vault, &sealing](std::string_view clear) {
            auto sealed = vault.seal(rows_subject, in_a_row, clear);
            ++sealing.count;
            if (!sealed) sealing.failed = sealed.error();
            return sealed ? sealed->key + " " + sealed->text : std::string();
          },
          [&vault](std::string_view text) -> Result<std::optional<std::string>> {
            auto space = text.find(' ');
            if (space == std::string_view::npos) return fail(Code::internal, "is no sealed text");
            Sealed sealed{std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
            return vault.open(rows_subject, in_a_row, sealed);
          }};
}

Result<std::unique_ptr<BookRowStore>> BookRowStore::open(RowStore& store, KeyVault& vault, std::string epoch,
                                                         std::uint64_t kept) {
  std::unique_ptr<BookRowStore> book(new BookRowStore(store, vault));
  const std::string name(family);
  if (auto made = store.create_family(name); !made) return std::unexpected(made.error());
  auto saved = book->saved();
  if (auto healthy = store.health(); !healthy) return std::unexpected(healthy.error());
  auto layout = store.get(name, layout_key);
  if (auto healthy = store.health(); !healthy) return std::unexpected(healthy.error());
  bool foreign = !saved || (!saved->ownership.epoch.empty() && saved->ownership.epoch != epoch) ||
                 saved->kept_next > kept || layout != book_layout();
  if (foreign) {
    if (auto gone = store.drop_family(name); !gone) return std::unexpected(gone.error());
    if (auto made = store.create_family(name); !made) return std::unexpected(made.error());
    if (auto marked = store.write({{name, layout_key, book_layout()}}); !marked)
      return std::unexpected(marked.error());
  }
  book->x_folded = foreign ? 0 : saved->next;
  store.snapshot()->scan(name, "v", "w", false, [&](std::string_view key, std::string_view) {
    book->x_void.insert(std::stoull(std::string(key.substr(1))));
    return true;
  });
  if (auto healthy = store.health(); !healthy) return std::unexpected(healthy.error());
  return book;
}

/// Absent is an answer only from a store that can be read: a row taken for absent would let a number be
/// imported twice.
Result<std::optional<std::string>> BookRowStore::read(std::string_view key) const {
  auto text = x_store.get(family, key);
  if (text) return text;
  if (auto healthy = x_store.health(); !healthy) return std::unexpected(healthy.error());
  return std::nullopt;
}

Result<BookStore::Saved> BookRowStore::saved() {
  auto text = read(meta_key);
  if (!text) return std::unexpected(text.error());
  if (!*text) return Saved{};
  auto meta = from_stored_text<Meta>(**text);
  if (!meta) return std::unexpected(meta.error());
  return Saved{meta->next, meta->kept_next.value_or(meta->next), std::move(meta->ownership)};
}

Result<BookRowPtr> BookRowStore::get(const std::string& key) {
  auto read_row = read(row_key(key));
  if (!read_row) return std::unexpected(read_row.error());
  if (!*read_row) return BookRowPtr();
  std::string_view text = **read_row;
  if (text.empty()) return fail(Code::internal, "an empty book row");
  auto row = decode(static_cast<std::size_t>(text[0] - 'A'), text.substr(1), x_box);
  if (!row) return std::unexpected(row.error());
  return std::make_shared<const BookRow>(std::move(*row));
}

Result<void> BookRowStore::apply(const CountedBatch& batch) {
  Last last;  // several commits may touch one row
  for (const auto& commit : batch.commits) {
    for (const auto& change : commit.changes) last[change.key] = &change.row;
  }
  std::vector<RowWrite> writes;
  writes.reserve(last.size() + 1);
  x_sealing = {};
  for (const auto& [key, row] : last) {
    RowWrite w{std::string(family), row_key(key), std::nullopt};
    if (*row) w.value = encode(**row, x_box);
    writes.push_back(std::move(w));
    const auto* remembers = *row ? std::get_if<Remembered>(row->get()) : nullptr;
    if (remembers) writes.push_back({std::string(family), expiry_key(key, remembers->eff), ""});
  }
  if (auto ok = forget(last, writes); !ok) return ok;
  for (auto offset : batch.voided) writes.push_back({std::string(family), void_key(offset), ""});
  writes.push_back({std::string(family), meta_key,
                    to_text(Meta{batch.next, batch.kept_next, batch.ownership}, Mode::row)});
  if (x_sealing.failed) return std::unexpected(*x_sealing.failed);
  if (x_sealing.count > 0) {  // no row may be durable before the key that opens it
    if (auto ok = x_vault.sync_rows(); !ok) return ok;
  }
  if (auto ok = x_store.write(writes); !ok) return ok;
  for (const auto& [key, row] : last) {
    const auto* line = *row ? std::get_if<AccountLine>(row->get()) : nullptr;
    if (!line) continue;
    auto& done = x_forgotten[std::string(key.substr(0, account_bytes))];
    done = std::max(done, forgotten_before(line->eff));
  }
  {
    std::lock_guard lock(x_mutex);
    x_void.insert(batch.voided.begin(), batch.voided.end());
  }
  x_folded = batch.next;
  return {};
}

/// Of every account that the batch brought past a full hour.
Result<void> BookRowStore::forget(const Last& last, std::vector<RowWrite>& writes) {
  for (const auto& [key, row] : last) {
    const auto* line = *row ? std::get_if<AccountLine>(row->get()) : nullptr;
    if (!line) continue;
    auto account = key.substr(0, account_bytes);
    auto before = forgotten_before(line->eff);
    if (before <= x_forgotten[std::string(account)]) continue;
    if (auto ok = forget(account, before, last, writes); !ok) return ok;
  }
  return {};
}

Result<void> BookRowStore::forget(std::string_view account, Timestamp before, const Last& last,
                                  std::vector<RowWrite>& writes) {
  auto place = [account](Timestamp at) { return KeyBuilder("t").raw(account).i64(at.ms).done(); };
  std::vector<std::string> expired;
  x_store.snapshot()->scan(family, place(x_forgotten[std::string(account)]), place(before), false,
                           [&](std::string_view key, std::string_view) {
                             expired.emplace_back(key);
                             return true;
                           });
  for (const auto& [key, row] : last) {  // what the batch itself would leave behind
    const auto* remembers = *row ? std::get_if<Remembered>(row->get()) : nullptr;
    if (remembers && key.starts_with(account) && remembers->eff < before)
      expired.push_back(expiry_key(key, remembers->eff));
  }
  auto name_at = place({}).size();
  for (const auto& entry : expired) {
    auto key = entry.substr(name_at);
    writes.push_back({std::string(family), entry, std::nullopt});
    auto now = last.contains(key) ? Result<BookRowPtr>(*last.at(key)) : get(key);
    if (!now) return std::unexpected(now.error());
    const auto* remembers = *now ? std::get_if<Remembered>(now->get()) : nullptr;
    bool renewed = !remembers || !(remembers->eff < before);  // the key was used again since
    if (!renewed) writes.push_back({std::string(family), row_key(key), std::nullopt});
  }
  return {};
}

bool BookRowStore::is_void(std::uint64_t offset) const {
  std::lock_guard lock(x_mutex);
  return x_void.contains(offset);
}

}  // namespace ringledger::json
