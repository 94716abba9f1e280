// The way to other nodes of the cluster, for requests that are sent on.
#pragma once

#include <string>

#include "api/http_types.hpp"
#include "domain/result.hpp"

namespace ringledger {

class PeerClient {
 public:
  using Done = std::move_only_function<void(Result<HttpResponse>)>;
  virtual ~PeerClient() = default;
  /// Sends `request` (method, target, headers, body) to the node at `base`, "http://host:port". `done` is
  /// called once, on any thread: with its answer, or Code::unknown_outcome when there was none within
  /// `timeout_ms` (what became of the request is not known). The answer is whole, but one that was sent in
  /// chunks: that has a `stream`, which gives them as they come, and throws when they break off.
  virtual void send(const std::string& base, const HttpRequest& request, std::int64_t timeout_ms,
                    Done done) = 0;
};

}  // namespace ringledger
