// Which representation a client prefers (RFC 9110 12.5.1), and how long it will wait (RFC 7240).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringledger {

/// The place in `offered` of the media type that an Accept header prefers: the greatest q, then the type that
/// is named more exactly, then the one named first. The first when the header is empty; nullopt: none will
/// do.
std::optional<std::size_t> preferred_media(std::string_view accept,
                                           std::span<const std::string_view> offered);

/// `wait=<seconds>` of a Prefer header in milliseconds, at most 30 s; -1 when there is none.
std::int64_t preferred_wait_ms(std::string_view prefer);

}  // namespace ringledger
