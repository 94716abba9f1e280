#include "commands/campaign.hpp"

#include <algorithm>

namespace ringledger {
namespace {

const campaigns::Campaign* campaign_in(WorkspaceId workspace, CampaignId id, const Book& book) {
  const auto* c = book.find<campaigns::Campaign>(id);
  return c && c->workspace == workspace ? c : nullptr;
}

std::vector<campaigns::Channel> each_once(std::vector<campaigns::Channel> channels) {
  std::sort(channels.begin(), channels.end());
  channels.erase(std::unique(channels.begin(), channels.end()), channels.end());
  if (channels.empty()) channels.push_back(campaigns::Channel::voice);
  return channels;
}

/// Absent: fine.
std::vector<Error> forward_to_faults(const std::optional<Text<40>>& text, WorkspaceId workspace,
                                     const Book& book, const Context& ctx) {
  const auto* w = book.workspace(workspace);
  if (!text || !w) return {};
  auto number = ctx.phones->read(text->value, w->default_country);
  return number ? std::vector<Error>() : field_fault("/forward_to", number.error().detail);
}

std::unexpected<Refusal> name_taken(const std::string& name) {
  return refuse(Code::name_taken, "A campaign of this workspace is already called " + name + ".",
                {{Code::name_taken, "is already taken", "/name"}});
}

}  // namespace

CampaignView view_of(const campaigns::Campaign& c) {
  return {c.id, c.name, c.campaign_type, c.channels, c.forward_to, c.archived, c.numbers, c.version};
}

std::vector<Error> field_faults(const CreateCampaign& c, const Book& book, const Context& ctx) {
  return forward_to_faults(c.forward_to, c.workspace, book, ctx);
}

std::vector<Error> field_faults(const UpdateCampaign& c, const Book& book, const Context& ctx) {
  return forward_to_faults(c.forward_to.value, c.workspace, book, ctx);
}

Decision<CreateCampaign::Answer> decide(const CreateCampaign& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  if (!workspace) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  campaigns::Created e{ctx.new_id<CampaignId>(), c.workspace,           c.name.value,
                       c.campaign_type,          each_once(c.channels), {}};
  if (c.forward_to) e.forward_to = *ctx.phones->read(c.forward_to->value, workspace->default_country);
  if (book.find<CampaignByName>(name_in(c.workspace, folded(e.name)))) return name_taken(e.name);
  CampaignView answer{e.campaign, e.name, e.campaign_type, e.channels, e.forward_to, false, 0, 1};
  return Accepted<CreateCampaign::Answer>{{e}, answer, 201};
}

Decision<UpdateCampaign::Answer> decide(const UpdateCampaign& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  const auto* before = campaign_in(c.workspace, c.campaign, book);
  if (!workspace || !before) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  if (before->archived) return refuse(Code::campaign_archived, "The campaign is archived.");
  campaigns::Updated e{c.campaign, c.workspace, {}, {}, {}, false};
  auto after = *before;
  if (c.name && c.name->value != before->name) {
    const auto* other = book.find<CampaignByName>(name_in(c.workspace, folded(c.name->value)));
    if (other && other->campaign != c.campaign) return name_taken(c.name->value);
    e.name = after.name = c.name->value;
  }
  if (c.channels && each_once(*c.channels) != before->channels)
    e.channels = after.channels = each_once(*c.channels);
  if (c.forward_to.present && c.forward_to.value) {
    e.forward_to = after.forward_to =
        *ctx.phones->read(c.forward_to.value->value, workspace->default_country);
  } else if (c.forward_to.present && before->forward_to) {
    e.forward_to_cleared = true;
    after.forward_to.reset();
  }
  if (after == *before) return Accepted<UpdateCampaign::Answer>{{}, view_of(after)};
  ++after.version;
  return Accepted<UpdateCampaign::Answer>{{e}, view_of(after)};
}

Decision<ArchiveCampaign::Answer> decide(const ArchiveCampaign& c, const Book& book, const Context& ctx) {
  const auto* before = campaign_in(c.workspace, c.campaign, book);
  if (!before) return no_such_thing();
  if (ctx.if_match && *ctx.if_match != before->version)
    return refuse(Code::version_mismatch, "It was changed meanwhile.");
  if (before->archived) return Accepted<ArchiveCampaign::Answer>{{}, view_of(*before)};
  if (before->numbers > 0) {
    return refuse(Code::campaign_not_empty,
                  "The campaign still has " + std::to_string(before->numbers) + " numbers.");
  }
  auto after = *before;
  after.archived = true;
  ++after.version;
  return Accepted<ArchiveCampaign::Answer>{{campaigns::Archived{c.campaign, c.workspace}}, view_of(after)};
}

}  // namespace ringledger
