// Texts compared without case.
#pragma once

#include <string>
#include <string_view>

namespace ringledger {

/// Unicode's NFKC_Casefold: equal for texts that differ only in case, in how an accent is composed or in
/// width ("CAFÉ" and "cafe\u0301"). Never shown: for keys and comparisons.
std::string folded(std::string_view text);

}  // namespace ringledger
