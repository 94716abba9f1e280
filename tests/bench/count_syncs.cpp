// Counts a server's syncs of its log, to learn how many commands share one: preloaded into the server by
// scripts/bench floor, it adds each fdatasync or fsync of a file under …/log/ to a counter in the file
// that RL_SYNC_COUNT names (a u64, machine order).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using Counter = std::atomic<std::uint64_t>;

Counter* open_counter() {
  const char* path = std::getenv("RL_SYNC_COUNT");
  if (path == nullptr) return nullptr;
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(Counter)) != 0) return nullptr;
  void* at = mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<Counter*>(at);
}

bool in_log_folder(int fd) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto n = readlink(link, path, sizeof path);
  return n > 0 && std::string_view(path, static_cast<std::size_t>(n)).contains("/log/");
}

int counted(const char* name, int fd) {
  static Counter* const counter = open_counter();
  if (counter != nullptr && in_log_folder(fd)) counter->fetch_add(1, std::memory_order_relaxed);
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fdatasync(int fd) { return counted("fdatasync", fd); }
extern "C" int fsync(int fd) { return counted("fsync", fd); }
