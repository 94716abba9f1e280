// Requests about accounts of a partition that this node does not host (`cluster.hosts`): one hop to the
// partition's writer, or while none is reached, to a node that hosts it. Rights are judged there.
#pragma once

#include <memory>

#include "api/forwarding.hpp"
#include "api/metrics.hpp"
#include "api/operation.hpp"

namespace ringledger {

class AwayPartition {
 public:
  struct Ports {
    Forwarding::Ports hop;  ///< `seat`: whom to ask; `owner_url` "" = nobody is reached
    Random* random;
    Metrics* metrics;
    const KeyVault* vault;  ///< signs who asked
  };
  explicit AwayPartition(const Ports& ports);
  AwayPartition(const AwayPartition&) = delete;
  AwayPartition& operator=(const AwayPartition&) = delete;

  /// `operation`: of the request, for the metrics; null when a browser asks whether it may. `answer` is
  /// called once, from any thread: 503 `not_writer` or `unknown_outcome` when nobody answered in the time
  /// that Forwarding has.
  void handle(HttpRequest request, const Operation* operation, HttpAnswerTo answer);

 private:
  struct Asked;
  void finish(Asked& asked, HttpResponse response);
  void give_up(Asked& asked, Code code);

  Ports x_ports;
  Forwarding x_forwarding;
};

}  // namespace ringledger
