// A partition's routes: every command and every query on its book and read models.
#include "api/all_operations.hpp"
#include "api/partition.hpp"

namespace ringledger {

/// The only counted commit at an offset: history.v1 names no others.
Result<std::shared_ptr<const Commit>> Partition::commit_at(std::uint64_t offset) {
  auto records = x_log->read(offset, 1);
  if (!records) return std::unexpected(records.error());
  if (records->empty() || records->front().offset != offset || records->front().kind != RecordKind::commit) {
    return fail(Code::internal, "the log has no commit at offset " + std::to_string(offset));
  }
  auto commit = x_parts.codec->decode_commit(records->front().payload);
  if (!commit) return std::unexpected(commit.error());
  return std::make_shared<const Commit>(std::move(*commit));
}

std::vector<Operation> Partition::operations() {
  QueryPorts ports;
  ports.phones = &x_parts.phones;
  ports.clock = x_machine.clock;
  ports.public_base_url = x_parts.urls.from_outside;
  ports.commit_at = [this](std::uint64_t offset) { return commit_at(offset); };
  ports.list_candidates = [this](AccountId account, ConnectionId connection) {
    auto who = credentials(account, connection);
    if (who) return x_parts.gatherer->ask({connection, *who, true, {}, {}});
    ProviderFacts none;
    none.connection = connection;
    none.failure = CarrierFailure{
        CarrierFailure::Kind::invalid_credentials, {0, "The connection has no credentials.", ""}, 0};
    return none;
  };
  ports.sight = [this] { return x_views->sight(); };
  ports.identify = [this](const HttpRequest& request) { return x_authenticator->identify(request); };
  return all_operations(std::move(ports),
                        {x_parts.ready, x_parts.figures, x_parts.cluster, x_machine.providers},
                        x_webhooks.get(), x_visitors.get());
}

}  // namespace ringledger
