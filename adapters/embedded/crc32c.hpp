// CRC-32C (Castagnoli), continued from a seed, so that records can be chained.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringledger {

/// The CRC of `bytes` appended to what `seed` is the CRC of (0: nothing). crc32c(0, "123456789") is
/// 0xE3069283. Uses the processor's instruction where there is one.
std::uint32_t crc32c(std::uint32_t seed, std::string_view bytes);

/// The same by table, on any machine. For tests, which compare the two.
std::uint32_t crc32c_by_table(std::uint32_t seed, std::string_view bytes);

}  // namespace ringledger
