#include "commands/connection.hpp"

namespace ringledger {
namespace {

/// Characters, not bytes: half a character is no UTF-8 and could never be read back from the log.
std::string last4(const std::string& token) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if ((static_cast<unsigned char>(token[i]) & 0xC0U) != 0x80U) begins.push_back(i);
  }
  return begins.size() <= 8 ? "" : token.substr(begins[begins.size() - 4]);
}

}  // namespace

ConnectionView view_of(const connections::Connection& c) {
  ConnectionView v;
  v.id = c.id;
  v.provider = c.provider;
  v.name = c.name;
  v.account_sid = c.account_sid;
  v.auth_token_set = !c.auth_token_last4.empty() || c.auth_token.reveal().has_value();
  v.auth_token_last4 = c.auth_token_last4;
  v.api_key_sid = c.api_key_sid;
  v.api_key_secret_set = c.api_key_secret.reveal().has_value();
  v.state = c.state;
  if (!c.account_type.empty()) v.account_type = c.account_type;
  v.version = c.version;
  return v;
}

const connections::Connection* connection_in(WorkspaceId workspace, ConnectionId id, const Book& book) {
  const auto* c = book.find<connections::Connection>(id);
  return c && c->workspace == workspace ? c : nullptr;
}

ProviderQuestion question_to(const connections::Connection& c) {
  return {c.id, {c.account_sid, c.auth_token.reveal().value_or("")}, false, {}, {}};
}

std::vector<Error> field_faults(const AddConnection& c, const Book&, const Context&) {
  if (!c.api_key_secret || c.api_key_sid) return {};
  return field_fault("/api_key_sid", "is required with api_key_secret");
}

std::vector<Error> field_faults(const UpdateConnection& c, const Book& book, const Context&) {
  const auto* before = connection_in(c.workspace, c.connection, book);
  bool keeps_sid = c.api_key_sid.present ? c.api_key_sid.value.has_value() : before && before->api_key_sid;
  if (!before || !c.api_key_secret.value || keeps_sid) return {};
  return field_fault("/api_key_sid", "is required with api_key_secret");
}

Decision<AddConnection::Answer> decide(const AddConnection& c, const Book& book, const Context& ctx) {
  if (!book.workspace(c.workspace)) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  connections::Added e{ctx.new_id<ConnectionId>(),
                       c.workspace,
                       c.provider,
                       c.name.value,
                       c.account_sid.value,
                       Secret(c.auth_token.value),
                       {},
                       {},
                       last4(c.auth_token.value)};
  if (c.api_key_sid) e.api_key_sid = c.api_key_sid->value;
  if (c.api_key_secret) e.api_key_secret = Secret(c.api_key_secret->value);
  connections::Connection after{e.connection,
                                e.workspace,
                                e.provider,
                                e.name,
                                e.account_sid,
                                e.auth_token,
                                e.auth_token_last4,
                                e.api_key_sid,
                                e.api_key_secret,
                                connections::State::unverified,
                                "",
                                1};
  return Accepted<AddConnection::Answer>{{e}, view_of(after), 201};
}

Decision<UpdateConnection::Answer> decide(const UpdateConnection& c, const Book& book, const Context& ctx) {
  const auto* before = connection_in(c.workspace, c.connection, book);
  if (!before) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  bool keeps_sid = c.api_key_sid.present ? c.api_key_sid.value.has_value() : before->api_key_sid.has_value();
  std::vector<Event> events;
  connections::Updated e{c.connection, c.workspace, {}, {}, {}, {}, {}};
  auto after = *before;
  bool drops_secret = c.api_key_secret.present && !c.api_key_secret.value;
  bool had_secret = before->api_key_secret.reveal().has_value();
  if ((!keeps_sid && (before->api_key_sid || had_secret)) || (drops_secret && had_secret)) {
    events.push_back(connections::ApiKeyRemoved{c.connection, c.workspace, keeps_sid});
    after.api_key_secret = {};
    if (!keeps_sid) after.api_key_sid.reset();
    ++after.version;
  }
  auto without_key = after;
  if (c.name) e.name = after.name = c.name->value;
  if (c.auth_token) {
    e.auth_token = after.auth_token = Secret(c.auth_token->value);
    e.auth_token_last4 = after.auth_token_last4 = last4(c.auth_token->value);
  }
  if (c.api_key_sid.value) e.api_key_sid = after.api_key_sid = c.api_key_sid.value->value;
  if (c.api_key_secret.value) e.api_key_secret = after.api_key_secret = Secret(c.api_key_secret.value->value);
  if (after != without_key) {
    if (c.auth_token) after.state = connections::State::unverified;
    events.push_back(e);
    ++after.version;
  }
  return Accepted<UpdateConnection::Answer>{std::move(events), view_of(after)};
}

std::vector<ProviderQuestion> questions(const VerifyConnection& c, const Book& book, const Context&) {
  const auto* connection = connection_in(c.workspace, c.connection, book);
  if (!connection) return {};
  return {question_to(*connection)};
}

Decision<VerifyConnection::Answer> decide(const VerifyConnection& c, const Book& book, const Context& ctx) {
  const auto* before = connection_in(c.workspace, c.connection, book);
  const auto* facts = ctx.about(c.connection);
  if (!before) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  if (!facts) return refuse(Code::provider_unavailable, "The provider was not asked.");
  using Kind = CarrierFailure::Kind;
  if (facts->failure && facts->failure->kind == Kind::unavailable) {
    return std::unexpected(provider_silent(facts->failure->error));
  }
  connections::Verified e{c.connection, c.workspace, connections::State::active, facts->account_type, 0, ""};
  if (facts->failure) {
    e.state = facts->failure->account_suspended() ? connections::State::suspended
                                                  : connections::State::invalid_credentials;
    e.account_type = before->account_type;
    e.error_code = facts->failure->error.code;
    e.error_message = facts->failure->error.message;
    if (!facts->failure->request_id.empty()) e.request_id = facts->failure->request_id;
  } else if (facts->account_status == "suspended" || facts->account_status == "closed") {
    e.state = connections::State::suspended;
    e.error_message = "The provider account is " + facts->account_status + ".";
  }
  auto after = *before;
  after.state = e.state;
  after.account_type = e.account_type;
  if (after == *before) return Accepted<VerifyConnection::Answer>{{}, view_of(after)};
  return Accepted<VerifyConnection::Answer>{{e}, view_of(after)};
}

}  // namespace ringledger
