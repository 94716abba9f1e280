#include "api/forwarding.hpp"

#include "adapters/crypto/hash.hpp"

namespace ringledger {
namespace {

/// It came to a node that does not write (any more), or not yet.
bool is_not_writer(const HttpResponse& answer) {
  return answer.status == 503 && answer.body.contains("\"code\":\"not_writer\"");
}

std::string proof_of(std::string_view peer, const KeyVault& vault) {
  return hex_encode(vault.installation_hmac("sent on for\n" + std::string(peer)));
}

}  // namespace

HttpRequest on_its_way(HttpRequest request, const std::string& traceparent, const KeyVault& vault) {
  std::erase_if(request.headers, [](const auto& h) { return equal_ignoring_case(h.first, "traceparent"); });
  request.headers.emplace_back("traceparent", traceparent);
  request.headers.emplace_back(Forwarding::mark, proof_of(request.peer, vault) + " " + request.peer);
  return request;
}

HttpRequest as_asked(HttpRequest request, const KeyVault& vault) {
  auto told = request.header(Forwarding::mark);
  auto space = told.find(' ');
  if (space == std::string_view::npos) return request;
  std::string peer(told.substr(space + 1));
  if (constant_time_equal(told.substr(0, space), proof_of(peer, vault))) request.peer = std::move(peer);
  return request;
}

void Forwarding::go(HopPtr hop) {
  auto now = x_ports.clock->monotonic_ms();
  if (hop->began_ms < 0) hop->began_ms = now;
  if (hop->first_ms < 0) hop->first_ms = now;
  bool late = now - hop->began_ms >= x_ports.keep_ms ||
              now - hop->first_ms >= most_keeps * x_ports.keep_ms + hop->answer_ms;
  if (late) return hop->give_up(hop->sent ? Code::unknown_outcome : Code::not_writer);
  auto seat = x_ports.seat();
  bool elsewhere = !seat.mine && !seat.owner_url.empty() && seat.owner_url != x_ports.own_url;
  if (elsewhere) return send(hop, seat);
  x_ports.timers->post_after(again_ms, [hop] { hop->here(); });
}

void Forwarding::send(const HopPtr& hop, const Shard::Seat& seat) {
  auto attempt = ++hop->attempt;
  watch(hop, attempt, seat.term);
  x_ports.peers->send(seat.owner_url, hop->request, patience_ms + hop->answer_ms,
                      [this, hop, attempt](Result<HttpResponse> answer) mutable {
                        auto current = attempt;
                        if (!hop->attempt.compare_exchange_strong(current, attempt + 1)) return;
                        if (answer && !is_not_writer(*answer)) return hop->answer(std::move(*answer));
                        if (!answer) hop->sent = true;
                        x_ports.timers->post_after(again_ms, [hop] { hop->here(); });
                      });
}

/// Another owner: what the one before makes of it is known to the new one by its key.
void Forwarding::watch(const HopPtr& hop, std::uint64_t attempt, std::uint64_t term) {
  x_ports.timers->post_after(look_ms, [this, hop, attempt, term] {
    if (hop->attempt != attempt) return;
    if (x_ports.seat().term == term) return watch(hop, attempt, term);
    auto current = attempt;
    if (!hop->attempt.compare_exchange_strong(current, attempt + 1)) return;
    hop->sent = true;
    hop->began_ms = -1;
    hop->here();
  });
}

}  // namespace ringledger
