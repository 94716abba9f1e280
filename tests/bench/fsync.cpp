// The bare floor of a durable log: how often a second one thread can append N bytes to a preallocated file
// and fdatasync it. bench_fsync --file F [--bytes 512] [--seconds 2]; prints one line of JSON.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr off_t file_bytes = 64L * 1024 * 1024;

struct Options {
  std::string file;
  std::size_t bytes = 512;
  double seconds = 2;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

Options read_options(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--file") o.file = argv[i + 1];
    if (name == "--bytes") o.bytes = std::strtoul(argv[i + 1], nullptr, 10);
    if (name == "--seconds") o.seconds = std::strtod(argv[i + 1], nullptr);
  }
  if (o.file.empty() || o.bytes == 0 || o.bytes > 1'000'000) {
    std::fputs("usage: bench_fsync --file F [--bytes 1..1000000] [--seconds S]\n", stderr);
    std::exit(2);
  }
  return o;
}

/// Microseconds of each append + fdatasync, until the time is over.
std::vector<double> measure(int fd, const Options& o) {
  const std::string block(o.bytes, 'x');
  std::vector<double> micros;
  off_t at = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(o.seconds);
  for (auto before = Clock::now(); before < end;) {
    if (at + static_cast<off_t>(o.bytes) > file_bytes) at = 0;
    if (pwrite(fd, block.data(), block.size(), at) != static_cast<ssize_t>(block.size())) die("pwrite");
    if (fdatasync(fd) != 0) die("fdatasync");
    at += static_cast<off_t>(o.bytes);
    const auto after = Clock::now();
    micros.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  return micros;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = read_options(argc, argv);
  const int fd = open(o.file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) die("open");
  if (posix_fallocate(fd, 0, file_bytes) != 0) die("posix_fallocate");
  if (fsync(fd) != 0) die("fsync");
  auto micros = measure(fd, o);
  close(fd);
  unlink(o.file.c_str());
  std::ranges::sort(micros);
  const auto at = [&](double q) {
    return micros[static_cast<std::size_t>(q * static_cast<double>(micros.size() - 1))] / 1000;
  };
  double total = 0;
  for (const double m : micros) total += m;
  std::printf("{\"rate\":%.1f,\"bytes\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
              static_cast<double>(micros.size()) / total * 1e6, o.bytes, at(0.5), at(0.99));
}
