#include "adapters/simulation/sim_disk.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "adapters/simulation/sim_inode.hpp"

namespace ringledger {
namespace {

using Names = std::map<std::string, std::shared_ptr<SimInode>>;
constexpr std::uint64_t free_when_unlimited = std::uint64_t{1} << 40;
constexpr std::uint64_t largest_file_bytes = std::uint64_t{1} << 62;

/// "a//b/../c/" and "a/c" are one file.
std::string plain(const std::string& path) {
  auto text = std::filesystem::path(path).lexically_normal().generic_string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text == "." ? "" : text;
}

std::string folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A change of names: `from` disappears (unless empty), `to` becomes the file (unless empty).
struct NameChange {
  std::string from, to;
  std::shared_ptr<SimInode> file;
};

void rename_in(Names& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.file;
}

struct Fault {
  SimDisk::Call kind;
  std::uint64_t calls_left;
  bool for_ever;
};

std::unexpected<Error> absent(const char* call, const std::string& path) {
  return fail(Code::not_found, std::string(call) + " " + path + ": No such file or directory");
}

}  // namespace

struct SimDisk::State {
  explicit State(std::uint64_t seed) : random(seed, "disk") {}

  /// Counts a call; an error when a fault on order strikes.
  Result<void> enter(Call kind, const std::string& path) {
    ++counts.at(static_cast<std::size_t>(kind));
    ++counts.at(static_cast<std::size_t>(Call::any));
    bool struck = false;
    for (auto& fault : faults) {
      if (fault.kind != kind && fault.kind != Call::any) continue;
      if (fault.calls_left > 0) --fault.calls_left;
      struck = struck || fault.calls_left == 0;
    }
    std::erase_if(faults, [](const Fault& f) { return f.calls_left == 0 && !f.for_ever; });
    if (struck) return fail(Code::internal, "simulated fault at " + path + ": Input/output error");
    return {};
  }

  [[nodiscard]] bool is_folder(const std::string& path) const {
    return path.empty() || path == "/" || folders.contains(path);
  }

  [[nodiscard]] std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : names) sum += file->seen().size();
    return sum;
  }

  /// How far a file may grow, from its size, before the disk is full.
  [[nodiscard]] std::uint64_t room() const {
    if (limit == unlimited) return largest_file_bytes;
    auto taken = used();
    return limit > taken ? limit - taken : 0;
  }

  void change(NameChange c) {
    rename_in(names, c);
    unsynced.push_back(std::move(c));
  }

  std::mutex mutex;
  SimRandom random;
  Names names, durable;
  std::vector<NameChange> unsynced;
  std::set<std::string> folders;
  std::map<std::string, std::weak_ptr<void>> locks;
  std::vector<Fault> faults;
  std::array<std::uint64_t, static_cast<std::size_t>(Call::any) + 1> counts{};
  std::uint64_t limit = unlimited;
  std::uint64_t crashes = 0;
  bool lies = false;
};

class SimDisk::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<State> state, std::shared_ptr<SimInode> file, std::string path)
      : state_(std::move(state)), file_(std::move(file)), path_(std::move(path)), life_(state_->crashes) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    std::lock_guard lock(state_->mutex);
    if (auto r = enter(Call::write); !r) {
      if (alive()) write(offset, bytes.substr(0, state_->random.below(bytes.size() + 1)));
      return r;
    }
    if (!write(offset, bytes)) return full("pwrite");
    return {};
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
    std::lock_guard lock(state_->mutex);
    if (auto r = enter(Call::read); !r) return std::unexpected(r.error());
    return file_->seen().read(offset, size);
  }

  [[nodiscard]] Result<std::uint64_t> size() override {
    std::lock_guard lock(state_->mutex);
    if (auto r = enter(Call::other); !r) return std::unexpected(r.error());
    return file_->seen().size();
  }

  Result<void> truncate(std::uint64_t size) override {
    std::lock_guard lock(state_->mutex);
    if (auto r = enter(Call::truncate); !r) return r;
    return resize(size, "ftruncate");
  }

  Result<void> preallocate(std::uint64_t size) override {
    std::lock_guard lock(state_->mutex);
    if (auto r = enter(Call::preallocate); !r) return r;
    return size <= file_->seen().size() ? Result<void>{} : resize(size, "posix_fallocate");
  }

  Result<void> sync() override {
    std::lock_guard lock(state_->mutex);
    auto entered = enter(Call::sync);
    if (!entered && alive()) file_->fail_sync(state_->random);
    if (entered && !state_->lies) file_->sync();
    return entered;
  }

 private:
  [[nodiscard]] bool alive() const { return life_ == state_->crashes; }

  Result<void> enter(Call kind) {
    if (!alive()) return fail(Code::internal, path_ + ": opened before a crash");
    return state_->enter(kind, path_);
  }

  [[nodiscard]] std::unexpected<Error> full(const char* call) const {
    return fail(Code::read_only, std::string(call) + " " + path_ + ": No space left on device");
  }

  /// False: not all of it fitted.
  bool write(std::uint64_t offset, std::string_view bytes) {
    auto most = file_->seen().size() + state_->room();
    auto fits = std::min<std::uint64_t>(bytes.size(), most > offset ? most - offset : 0);
    file_->write(offset, bytes.substr(0, fits));
    return fits == bytes.size();
  }

  Result<void> resize(std::uint64_t size, const char* call) {
    auto now = file_->seen().size();
    if (size > now && size - now > state_->room()) return full(call);
    file_->resize(size);
    return {};
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<SimInode> file_;
  std::string path_;
  std::uint64_t life_;
};

SimDisk::SimDisk(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {}

Result<std::unique_ptr<File>> SimDisk::open(const std::string& path, Open how) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::open, path); !r) return std::unexpected(r.error());
  auto name = plain(path);
  if (state_->is_folder(name)) return fail(Code::internal, "open " + path + ": Is a directory");
  auto found = state_->names.find(name);
  if (found == state_->names.end()) {
    if (how == Open::existing || !state_->is_folder(folder_of(name))) return absent("open", path);
    state_->change({"", name, std::make_shared<SimInode>()});
    found = state_->names.find(name);
  }
  return std::make_unique<OpenFile>(state_, found->second, name);
}

Result<bool> SimDisk::exists(const std::string& path) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::other, path); !r) return std::unexpected(r.error());
  return state_->names.contains(plain(path)) || state_->is_folder(plain(path));
}

Result<std::vector<std::string>> SimDisk::list(const std::string& folder) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::list, folder); !r) return std::unexpected(r.error());
  auto name = plain(folder);
  if (state_->names.contains(name)) return fail(Code::internal, "opendir " + folder + ": Not a directory");
  std::set<std::string> entries;
  auto add = [&](const std::string& path) {
    if (folder_of(path) == name) entries.insert(std::filesystem::path(path).filename().string());
  };
  for (const auto& [path, file] : state_->names) add(path);
  for (const auto& path : state_->folders) add(path);
  return std::vector(entries.begin(), entries.end());
}

Result<void> SimDisk::make_folders(const std::string& folder) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::other, folder); !r) return r;
  if (folder.empty()) return absent("mkdir", folder);
  for (auto name = plain(folder); !state_->is_folder(name); name = folder_of(name)) {
    if (state_->names.contains(name)) return fail(Code::internal, "mkdir " + folder + ": Not a directory");
  }
  for (auto name = plain(folder); !state_->is_folder(name); name = folder_of(name))
    state_->folders.insert(name);
  return {};
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::rename, from); !r) return r;
  auto found = state_->names.find(plain(from));
  auto target = plain(to);
  if (found == state_->names.end() || !state_->is_folder(folder_of(target))) {
    return absent("rename", from + " to " + to);
  }
  if (state_->is_folder(target))
    return fail(Code::internal, "rename " + from + " to " + to + ": Is a directory");
  if (found->first != target) state_->change({found->first, target, found->second});
  return {};
}

Result<void> SimDisk::remove(const std::string& path) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::remove, path); !r) return r;
  auto name = plain(path);
  if (state_->is_folder(name)) return fail(Code::internal, "unlink " + path + ": Is a directory");
  if (!state_->names.contains(name)) return absent("unlink", path);
  state_->change({name, "", nullptr});
  return {};
}

Result<void> SimDisk::sync_folder(const std::string& folder) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::sync_folder, folder); !r) return r;
  auto name = plain(folder);
  if (!state_->is_folder(name)) return absent("fsync", folder);
  if (state_->lies) return {};
  std::erase_if(state_->unsynced, [&](const NameChange& c) {
    bool here = (!c.from.empty() && folder_of(c.from) == name) || (!c.to.empty() && folder_of(c.to) == name);
    if (here) rename_in(state_->durable, c);
    return here;
  });
  return {};
}

Result<std::uint64_t> SimDisk::free_bytes(const std::string& folder) {
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::other, folder); !r) return std::unexpected(r.error());
  if (!state_->is_folder(plain(folder))) return absent("statvfs", folder);
  return state_->limit == unlimited ? free_when_unlimited : state_->room();
}

Result<std::shared_ptr<void>> SimDisk::lock(const std::string& path) {
  auto name = plain(path);
  std::lock_guard lock(state_->mutex);
  if (auto r = state_->enter(Call::other, path); !r) return std::unexpected(r.error());
  if (state_->is_folder(name)) return fail(Code::internal, "open " + path + ": Is a directory");
  if (!state_->is_folder(folder_of(name))) return absent("open", path);
  if (!state_->locks[name].expired()) return fail(Code::not_writer, path + " is locked by another process");
  if (!state_->names.contains(name)) state_->change({"", name, std::make_shared<SimInode>()});
  std::shared_ptr<void> held = std::make_shared<int>(0);
  state_->locks[name] = held;
  return held;
}

void SimDisk::crash() {
  std::lock_guard lock(state_->mutex);
  auto& s = *state_;
  for (const auto& change : s.unsynced) {
    if (s.random.chance(50)) rename_in(s.durable, change);
  }
  s.unsynced.clear();
  std::set<SimInode*> crashed;  // a file may have two names: a rename half kept
  for (const auto& [name, file] : s.durable) {
    if (crashed.insert(file.get()).second) file->crash(s.random);
  }
  s.names = s.durable;
  s.locks.clear();
  ++s.crashes;
}

void SimDisk::fail_call(Call kind, std::uint64_t nth, bool for_ever) {
  std::lock_guard lock(state_->mutex);
  state_->faults.push_back({kind, std::max<std::uint64_t>(nth, 1), for_ever});
}

void SimDisk::clear_faults() {
  std::lock_guard lock(state_->mutex);
  state_->faults.clear();
}

void SimDisk::limit_bytes(std::uint64_t most) {
  std::lock_guard lock(state_->mutex);
  state_->limit = most;
}

void SimDisk::ignore_syncs(bool ignore) {
  std::lock_guard lock(state_->mutex);
  state_->lies = ignore;
}

Result<void> SimDisk::corrupt(const std::string& path, std::uint64_t offset, std::uint8_t mask) {
  std::lock_guard lock(state_->mutex);
  auto found = state_->names.find(plain(path));
  if (found == state_->names.end()) return absent("corrupt", path);
  if (offset >= found->second->seen().size()) return absent("corrupt past the end of", path);
  found->second->corrupt(offset, mask);
  return {};
}

std::uint64_t SimDisk::calls(Call kind) const {
  std::lock_guard lock(state_->mutex);
  return state_->counts.at(static_cast<std::size_t>(kind));
}

std::uint64_t SimDisk::used_bytes() const {
  std::lock_guard lock(state_->mutex);
  return state_->used();
}

}  // namespace ringledger
