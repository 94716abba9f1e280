// PeerClient over HTTP/1.1: kept connections, no thread waits for an answer.
#pragma once

#include <memory>

#include "api/peer_client.hpp"

namespace ringledger {

class HttpPeerClient final : public PeerClient {
 public:
  HttpPeerClient();
  /// Whatever is on its way is told that there was no answer.
  ~HttpPeerClient() override;
  /// The same now, and for all that is sent later. Idempotent.
  void stop();
  void send(const std::string& base, const HttpRequest& request, std::int64_t timeout_ms, Done done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringledger
