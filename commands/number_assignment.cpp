#include "commands/number_assignment.hpp"

#include <algorithm>

#include "commands/pool.hpp"

namespace ringledger {
namespace {

constexpr std::size_t max_items = 1000;

bool can(const numbers::Capabilities& c, campaigns::Channel channel) {
  return channel == campaigns::Channel::voice ? c.voice : c.sms;
}

/// What hinders the number from serving the campaign (ASG-13, ASG-14); empty when nothing does.
std::vector<Refusal> hindrances(const numbers::Number& n, const campaigns::Campaign& campaign) {
  std::vector<Refusal> all;
  if (campaign.archived)
    all.push_back({Code::campaign_archived, "The campaign " + campaign.name + " is archived.", {}, {}, {}});
  if (n.status == numbers::Status::inactive)
    all.push_back({Code::number_inactive, "The number is inactive; activate it first.", {}, {}, {}});
  for (auto channel : campaign.channels) {
    if (can(n.capabilities, channel)) continue;
    std::string what = channel == campaigns::Channel::voice ? "voice" : "SMS";
    all.push_back({Code::capability_missing,
                   "The campaign needs " + what + ", which the number cannot do.",
                   {},
                   {},
                   {}});
  }
  return all;
}

const campaigns::Campaign* campaign_in(WorkspaceId workspace, CampaignId id, const Book& book) {
  const auto* c = book.find<campaigns::Campaign>(id);
  return c && c->workspace == workspace ? c : nullptr;
}

AssignToCampaign::Answer answer_of(const numbers::Number& n, const Book& book) {
  return {n.id,
          n.version,
          n.campaign ? Assignment::assigned : Assignment::unassigned,
          campaign_ref(n.campaign, book),
          n.routing,
          provider_progress(n)};
}

/// The events that assign one number, or why not.
std::expected<std::vector<Event>, Refusal> assign(const numbers::Number& n,
                                                  const campaigns::Campaign& campaign,
                                                  const std::vector<WarningCode>& acknowledged,
                                                  const Book& book, const Context& ctx) {
  bool there = n.campaign == campaign.id;
  if (there && n.draining) return std::vector<Event>{numbers::DrainCancelled{n.id, n.workspace, campaign.id}};
  if (there && !n.given_up()) return std::vector<Event>{};
  auto hindered = hindrances(n, campaign);
  if (!hindered.empty()) return std::unexpected(hindered.front());
  if (there) {  // it moves nowhere: the provider is to be asked again
    return std::vector<Event>{numbers::Assigned{n.id, n.workspace, campaign.id, n.campaign, {}}};
  }
  auto standing = warnings_of_moving(n, book, ctx.now);
  if (auto fault = warnings_fault(standing, acknowledged)) return std::unexpected(*fault);
  auto events = ending_lease(n.id, sessions::ReleasedBy::unassign, book);
  events.emplace_back(
      numbers::Assigned{n.id, n.workspace, campaign.id, n.campaign, heeded(standing, acknowledged)});
  return events;
}

/// What a drained number need not be warned about: it waits for just that (UNA-04).
bool is_of_visitor(const Warning& w) {
  return w.code == WarningCode::active_visitor_session || w.code == WarningCode::recent_visitor;
}

/// The events that unassign one number, at once or when its visitor is gone, or why not.
std::expected<std::vector<Event>, Refusal> unassign(const numbers::Number& n, const AssignToCampaign& c,
                                                    const Book& book, const Context& ctx) {
  if (!n.campaign) return std::vector<Event>{};
  auto standing = warnings_of_moving(n, book, ctx.now);
  auto lease = ending_lease(n.id, sessions::ReleasedBy::unassign, book);
  bool waits = c.drain && !lease.empty();
  if (waits) std::erase_if(standing, is_of_visitor);
  if (auto fault = warnings_fault(standing, c.acknowledged)) return std::unexpected(*fault);
  auto acknowledged = heeded(standing, c.acknowledged);
  if (waits && n.draining) return std::vector<Event>{};
  if (waits) return std::vector<Event>{numbers::DrainStarted{n.id, n.workspace, *n.campaign, acknowledged}};
  lease.emplace_back(numbers::Unassigned{n.id, n.workspace, *n.campaign, std::move(acknowledged)});
  return lease;
}

}  // namespace

std::vector<Error> field_faults(const AssignToCampaign& c, const Book&, const Context&) {
  if (!c.campaign.present) return field_fault("/campaign", "is required; null unassigns");
  if (c.drain && c.campaign.value) return field_fault("/drain", "goes with campaign null");
  return {};
}

std::vector<Error> field_faults(const AssignMany& c, const Book&, const Context&) {
  if (!c.numbers.empty() && c.numbers.size() <= max_items) return {};
  return field_fault("/numbers", "must name 1 to 1000 numbers");
}

Decision<AssignToCampaign::Answer> decide(const AssignToCampaign& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* n = number_in(c.workspace, c.number, book);
  const auto* campaign = c.campaign.value ? campaign_in(c.workspace, *c.campaign.value, book) : nullptr;
  if (!n || (c.campaign.value && !campaign)) return no_such_thing();
  if (auto fault = version_fault(*n, ctx)) return std::unexpected(*fault);
  std::vector<Event> events;
  if (campaign) {
    auto assigned = assign(*n, *campaign, c.acknowledged, book, ctx);
    if (!assigned) return std::unexpected(assigned.error());
    events = std::move(*assigned);
  } else {
    auto unassigned = unassign(*n, c, book, ctx);
    if (!unassigned) return std::unexpected(unassigned.error());
    events = std::move(*unassigned);
  }
  auto result = answer_of(after(*n, events, ctx), book);
  return Accepted<AssignToCampaign::Answer>{std::move(events), std::move(result)};
}

Decision<AssignMany::Answer> decide(const AssignMany& c, const Book& book, const Context& ctx) {
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  const auto* campaign = campaign_in(c.workspace, c.campaign, book);
  if (!campaign) return no_such_thing();
  // Each number is decided on what the ones before it left: a twin is already there, and the last
  // number of a campaign raises its warning although it was not the last when the command came.
  Book moving = book.layered();
  Accepted<AssignMany::Answer> accepted;
  for (const auto& id : c.numbers) {
    AssignMany::Answer::ItemResult result;
    const auto* n = number_in(c.workspace, id, moving);
    std::expected<std::vector<Event>, Refusal> events = std::vector<Event>{};
    if (n) {
      result.number = NumberRef{n->id, n->e164};
      events = assign(*n, *campaign, c.acknowledged, moving, ctx);
    } else {
      events = std::unexpected(Refusal{Code::not_found, "No such number.", {}, {}, {}});
    }
    if (events) {
      result.outcome = "assigned";
      ++accepted.result.assigned;
      if (!lay_events(*events, ctx.now, moving)) return refuse(Code::internal, "The events do not fold.");
      for (auto& event : *events) accepted.events.push_back(std::move(event));
    } else {
      result.outcome = "refused";
      result.error = {events.error().code, events.error().detail, events.error().warnings};
    }
    accepted.result.results.push_back(std::move(result));
  }
  return accepted;
}

Decision<PreviewAssignment::Answer> decide(const PreviewAssignment& c, const Book& book, const Context& ctx) {
  const auto* n = number_in(c.workspace, c.number, book);
  const auto* campaign = c.campaign ? campaign_in(c.workspace, *c.campaign, book) : nullptr;
  if (!n || (c.campaign && !campaign)) return no_such_thing();
  PreviewAssignment::Answer answer;
  if (n->campaign == c.campaign) return Accepted<PreviewAssignment::Answer>{{}, std::move(answer)};
  answer.warnings = warnings_of_moving(*n, book, ctx.now);
  if (campaign) {
    for (const auto& h : hindrances(*n, *campaign)) answer.refusals.push_back({h.code, h.detail});
  }
  if (auto from = campaign_ref(n->campaign, book))
    answer.effects.push_back("The number leaves " + from->name + ".");
  answer.effects.push_back(campaign ? "Calls are routed to " + campaign->name + "."
                                    : "Calls are parked until the number is assigned again.");
  if (!n->wanted.hooks) answer.effects.push_back("The number's webhooks at the provider are set to ours.");
  return Accepted<PreviewAssignment::Answer>{{}, std::move(answer)};
}

}  // namespace ringledger
