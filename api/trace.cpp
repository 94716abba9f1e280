#include "api/trace.hpp"

#include "adapters/crypto/hash.hpp"

namespace ringledger {
namespace {

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// So many random bytes, as hexadecimal digits.
template <std::size_t N>
std::string drawn(Random& random) {
  std::uint8_t bytes[N];
  random.fill(bytes);
  return hex_encode({reinterpret_cast<const char*>(bytes), N});
}

}  // namespace

std::optional<std::string> trace_of(std::string_view traceparent) {
  bool shape = traceparent.size() == 55 && traceparent.starts_with("00-") && traceparent[35] == '-' &&
               traceparent[52] == '-';
  if (!shape) return std::nullopt;
  auto trace = traceparent.substr(3, 32);
  if (!is_hex(trace) || !is_hex(traceparent.substr(36, 16)) || trace == std::string(32, '0'))
    return std::nullopt;
  return std::string(trace);
}

std::string trace_id_of(const HttpRequest& request, Random& random) {
  if (auto sent = trace_of(request.header("traceparent"))) return *sent;
  return drawn<16>(random);
}

std::string span_of(std::string_view trace_id, Random& random) {
  return "00-" + std::string(trace_id) + "-" + drawn<8>(random) + "-01";
}

std::string continued(std::string_view traceparent, Random& random) {
  auto trace = trace_of(traceparent);
  return trace ? "00-" + *trace + "-" + drawn<8>(random) + std::string(traceparent.substr(52)) : "";
}

}  // namespace ringledger
