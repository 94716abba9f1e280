// How far a copy is and how long it will take, on standard error, a line every two seconds.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace ringledger::offline {

class CopyProgress {
 public:
  CopyProgress(std::string what, std::uint64_t total) : x_what(std::move(what)), x_total(total) {}
  void operator()(std::uint64_t done) {
    auto now = Clock::now();
    if (now - x_said < std::chrono::seconds(2)) return;
    x_said = now;
    auto seconds = std::chrono::duration<double>(now - x_began).count();
    auto rest = static_cast<double>(x_total > done ? x_total - done : 0);
    auto left = done == 0 ? 0.0 : seconds * rest / static_cast<double>(done);
    fmt::print(stderr, "{} of {} {}, about {:.0f} s left\n", done, x_total, x_what, left);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string x_what;
  std::uint64_t x_total;
  Clock::time_point x_began = Clock::now(), x_said = x_began;
};

}  // namespace ringledger::offline
