// Twilio's posts (api.md "Twilio voice, status, sms"): proven by their signature, made commands with natural
// keys, answered with TwiML. Whatever is wrong with who sent it answers one 403 that does not say what.
#pragma once

#include "api/connection_directory.hpp"
#include "api/forwarding.hpp"
#include "api/metrics.hpp"
#include "api/operation.hpp"
#include "api/rate_limit.hpp"
#include "api/row_judge.hpp"
#include "commands/call.hpp"
#include "commands/message.hpp"
#include "commands/ports/key_vault.hpp"

namespace ringledger {

class Webhooks {
 public:
  struct Ports {
    Shard* shard;
    ConnectionDirectory* connections;
    ViewRunner* views;
    KeyVault* vault;
    RateLimits* limits;
    VisibleGate* gate;
    Metrics* metrics;
    Clock* clock;
    Random* random;
    Executor* executor;  ///< reads, and the clock of a ringing phone: nothing slow keeps it from them
    const PhoneReader* phones;
    std::string public_base_url;
    Forwarding* forwarding = nullptr;  ///< of a shared log
  };
  /// A ringing phone waits no longer for its commit (architecture.md rule 4).
  static constexpr std::int64_t voice_patience_ms = 800;

  explicit Webhooks(Ports ports)
      : x_ports(std::move(ports)), x_judge(*x_ports.connections, *x_ports.gate, *x_ports.executor) {}
  enum class Kind { voice, status, sms };
  /// On an io thread: what may block goes to the executor. `answer` is called once, from any thread.
  void handle(Kind kind, const Call& call, HttpAnswerTo answer);

 private:
  struct Post;
  struct Judged;
  using Known = ConnectionDirectory::Found;  ///< never null
  using PostPtr = std::shared_ptr<Post>;
  [[nodiscard]] std::optional<FormFields> proven(const Post& post, const KnownConnection& known) const;
  void forged(const PostPtr& post);
  void admit(const PostPtr& post, const Known& known, const FormFields& form);
  void over_limit(const PostPtr& post, const Known& known, CallReport report);
  void receive(const PostPtr& post, const Known& known, CallReport report);
  void report(const PostPtr& post, const Known& known, CallReport report,
              std::optional<ForwardReport> forward);
  void judge_message(const PostPtr& post, const Known& known, const FormFields& form);
  void receive_message(const PostPtr& post, const Known& known, const MessageReport& message);
  void answer_from_views(const PostPtr& post, const Known& known, const CallReport& report,
                         std::string_view why);
  template <class C>
  void submit(const PostPtr& post, const Known& known, C command,
              std::move_only_function<void(CommandAnswer)> then);
  using AskedPtr = std::shared_ptr<const CallReport>;
  void commit_call(const PostPtr& post, const Known& known, const AskedPtr& asked);
  bool sent_on(const CommandAnswer& a, const PostPtr& post, std::function<void()> here);
  [[nodiscard]] std::string status_url(ConnectionId connection) const;

  Ports x_ports;
  RowJudge<ConnectionId, KnownConnection> x_judge;
};

/// The routes; to describe them only, `webhooks` may be null: nothing is called.
std::vector<Operation> webhook_operations(Webhooks* webhooks);

}  // namespace ringledger
