#include "commands/call_attribution.hpp"

namespace ringledger {

ShownAttribution shown(const attribution::Snapshot& s) {
  ShownAttribution a{{},           s.source,   s.session, s.candidates, s.model, s.model_version,
                     s.confidence, s.evidence, s.flags};
  if (s.campaign) a.campaign = {*s.campaign, s.campaign_name.value_or("")};
  return a;
}

Decision<RecomputeAttribution::Answer> decide(const RecomputeAttribution& c, const Book& book,
                                              const Context& ctx) {
  const auto* call = book.find<calls::Call>(c.call);
  const auto* basis = book.find<AttributionBasis>(c.call);
  if (!call || call->workspace != c.workspace) return no_such_thing();
  if (!basis)
    return refuse(Code::internal,
                  "The rows of this call are older than this release: views/ is to be deleted.");
  if (ctx.if_match && *ctx.if_match != call->version)
    return refuse(Code::version_mismatch, "The call has version " + std::to_string(call->version) + ".");
  auto now = attribution::attribute(basis->known, c.model);
  Accepted<RecomputeAttribution::Answer> accepted{{}, {call->id, call->version, shown(now)}};
  if (now != call->attribution)
    accepted.events.emplace_back(
        calls::AttributionRecomputed{call->id, call->workspace, basis->event, std::move(now)});
  return accepted;
}

}  // namespace ringledger
