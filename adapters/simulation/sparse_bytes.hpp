// A byte sequence with holes: what was never written reads as zero and takes no memory.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ringledger {

class SparseBytes {
 public:
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Grows to hold the bytes; a gap before them reads as zero.
  void write(std::uint64_t offset, std::string_view bytes);
  /// Up to `size` bytes; fewer only at the end.
  [[nodiscard]] std::string read(std::uint64_t offset, std::size_t size) const;
  /// Cuts, or grows by zeros.
  void resize(std::uint64_t size);
  /// Flips the bits of `mask`. REQUIRES: offset < size().
  void flip(std::uint64_t offset, std::uint8_t mask);

 private:
  static constexpr std::uint64_t page_size = 4096;
  using Page = std::array<char, page_size>;

  Page& page(std::uint64_t number);

  std::uint64_t size_ = 0;
  std::map<std::uint64_t, Page> pages_;  // zero past size_
};

}  // namespace ringledger
