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

std::expected<E164, Refusal> read_forward_to(const Text<40>& text, const workspaces::Workspace& w,
                                             const Context& ctx) {
  auto number = ctx.phones->read(text.value, w.default_country);
  if (!number) return refuse_field("/forward_to", number.error().detail);
  return *number;
}

std::unexpected<Refusal> name_taken(const std::string& name) {
  return refuse(Code::name_taken, "A campaign of this workspace is already called " + name + ".",
                {{Code::name_taken, "is already taken", "/name"}});
}

}  // namespace

CampaignView view_of(const campaigns::Campaign& c) {
  return {c.id, c.name, c.campaign_type, c.channels, c.forward_to, c.archived, c.numbers, c.version};
}

Decision<CreateCampaign::Answer> decide(const CreateCampaign& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  if (!workspace) return no_such_thing();
  campaigns::Created e{ctx.new_id<CampaignId>(), c.workspace,           c.name.value,
                       c.campaign_type,          each_once(c.channels), {}};
  if (c.forward_to) {
    auto number = read_forward_to(*c.forward_to, *workspace, ctx);
    if (!number) return std::unexpected(number.error());
    e.forward_to = *number;
  }
  if (book.find<CampaignByName>(name_in(c.workspace, folded(e.name)))) return name_taken(e.name);
  CampaignView answer{e.campaign, e.name, e.campaign_type, e.channels, e.forward_to, false, 0, 1};
  return Accepted<CreateCampaign::Answer>{{e}, answer, 201};
}

Decision<UpdateCampaign::Answer> decide(const UpdateCampaign& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  const auto* before = campaign_in(c.workspace, c.campaign, book);
  if (!workspace || !before) return no_such_thing();
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
    auto number = read_forward_to(*c.forward_to.value, *workspace, ctx);
    if (!number) return std::unexpected(number.error());
    e.forward_to = after.forward_to = *number;
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
