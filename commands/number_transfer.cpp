#include "commands/number_transfer.hpp"

#include "commands/connection.hpp"
#include "commands/pool.hpp"

namespace ringledger {
namespace {

struct Parties {
  const numbers::Number* number;
  const workspaces::Workspace* to;
  const connections::Connection* connection;  ///< of the destination
};

bool owns(WorkspaceId workspace, const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  const auto* member = id ? book.find<members::Member>(*id) : nullptr;
  return member && member->role_in(workspace) == members::Role::owner;
}

bool belongs(WorkspaceId workspace, const Book& book, const Context& ctx) {
  auto id = MemberId::parse(ctx.principal.text);
  const auto* member = id ? book.find<members::Member>(*id) : nullptr;
  return member && (member->account_owner || member->role_in(workspace));
}

/// The destination's connection to the number's own provider account: the newest one that works, else the
/// newest.
const connections::Connection* twin_connection(const numbers::Number& n, WorkspaceId to, const Book& book) {
  const auto* from = book.find<connections::Connection>(n.connection);
  const auto* all = from ? book.find<ConnectionBySid>(name_in(to, from->account_sid)) : nullptr;
  const connections::Connection* twin = nullptr;
  if (!all) return twin;
  for (const auto& id : all->connections) {
    const auto* c = book.find<connections::Connection>(id);
    bool works = c && c->state == connections::State::active;
    if (c && (works || !twin || twin->state != connections::State::active)) twin = c;
  }
  return twin;
}

/// Who and what takes part, or why a transfer cannot be (XFR-01…03).
std::expected<Parties, Refusal> parties(WorkspaceId from, NumberId number, WorkspaceId to, const Book& book,
                                        const Context& ctx) {
  const auto* n = number_in(from, number, book);
  const auto* destination = book.workspace(to);
  if (!n || !destination || !belongs(to, book, ctx)) return no_such_thing();
  if (!owns(from, book, ctx) || !owns(to, book, ctx)) {
    return refuse(Code::not_owner, "A transfer needs the owner of both workspaces.");
  }
  if (from == to) return refuse(Code::same_workspace, "The number is in that workspace already.");
  if (auto fault = release_fault(*n)) return std::unexpected(*fault);
  const auto* connection = twin_connection(*n, to, book);
  if (!connection) {
    return refuse(Code::provider_account_mismatch,
                  destination->name + " has no connection to the number's provider account.");
  }
  return Parties{n, destination, connection};
}

numbers::TransferredIn arrival(const Parties& p, const numbers::ProviderNumber& found) {
  const auto& n = *p.number;
  numbers::TransferredIn e;
  e.number = n.id;
  e.workspace = p.to->id;
  e.connection = p.connection->id;
  e.e164 = n.e164;
  e.sid = found.sid;
  e.country = n.country;
  e.area_code = n.area_code;
  e.number_type = n.number_type;
  e.capabilities = found.capabilities;
  e.origin = n.origin;
  e.label = n.label;
  e.status = n.status;
  using State = numbers::CnamState;
  bool looks_up = found.settings.voice_caller_id_lookup;
  e.cnam_enabled = n.wanted.cnam.value_or(looks_up);
  e.cnam_state = e.cnam_enabled ? State::turning_on : State::turning_off;
  if (e.cnam_enabled == looks_up) e.cnam_state = looks_up ? State::on : State::off;
  e.wanted = n.wanted;
  e.wanted.hooks = true;  // parking (XFR-05)
  e.wanted.shadow = false;
  e.wanted.restore.reset();
  e.actual = found.settings;
  e.monthly_cost = n.monthly_cost;
  return e;
}

}  // namespace

std::vector<ProviderQuestion> questions(const TransferWorkspace& c, const Book& book, const Context& ctx) {
  auto p = parties(c.workspace, c.number, c.to_workspace, book, ctx);
  if (!p || version_fault(*p->number, ctx)) return {};
  auto question = question_to(*p->connection);
  question.numbers.push_back(p->number->e164);
  return {question};
}

Decision<TransferWorkspace::Answer> decide(const TransferWorkspace& c, const Book& book, const Context& ctx) {
  auto p = parties(c.workspace, c.number, c.to_workspace, book, ctx);
  if (!p) return std::unexpected(p.error());
  if (auto fault = version_fault(*p->number, ctx)) return std::unexpected(*fault);
  auto standing = warnings_of_moving(*p->number, book, ctx.now);
  if (auto fault = warnings_fault(standing, c.acknowledged)) return std::unexpected(*fault);
  const auto* facts = ctx.about(p->connection->id);
  if (!facts) return refuse(Code::provider_unavailable, "The provider was not asked.");
  if (facts->failure && facts->failure->kind == CarrierFailure::Kind::unavailable) {
    return std::unexpected(provider_silent(facts->failure->error));
  }
  if (facts->failure) {
    return std::unexpected(Refusal{Code::provider_refused,
                                   "The provider refused the destination's connection.",
                                   {},
                                   {},
                                   facts->failure->error});
  }
  const auto* found = facts->by_e164(p->number->e164);
  if (!found) {
    return refuse(Code::number_not_in_provider_account,
                  "The destination's provider account does not have " + p->number->e164.text + ".");
  }
  auto events = ending_lease(p->number->id, sessions::ReleasedBy::transfer, book);
  events.emplace_back(numbers::TransferredOut{p->number->id, c.workspace, p->number->campaign,
                                              heeded(standing, c.acknowledged)});
  events.emplace_back(arrival(*p, *found));
  auto now = after(*p->number, events, ctx);
  TransferWorkspace::Answer answer{now.id, now.version, {p->to->id, p->to->name}, Assignment::unassigned,
                                   {},     now.routing, provider_progress(now)};
  return Accepted<TransferWorkspace::Answer>{std::move(events), std::move(answer)};
}

Decision<PreviewTransfer::Answer> decide(const PreviewTransfer& c, const Book& book, const Context& ctx) {
  PreviewTransfer::Answer answer;
  auto p = parties(c.workspace, c.number, c.to_workspace, book, ctx);
  if (!p && p.error().code == Code::not_found) return no_such_thing();
  if (!p) answer.refusals.push_back({p.error().code, p.error().detail});
  const auto* n = number_in(c.workspace, c.number, book);
  if (n) answer.warnings = warnings_of_moving(*n, book, ctx.now);
  if (p) {
    if (auto from = campaign_ref(n->campaign, book))
      answer.effects.push_back("The number leaves " + from->name + ".");
    answer.effects.push_back("The number appears unassigned in " + p->to->name +
                             "; its call history stays here.");
    answer.effects.push_back("Calls are parked until the number is assigned again.");
  }
  return Accepted<PreviewTransfer::Answer>{{}, std::move(answer)};
}

}  // namespace ringledger
