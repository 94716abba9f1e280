// A name that nothing else has: 26 characters of base32.
#pragma once

#include <string>

#include "commands/ports/system.hpp"
#include "domain/ids.hpp"

namespace ringledger {

inline std::string random_name(Random& random) {
  return encode_base32(RawId::make(random.next_u64(), 0, random.next_u64()));
}

}  // namespace ringledger
