// Asks the other nodes of the cluster every second how they are, and keeps what they told last.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "api/peers.hpp"
#include "commands/ports/system.hpp"

namespace ringledger {

class PeerDirectory {
 public:
  struct Ports {
    Executor* blocking;  ///< looks on it, one at a time
    std::string own_url;
    std::function<std::set<std::string>()> members;                         ///< of the group; blocks
    std::function<std::set<std::string>()> others;                          ///< worth asking, too
    std::function<std::optional<ReadyAnswer>(const std::string& url)> ask;  ///< blocks, a second at most
    std::function<void(const Peers&)> looked;                               ///< after each look
  };
  explicit PeerDirectory(Ports ports) : x_ports(std::move(ports)) {}

  /// Looks every second, until the executor stops.
  void start();
  /// Any thread; null before the first look.
  [[nodiscard]] std::shared_ptr<const Peers> peers() const;

  static constexpr std::int64_t look_ms = 1000;

 private:
  void look();

  Ports x_ports;
  mutable std::mutex x_mutex;
  std::shared_ptr<const Peers> x_peers;
};

}  // namespace ringledger
