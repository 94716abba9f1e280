#include "api/peer_directory.hpp"

#include <algorithm>

namespace ringledger {

void PeerDirectory::start() {
  x_ports.blocking->post([this] { look(); });
}

std::shared_ptr<const Peers> PeerDirectory::peers() const {
  std::lock_guard lock(x_mutex);
  return x_peers;
}

void PeerDirectory::look() {
  auto before = peers();
  auto members = x_ports.members(), urls = x_ports.others();
  urls.insert(members.begin(), members.end());
  urls.erase(x_ports.own_url);
  auto now = std::make_shared<Peers>();
  for (const auto& url : urls) {
    Peer peer{url, members.contains(url), false, x_ports.ask(url)};
    peer.reachable = peer.told.has_value();
    if (before && !peer.told) {
      auto known = std::ranges::find(*before, url, &Peer::url);
      if (known != before->end()) peer.told = known->told;
    }
    now->push_back(std::move(peer));
  }
  {
    std::lock_guard lock(x_mutex);
    x_peers = now;
  }
  x_ports.looked(*now);
  x_ports.blocking->post_after(look_ms, [this] { look(); });
}

}  // namespace ringledger
