#include "adapters/rocksdb/rocksdb_row_store.hpp"

#include <rocksdb/cache.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>
#include <thread>

#include "adapters/rocksdb/rocksdb_core.hpp"

namespace ringledger {

using rocksdb::Slice;

/// Holds the families open too, so that dropping one does not pull it from under a reader.
class RocksDbSnapshot final : public RowSnapshot {
 public:
  explicit RocksDbSnapshot(std::shared_ptr<RocksDbRowStore::Core> core)
      : x_core(std::move(core)), x_handles(x_core->handles()), x_snapshot(x_core->db->GetSnapshot()) {}
  ~RocksDbSnapshot() override {
    x_core->db->ReleaseSnapshot(x_snapshot);
    x_handles.reset();
  }
  RocksDbSnapshot(const RocksDbSnapshot&) = delete;
  RocksDbSnapshot& operator=(const RocksDbSnapshot&) = delete;

  [[nodiscard]] std::optional<std::string> get(std::string_view family, std::string_view key) const override {
    auto at = x_handles->find(family);
    if (at == x_handles->end()) return std::nullopt;
    std::string value;
    auto status = x_core->db->Get(options(), at->second.get(), Slice(key.data(), key.size()), &value);
    if (status.ok()) return value;
    if (!status.IsNotFound()) x_core->first_error.note("reading " + std::string(family), status);
    return std::nullopt;
  }

  void scan(std::string_view family, std::string_view from, std::string_view to, bool reversed,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    auto at = x_handles->find(family);
    if (at == x_handles->end() || from >= to) return;
    auto read = options();
    Slice lower(from.data(), from.size());
    Slice upper(to.data(), to.size());
    read.iterate_lower_bound = &lower;
    read.iterate_upper_bound = &upper;
    std::unique_ptr<rocksdb::Iterator> it(x_core->db->NewIterator(read, at->second.get()));
    for (reversed ? it->SeekToLast() : it->SeekToFirst(); it->Valid(); reversed ? it->Prev() : it->Next()) {
      auto key = it->key();
      auto value = it->value();
      if (!visit({key.data(), key.size()}, {value.data(), value.size()})) return;
    }
    if (!it->status().ok()) x_core->first_error.note("scanning " + std::string(family), it->status());
  }
  [[nodiscard]] Result<void> health() const override { return x_core->first_error.get(); }

 private:
  [[nodiscard]] rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions read;
    read.snapshot = x_snapshot;
    return read;
  }
  std::shared_ptr<RocksDbRowStore::Core> x_core;
  std::shared_ptr<const FamilyHandles> x_handles;
  const rocksdb::Snapshot* x_snapshot;
};

namespace {

using Run = std::span<const RowWrite>;

/// The writes of one family that the batch begins with.
Run first_run(Run batch) {
  auto end = std::ranges::find_if(batch, [&](const auto& w) { return w.family != batch.front().family; });
  return batch.first(static_cast<std::size_t>(end - batch.begin()));
}

/// Neighbours in a memtable are inserted one after the other: twice as fast as in random order. Writes
/// of one key keep their order.
std::vector<const RowWrite*> in_key_order(Run run) {
  std::vector<const RowWrite*> out;
  out.reserve(run.size());
  for (const auto& write : run) out.push_back(&write);
  std::sort(out.begin(), out.end(), [](const RowWrite* a, const RowWrite* b) {
    if (int keys = a->key.compare(b->key); keys != 0) return keys < 0;
    return a < b;  // their place in the batch
  });
  return out;
}

/// At least what the batch takes as RocksDB's.
std::size_t bytes_of(Run batch) {
  constexpr std::size_t around = 16;  // its kind, family and lengths
  std::size_t bytes = around;
  for (const auto& w : batch) bytes += around + w.key.size() + (w.value ? w.value->size() : 0);
  return bytes;
}

}  // namespace

RocksDbRowStore::RocksDbRowStore(std::shared_ptr<Core> core) : x_core(std::move(core)) {}
RocksDbRowStore::~RocksDbRowStore() = default;

Result<std::unique_ptr<RocksDbRowStore>> RocksDbRowStore::open(RocksDbOptions options) {
  std::error_code made;
  std::filesystem::create_directories(options.path, made);
  if (made) return fail(Code::internal, "making the folder " + options.path + ": " + made.message());
  auto core = std::make_shared<Core>(std::move(options));
  auto cache = rocksdb::NewLRUCache(core->options.cache_bytes);
  auto db_options = database_options(core->options, cache, core->first_error);
  core->family_options = family_options(core->options, cache);

  std::vector<std::string> names;
  auto listed = rocksdb::DB::ListColumnFamilies(db_options, core->options.path, &names);
  bool is_new = !listed.ok() && !std::filesystem::exists(core->options.path + "/CURRENT", made);
  if (!listed.ok() && !is_new) return std::unexpected(rocksdb_error("opening " + core->options.path, listed));
  if (is_new) names = {rocksdb::kDefaultColumnFamilyName};
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const auto& name : names) families.emplace_back(name, core->family_options);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  auto opened = rocksdb::DB::Open(db_options, core->options.path, families, &handles, &db);
  if (!opened.ok()) return std::unexpected(rocksdb_error("opening " + core->options.path, opened));
  core->db.reset(db);
  auto all = std::make_shared<FamilyHandles>();
  for (auto* handle : handles) all->emplace(handle->GetName(), core->wrap(handle));
  core->replace(std::move(all));
  return std::unique_ptr<RocksDbRowStore>(new RocksDbRowStore(std::move(core)));
}

std::vector<std::string> RocksDbRowStore::families() const {
  std::vector<std::string> names;
  for (const auto& [name, handle] : *x_core->handles()) {
    if (name != rocksdb::kDefaultColumnFamilyName) names.push_back(name);
  }
  return names;
}

Result<void> RocksDbRowStore::create_family(const std::string& name) {
  std::lock_guard lock(x_core->changing);
  auto handles = x_core->handles();
  if (handles->contains(name)) return {};
  if (auto room = x_core->space.room_for(x_core->options.free_floor_bytes); !room) return room;
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  auto status = x_core->db->CreateColumnFamily(x_core->family_options, name, &handle);
  if (!status.ok()) return std::unexpected(rocksdb_error("creating " + name, status));
  auto next = std::make_shared<FamilyHandles>(*handles);
  next->emplace(name, x_core->wrap(handle));
  x_core->replace(std::move(next));
  return {};
}

Result<void> RocksDbRowStore::drop_family(const std::string& name) {
  std::lock_guard lock(x_core->changing);
  auto handles = x_core->handles();
  auto at = handles->find(name);
  if (at == handles->end() || name == rocksdb::kDefaultColumnFamilyName) return {};
  auto status = x_core->db->DropColumnFamily(at->second.get());
  if (!status.ok()) return std::unexpected(rocksdb_error("dropping " + name, status));
  auto next = std::make_shared<FamilyHandles>(*handles);
  next->erase(name);
  x_core->replace(std::move(next));
  return {};
}

std::optional<std::string> RocksDbRowStore::get(std::string_view family, std::string_view key) const {
  auto handles = x_core->handles();
  auto at = handles->find(family);
  if (at == handles->end()) return std::nullopt;
  std::string value;
  auto status = x_core->db->Get({}, at->second.get(), Slice(key.data(), key.size()), &value);
  if (status.ok()) return value;
  if (!status.IsNotFound()) x_core->first_error.note("reading " + std::string(family), status);
  return std::nullopt;
}

Result<void> RocksDbRowStore::write(const std::vector<RowWrite>& batch) {
  if (auto healthy = health(); !healthy) return healthy;
  auto handles = x_core->handles();
  rocksdb::WriteBatch out(bytes_of(batch));
  for (Run left = batch; !left.empty();) {
    auto run = first_run(left);
    const auto& family = run.front().family;
    auto at = handles->find(family);
    if (at == handles->end()) return fail(Code::internal, "no family named " + family);
    for (const auto* write : in_key_order(run)) {
      const auto& [name, key, value] = *write;
      auto put = value ? out.Put(at->second.get(), key, *value) : out.Delete(at->second.get(), key);
      if (!put.ok()) return std::unexpected(rocksdb_error("writing " + family, put));
    }
    left = left.subspan(run.size());
  }
  if (auto room = x_core->space.admit(out.GetDataSize()); !room) return room;
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  auto status = x_core->db->Write(options, &out);
  if (!status.ok()) return std::unexpected(rocksdb_error("writing", status));
  return {};
}

std::shared_ptr<RowSnapshot> RocksDbRowStore::snapshot() const {
  return std::make_shared<RocksDbSnapshot>(x_core);
}

Result<void> RocksDbRowStore::flush() {
  if (auto healthy = health(); !healthy) return healthy;
  std::uint64_t in_memory = 0;
  x_core->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &in_memory);
  constexpr std::uint64_t reserve = 16ULL * 1024 * 1024;  // manifest, info log
  if (auto room = x_core->space.room_for(in_memory + reserve); !room) return room;
  auto handles = x_core->handles();
  std::vector<rocksdb::ColumnFamilyHandle*> all;
  for (const auto& [name, handle] : *handles) all.push_back(handle.get());
  auto status = x_core->db->Flush(rocksdb::FlushOptions(), all);
  if (!status.ok()) return std::unexpected(rocksdb_error("flushing", status));
  return health();
}

/// Compaction keeps what a snapshot shows: waits until those from before are gone.
Result<void> RocksDbRowStore::wait_for_readers() const {
  using namespace std::chrono;
  constexpr seconds most{30};
  constexpr milliseconds look{20};
  const auto began = x_core->db->GetLatestSequenceNumber();
  for (auto until = steady_clock::now() + most; steady_clock::now() < until;
       std::this_thread::sleep_for(look)) {
    std::uint64_t oldest = 0;  // stays: there is none
    x_core->db->GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest);
    if (oldest == 0 || oldest >= began) return {};
  }
  return fail(Code::overloaded, "a query has been reading for long what is to vanish");
}

/// The last flush has the manifest written anew, now without the files that were rewritten.
Result<void> RocksDbRowStore::scrub() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (auto alone = wait_for_readers(); !alone) return alone;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  for (const auto& [name, handle] : *x_core->handles()) {
    auto status = x_core->db->CompactRange(options, handle.get(), nullptr, nullptr);
    if (!status.ok()) return std::unexpected(rocksdb_error("scrubbing " + name, status));
  }
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  auto status = x_core->db->Put(unlogged, "scrubbed", "");  // in no family of rows
  if (status.ok()) status = x_core->db->Flush(rocksdb::FlushOptions());
  return status.ok() ? health() : std::unexpected(rocksdb_error("scrubbing", status));
}

Result<void> RocksDbRowStore::health() const { return x_core->first_error.get(); }

std::uint64_t RocksDbRowStore::disk_bytes() const {
  std::uint64_t bytes = 0;
  x_core->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
  return bytes;
}

std::uint64_t RocksDbRowStore::disk_bytes(std::string_view family) const {
  std::uint64_t bytes = 0;
  auto handles = x_core->handles();
  auto at = handles->find(family);
  if (at != handles->end()) {
    x_core->db->GetIntProperty(at->second.get(), rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
  }
  return bytes;
}

}  // namespace ringledger
