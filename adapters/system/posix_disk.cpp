#include "adapters/system/posix_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ringledger {
namespace {

constexpr mode_t private_file = 0600, private_folder = 0700;
/// A read of more than this asks for the file's size first, so that it never allocates past the end.
constexpr std::size_t unchecked_read_bytes = 64 * 1024;

std::unexpected<Error> os_error(int error, const char* call, const std::string& path) {
  auto code = error == ENOSPC || error == EDQUOT ? Code::read_only
              : error == ENOENT                  ? Code::not_found
                                                 : Code::internal;
  return fail(code, std::string(call) + " " + path + ": " + std::generic_category().message(error));
}

/// Repeats a call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

/// Success, or errno of the call just made.
Result<void> checked(int answer, const char* call, const std::string& path) {
  if (answer < 0) return os_error(errno, call, path);
  return {};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);  // what matters was synced; Linux closes even when it reports an error
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

int open_descriptor(const std::string& path, int flags) {
  return uninterrupted([&] { return ::openat(AT_FDCWD, path.c_str(), flags | O_CLOEXEC, private_file); });
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      auto n = uninterrupted(
          [&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (n < 0) return os_error(errno, "pwrite", path_);
      if (n == 0) return fail(Code::internal, "pwrite " + path_ + ": wrote nothing");
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size_wanted) override {
    if (size_wanted > unchecked_read_bytes) {
      auto total = size();
      if (!total) return std::unexpected(total.error());
      size_wanted = std::min<std::uint64_t>(size_wanted, *total > offset ? *total - offset : 0);
    }
    std::string out;
    int error = 0;
    out.resize_and_overwrite(size_wanted, [&](char* data, std::size_t room) {
      std::size_t done = 0;
      while (done < room) {
        auto n = uninterrupted(
            [&] { return ::pread(fd_.get(), data + done, room - done, static_cast<off_t>(offset + done)); });
        if (n < 0) error = errno;
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
      }
      return done;
    });
    if (error != 0) return os_error(error, "pread", path_);
    return out;
  }

  [[nodiscard]] Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(fd_.get(), &info) < 0) return os_error(errno, "fstat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    return checked(uninterrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }),
                   "ftruncate", path_);
  }

  Result<void> preallocate(std::uint64_t size) override {
    if (size == 0) return {};  // posix_fallocate refuses a length of 0
    int error = EINTR;         // it returns its error and leaves errno alone
    while (error == EINTR) error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
    if (error != 0) return os_error(error, "posix_fallocate", path_);
    return {};
  }

  Result<void> sync() override {
    return checked(uninterrupted([&] { return ::fdatasync(fd_.get()); }), "fdatasync", path_);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

std::string parent_of(const std::string& path) {
  auto end = path.find_last_not_of('/');
  auto slash = end == std::string::npos ? std::string::npos : path.rfind('/', end);
  if (slash == std::string::npos) return end == std::string::npos ? "/" : ".";
  auto last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

Result<void> require_folder(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) < 0) return os_error(errno, "stat", path);
  if (!S_ISDIR(info.st_mode)) return os_error(ENOTDIR, "mkdir", path);
  return {};
}

}  // namespace

Result<std::unique_ptr<File>> PosixDisk::open(const std::string& path, Open how) {
  int fd = open_descriptor(path, O_RDWR | (how == Open::create ? O_CREAT : 0));
  if (fd < 0) return os_error(errno, "open", path);
  return std::make_unique<PosixFile>(fd, path);
}

Result<bool> PosixDisk::exists(const std::string& path) {
  struct stat info{};
  if (::fstatat(AT_FDCWD, path.c_str(), &info, 0) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return os_error(errno, "stat", path);
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& folder) {
  auto close = [](DIR* d) { ::closedir(d); };
  std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
  std::vector<std::string> names;
  if (!dir && errno == ENOENT) return names;
  if (!dir) return os_error(errno, "opendir", folder);
  for (;;) {
    errno = 0;  // the only way to tell the end from an error
    const auto* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return os_error(errno, "readdir", folder);
  std::ranges::sort(names);
  return names;
}

Result<void> PosixDisk::make_folders(const std::string& folder) {
  if (folder.empty()) return os_error(ENOENT, "mkdir", folder);
  if (::mkdir(folder.c_str(), private_folder) == 0) return sync_folder(parent_of(folder));
  if (errno == EEXIST) return require_folder(folder);
  auto parent = parent_of(folder);
  if (errno != ENOENT || parent == folder || parent == ".") return os_error(errno, "mkdir", folder);
  if (auto made = make_folders(parent); !made) return made;
  if (::mkdir(folder.c_str(), private_folder) < 0) {
    if (errno != EEXIST) return os_error(errno, "mkdir", folder);
    return require_folder(folder);  // another process was faster
  }
  return sync_folder(parent);
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  return checked(::renameat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str()), "rename", from + " to " + to);
}

Result<void> PosixDisk::remove(const std::string& path) {
  return checked(::unlinkat(AT_FDCWD, path.c_str(), 0), "unlink", path);
}

Result<void> PosixDisk::sync_folder(const std::string& folder) {
  Descriptor fd(open_descriptor(folder, O_RDONLY | O_DIRECTORY));
  if (!fd.open()) return os_error(errno, "open", folder);
  return checked(uninterrupted([&] { return ::fsync(fd.get()); }), "fsync", folder);
}

Result<std::uint64_t> PosixDisk::free_bytes(const std::string& folder) {
  struct statvfs info{};
  if (uninterrupted([&] { return ::statvfs(folder.c_str(), &info); }) < 0) {
    return os_error(errno, "statvfs", folder);
  }
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Result<std::shared_ptr<void>> PosixDisk::lock(const std::string& path) {
  auto fd = std::make_shared<Descriptor>(open_descriptor(path, O_RDWR | O_CREAT));
  if (!fd->open()) return os_error(errno, "open", path);
  if (uninterrupted([&] { return ::flock(fd->get(), LOCK_EX | LOCK_NB); }) == 0) return fd;
  if (errno == EWOULDBLOCK) return fail(Code::not_writer, path + " is locked by another process");
  return os_error(errno, "flock", path);
}

}  // namespace ringledger
