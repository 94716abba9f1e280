#include "adapters/simulation/sparse_bytes.hpp"

#include <algorithm>

namespace ringledger {

SparseBytes::Page& SparseBytes::page(std::uint64_t number) {
  auto [at, made] = pages_.try_emplace(number);
  if (made) at->second.fill('\0');
  return at->second;
}

void SparseBytes::write(std::uint64_t offset, std::string_view bytes) {
  if (!bytes.empty()) size_ = std::max(size_, offset + bytes.size());
  while (!bytes.empty()) {
    auto in_page = offset % page_size;
    auto n = std::min<std::uint64_t>(bytes.size(), page_size - in_page);
    std::ranges::copy(bytes.substr(0, n),
                      page(offset / page_size).begin() + static_cast<std::ptrdiff_t>(in_page));
    bytes.remove_prefix(n);
    offset += n;
  }
}

std::string SparseBytes::read(std::uint64_t offset, std::size_t size) const {
  if (offset >= size_) return {};
  std::string out(std::min<std::uint64_t>(size, size_ - offset), '\0');
  auto end = offset + out.size();
  for (auto it = pages_.lower_bound(offset / page_size); it != pages_.end(); ++it) {
    auto start = it->first * page_size;
    if (start >= end) break;
    auto from = std::max(start, offset), to = std::min(start + page_size, end);
    std::copy_n(it->second.begin() + static_cast<std::ptrdiff_t>(from - start), to - from,
                out.begin() + static_cast<std::ptrdiff_t>(from - offset));
  }
  return out;
}

void SparseBytes::resize(std::uint64_t size) {
  if (size < size_) {
    pages_.erase(pages_.lower_bound((size + page_size - 1) / page_size), pages_.end());
    auto last = pages_.find(size / page_size);
    if (last != pages_.end()) {
      std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size % page_size), last->second.end(),
                '\0');
    }
  }
  size_ = size;
}

void SparseBytes::flip(std::uint64_t offset, std::uint8_t mask) {
  auto& byte = page(offset / page_size)[offset % page_size];
  byte = static_cast<char>(static_cast<std::uint8_t>(byte) ^ mask);
}

}  // namespace ringledger
