// A disk in memory that tells what was synced from what was not, and fails when told to.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "commands/ports/disk.hpp"

namespace ringledger::testing {

/// Renames and new files are durable at once (replace_file syncs the folder anyway); bytes after `sync`.
class MemoryDisk final : public Disk {
 public:
  struct Node {
    std::string bytes, synced;
  };
  std::map<std::string, std::shared_ptr<Node>> files;
  int writes = 0, syncs = 0, folder_syncs = 0;
  std::optional<Error> fail_write, fail_sync;  ///< answered by every write or sync while set
  std::size_t written_before_failure = 0;      ///< bytes of a failing write that land anyway

  /// What is there after the machine lost power.
  void crash() {
    for (auto& [path, node] : files) node = std::make_shared<Node>(Node{node->synced, node->synced});
  }
  [[nodiscard]] std::string& bytes(const std::string& path) { return files.at(path)->bytes; }
  void put(const std::string& path, const std::string& content) {
    files[path] = std::make_shared<Node>(Node{content, content});
  }

  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override {
    if (!files.contains(path)) {
      if (how == Open::existing) return fail(Code::not_found, path + ": no such file");
      files[path] = std::make_shared<Node>();
    }
    return std::make_unique<Handle>(*this, files.at(path));
  }
  Result<bool> exists(const std::string& path) override { return files.contains(path); }
  Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>{}; }
  Result<void> make_folders(const std::string&) override { return {}; }
  Result<void> rename(const std::string& from, const std::string& to) override {
    files[to] = files.at(from);
    files.erase(from);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    files.erase(path);
    return {};
  }
  Result<void> sync_folder(const std::string&) override {
    ++folder_syncs;
    return {};
  }
  Result<std::uint64_t> free_bytes(const std::string&) override { return 1ULL << 40; }
  Result<std::shared_ptr<void>> lock(const std::string& path) override {
    auto& held = locks_[path];
    if (!held.expired()) return fail(Code::not_writer, path + " is held");
    std::shared_ptr<void> lock = std::make_shared<int>();
    held = lock;
    return lock;
  }

 private:
  class Handle final : public File {
   public:
    Handle(MemoryDisk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      ++disk_.writes;
      const auto size =
          disk_.fail_write ? std::min(bytes.size(), disk_.written_before_failure) : bytes.size();
      auto& all = node_->bytes;
      if (size > 0 && all.size() < offset + size) all.resize(offset + size);
      all.replace(offset, size, bytes.substr(0, size));
      if (disk_.fail_write) return std::unexpected(*disk_.fail_write);
      return {};
    }
    Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
      return offset < node_->bytes.size() ? node_->bytes.substr(offset, size) : std::string();
    }
    Result<std::uint64_t> size() override { return node_->bytes.size(); }
    Result<void> truncate(std::uint64_t size) override {
      node_->bytes.resize(size);
      return {};
    }
    Result<void> preallocate(std::uint64_t size) override { return truncate(size); }
    Result<void> sync() override {
      ++disk_.syncs;
      if (disk_.fail_sync) return std::unexpected(*disk_.fail_sync);
      node_->synced = node_->bytes;
      return {};
    }

   private:
    MemoryDisk& disk_;
    std::shared_ptr<Node> node_;
  };

  std::map<std::string, std::weak_ptr<void>> locks_;
};

}  // namespace ringledger::testing
