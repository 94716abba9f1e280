#include "api/peers.hpp"

#include <algorithm>

#include "adapters/json/json_reader.hpp"
#include "domain/format_level.hpp"

namespace ringledger {

std::optional<ReadyAnswer> ask_node(HttpClient& http, const std::string& url) {
  constexpr int within_ms = 1000;
  auto answer = http.call({"GET", url + "/readyz", {}, {}, within_ms});
  if (!answer) return std::nullopt;
  auto told = json::from_stored_text<ReadyAnswer>(answer->body);
  return told ? std::optional(std::move(*told)) : std::nullopt;
}

const PartitionState* state_of(const ReadyAnswer& node, std::uint32_t partition) {
  auto at = std::ranges::find(node.partitions, std::int64_t{partition}, &PartitionState::partition);
  return at == node.partitions.end() ? nullptr : &*at;
}

std::string cannot_read(const Peers& peers, std::int64_t level) {
  std::string urls;
  for (const auto& peer : peers) {
    bool reads = !peer.reachable || !peer.told || peer.told->reads_level.value_or(first_level) >= level;
    if (!reads) urls += (urls.empty() ? "" : ", ") + peer.url;
  }
  return urls;
}

}  // namespace ringledger
