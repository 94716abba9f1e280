#include "domain/pool_figures.hpp"

#include <algorithm>
#include <bit>

namespace ringledger::pools {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// Hours in which nothing was noted were as the share was all along.
void go_on(std::vector<std::int64_t>& peaks, std::int64_t hours, Share share) {
  for (auto left = std::min(hours, Week::hours); left > 0; --left) peaks.push_back(share.ten_thousandths);
  if (std::ssize(peaks) > Week::hours) peaks.erase(peaks.begin(), peaks.end() - Week::hours);
}

/// The smallest of `all` numbers' ranks that so many percent of them are within.
std::int64_t rank(int percent, std::int64_t all) {
  return std::max<std::int64_t>(1, (all * percent + 99) / 100);
}

}  // namespace

bool Week::is_news(Share after, Timestamp at) const {
  return peaks.empty() || at.ms / hour_ms > hour || after.ten_thousandths > peaks.back();
}

void Week::note(Share before, Share after, Timestamp at) {
  auto now = std::max(at.ms / hour_ms, hour);  // a clock that went back says nothing of earlier hours
  go_on(peaks, peaks.empty() ? 1 : now - hour, before);
  hour = now;
  peaks.back() = std::max(peaks.back(), after.ten_thousandths);
}

Share Week::percentile(int percent, Share current, Timestamp now) const {
  if (peaks.empty()) return current;
  auto all = peaks;
  go_on(all, std::max<std::int64_t>(0, now.ms / hour_ms - hour), current);
  std::ranges::sort(all);
  return {all[static_cast<std::size_t>(rank(percent, std::ssize(all)) - 1)]};
}

void Gaps::add(std::int64_t ms) {
  ++count;
  total_ms += std::max<std::int64_t>(0, ms);
  auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ms) / 1000);
  auto doubling = static_cast<std::size_t>(std::bit_width(seconds));
  if (doublings.size() <= doubling) doublings.resize(doubling + 1);
  ++doublings[doubling];
}

std::int64_t Gaps::percentile_s(int percent) const {
  std::int64_t within = 0;
  for (std::size_t i = 0; i < doublings.size(); ++i) {
    within += doublings[i];
    if (within >= rank(percent, count)) return std::int64_t{1} << i;
  }
  return 0;
}

}  // namespace ringledger::pools
