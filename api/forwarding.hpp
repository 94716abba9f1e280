// What a node does with a request that only the partition's writer can answer (protocol.md "forward"): one
// hop to the owner of its own fold; while there is none, or another comes, the request is kept for a while.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "api/peer_client.hpp"
#include "commands/ports/key_vault.hpp"
#include "commands/ports/system.hpp"
#include "commands/shard.hpp"

namespace ringledger {

/// `request` as it is sent on: in the same trace, and marked with who asked, under the installation's key,
/// which all nodes of a log share.
HttpRequest on_its_way(HttpRequest request, const std::string& traceparent, const KeyVault& vault);
/// What another node sent on has its client as `peer` again, for the limits by address. Of anybody else's
/// mark nothing is believed.
HttpRequest as_asked(HttpRequest request, const KeyVault& vault);

class Forwarding {
 public:
  struct Ports {
    PeerClient* peers;
    std::function<Shard::Seat()> seat;
    Clock* clock;
    Executor* timers;
    std::string own_url;
    std::int64_t keep_ms;  ///< how long a request may be without an owner that answers
  };
  /// Set on what is sent on, so that it is never sent on again.
  static constexpr std::string_view mark = "Ringledger-Forwarded";
  static constexpr std::int64_t most_keeps = 3;  ///< of `keep_ms` in all, when owners come and go

  /// One request that this node could not answer, with what may become of it. Exactly one of `answer` and
  /// `give_up` is called, once, on any thread; `here` any number of times before.
  struct Hop {
    HttpRequest request;
    std::int64_t answer_ms = 0;  ///< how long the owner may take, beyond `patience_ms`
    std::function<void()> here;  ///< try again on this node; `go` again when it still does not write
    std::function<void(HttpResponse)> answer;
    std::function<void(Code)> give_up;  ///< not_writer, or unknown_outcome when it was sent somewhere

    // Kept by Forwarding.
    std::int64_t first_ms = -1, began_ms = -1;
    std::atomic<std::uint64_t> attempt{0};
    std::atomic<bool> sent{false};
  };
  using HopPtr = std::shared_ptr<Hop>;

  explicit Forwarding(Ports ports) : x_ports(std::move(ports)) {}
  /// By value: what it calls may give up the last one elsewhere.
  void go(HopPtr hop);

 private:
  static constexpr std::int64_t again_ms = 50, look_ms = 100, patience_ms = 35'000;
  void send(const HopPtr& hop, const Shard::Seat& seat);
  void watch(const HopPtr& hop, std::uint64_t attempt, std::uint64_t term);

  Ports x_ports;
};

}  // namespace ringledger
