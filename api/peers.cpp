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

const PartitionState* state_of(const std::vector<PartitionState>& hosted, std::uint32_t partition) {
  auto at = std::ranges::find(hosted, std::int64_t{partition}, &PartitionState::partition);
  return at == hosted.end() ? nullptr : &*at;
}

std::string cannot_read(const Peers& peers, std::int64_t level) {
  std::string urls;
  for (const auto& peer : peers) {
    bool reads = !peer.reachable || !peer.told || peer.told->reads_level.value_or(first_level) >= level;
    if (!reads) urls += (urls.empty() ? "" : ", ") + peer.url;
  }
  return urls;
}

Shard::Seat seat_of(const Peers& peers, std::uint32_t partition) {
  Shard::Seat writer, host;
  std::uint64_t shown = 0;
  for (const auto& peer : peers) {
    const auto* there = peer.reachable ? state_of(peer.told->partitions, partition) : nullptr;
    if (!there) continue;
    if (there->writes && there->term >= writer.term) writer = {there->term, peer.url, false};
    if (!host.owner_url.empty() && there->shown <= shown) continue;
    shown = there->shown;
    host = {there->term, peer.url, false};
  }
  return writer.owner_url.empty() ? host : writer;
}

bool any_hosts(const Peers& peers, std::uint32_t partition) {
  return !seat_of(peers, partition).owner_url.empty();
}

WriterWatch::Hint hint_among(const Peers& peers, const std::string& own_url, std::uint32_t partition,
                             WriterWatch::Hint of_group) {
  std::vector<std::string> hosts{own_url};
  bool all = true;
  for (const auto& peer : peers) {
    if (!peer.member || !peer.told) continue;  // who never told anything is taken for one that hosts all
    if (state_of(peer.told->partitions, partition))
      hosts.push_back(peer.url);
    else
      all = false;
  }
  if (all || of_group == WriterWatch::Hint::unknown) return of_group;
  std::ranges::sort(hosts);
  bool mine = hosts[partition % hosts.size()] == own_url;
  return mine ? WriterWatch::Hint::this_node : WriterWatch::Hint::another;
}

}  // namespace ringledger
