#include "commands/campaign.hpp"

#include <algorithm>
#include <array>

#include "domain/publishable_key.hpp"

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

struct Range {
  const char* member;
  std::optional<std::int64_t> PoolWish::* wished;
  std::variant<std::int64_t pools::Settings::*, std::optional<std::int64_t> pools::Settings::*> set;
  std::int64_t least, most;  ///< seconds
};
constexpr std::int64_t day_s = 24 * 3600;
constexpr std::array ranges{
    Range{"heartbeat_s", &PoolWish::heartbeat_s, &pools::Settings::heartbeat_s, 15, 3600},
    Range{"lease_timeout_s", &PoolWish::lease_timeout_s, &pools::Settings::lease_timeout_s, 1, day_s},
    Range{"hold_s", &PoolWish::hold_s, &pools::Settings::hold_s, 0, 30 * day_s},
    Range{"call_window_s", &PoolWish::call_window_s, &pools::Settings::call_window_s, 0, 30 * day_s},
    Range{"cooldown_s", &PoolWish::cooldown_s, &pools::Settings::cooldown_s, 0, 90 * day_s},
    Range{"repeat_window_s", &PoolWish::repeat_window_s, &pools::Settings::repeat_window_s, 0, 365 * day_s},
    Range{"lookback_s", &PoolWish::lookback_s, &pools::Settings::lookback_s, day_s, 365 * day_s}};
constexpr std::size_t most_origins = 50, longest_origin = 260;

/// What browsers send (RFC 6454 6.2): a scheme, a host in lower case, perhaps a port; nothing behind.
bool is_origin(std::string_view text) {
  auto host = text.find("://");
  bool web = text.starts_with("https://") || text.starts_with("http://");
  if (!web || text.size() > longest_origin) return false;
  auto rest = text.substr(host + 3);
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
  return !rest.empty() && rest.find_first_not_of(allowed) == std::string_view::npos && rest.front() != ':' &&
         rest.back() != ':' && rest.back() != '.';
}

template <class C>
std::vector<Error> tracker_faults(const C& c, WorkspaceId workspace, const Book& book, const Context& ctx) {
  std::vector<Error> faults;
  auto fault = [&](std::string pointer, std::string why) {
    faults.push_back({Code::validation_failed, std::move(why), std::move(pointer)});
  };
  if (c.allowed_origins) {
    if (c.allowed_origins->size() > most_origins) fault("/allowed_origins", "must have at most 50 members");
    for (std::size_t i = 0; i < std::min(c.allowed_origins->size(), most_origins); ++i) {
      if (!is_origin((*c.allowed_origins)[i]))
        fault("/allowed_origins/" + std::to_string(i), "must be an origin like https://shop.example");
    }
  }
  if (!c.pool) return faults;
  for (const auto& r : ranges) {
    const auto& wished = *c.pool.*r.wished;
    if (wished && (*wished < r.least || *wished > r.most))
      fault(std::string("/pool/") + r.member,
            "must be from " + std::to_string(r.least) + " to " + std::to_string(r.most));
  }
  const auto* w = book.workspace(workspace);
  const auto& number = c.pool->fallback_number.value;
  if (w && number) {
    if (auto read = ctx.phones->read(number->value, w->default_country); !read)
      fault("/pool/fallback_number", read.error().detail);
  }
  return faults;
}

/// A static campaign has no pool: what is said of one is no member of it.
template <class C>
std::vector<Error> tracker_members(const C& c) {
  std::vector<Error> faults;
  constexpr auto why = "is of website trackers only";
  if (c.allowed_origins) faults.push_back({Code::validation_failed, why, "/allowed_origins"});
  if (c.pool) faults.push_back({Code::validation_failed, why, "/pool"});
  return faults;
}

void add(std::vector<Error>& faults, std::vector<Error> more) {
  std::move(more.begin(), more.end(), std::back_inserter(faults));
}

/// The wish over what is set. A call window that nobody ever set follows the hold.
pools::Settings set_over(pools::Settings settings, const PoolWish& wish,
                         const workspaces::Workspace& workspace, const Context& ctx) {
  bool follows = settings.call_window_s == settings.hold_s && !wish.call_window_s;
  for (const auto& r : ranges) {
    const auto& wished = wish.*r.wished;
    if (wished) std::visit([&](auto set) { settings.*set = *wished; }, r.set);
  }
  if (follows) settings.call_window_s = settings.hold_s;
  if (wish.hold_soft) settings.hold_soft = *wish.hold_soft;
  if (wish.overflow) settings.overflow = *wish.overflow;
  const auto& number = wish.fallback_number;
  if (number.present) settings.fallback_number.reset();
  if (number.value)
    settings.fallback_number = *ctx.phones->read(number.value->value, workspace.default_country);
  return settings;
}

std::string new_key(CampaignId campaign, const Context& ctx) {
  auto high = ctx.draws[ctx.drawn++], low = ctx.draws[ctx.drawn++];
  return publishable_key(campaign, high, low);
}

std::unexpected<Refusal> name_taken(const std::string& name) {
  return refuse(Code::name_taken, "A campaign of this workspace is already called " + name + ".",
                {{Code::name_taken, "is already taken", "/name"}});
}

}  // namespace

CampaignView view_of(const campaigns::Campaign& c) {
  return {c.id,
          c.name,
          c.campaign_type,
          c.channels,
          c.forward_to,
          c.archived,
          c.numbers,
          c.version,
          c.publishable_key,
          c.allowed_origins,
          c.is_tracker() ? std::optional(c.pool_settings()) : std::nullopt};
}

std::vector<Error> field_faults(const CreateCampaign& c, const Book& book, const Context& ctx) {
  auto faults = forward_to_faults(c.forward_to, c.workspace, book, ctx);
  bool tracker = c.campaign_type == campaigns::Type::website_tracker;
  add(faults, tracker ? tracker_faults(c, c.workspace, book, ctx) : tracker_members(c));
  return faults;
}

std::vector<Error> field_faults(const UpdateCampaign& c, const Book& book, const Context& ctx) {
  auto faults = forward_to_faults(c.forward_to.value, c.workspace, book, ctx);
  const auto* before = campaign_in(c.workspace, c.campaign, book);
  bool is_static = before && !before->is_tracker();
  add(faults, is_static ? tracker_members(c) : tracker_faults(c, c.workspace, book, ctx));
  return faults;
}

Decision<CreateCampaign::Answer> decide(const CreateCampaign& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  if (!workspace) return no_such_thing();
  if (auto faults = field_faults(c, book, ctx); !faults.empty()) return refuse_fields(std::move(faults));
  campaigns::Created e{ctx.new_id<CampaignId>(), c.workspace,           c.name.value,
                       c.campaign_type,          each_once(c.channels), {}};
  if (c.forward_to) e.forward_to = *ctx.phones->read(c.forward_to->value, workspace->default_country);
  if (book.find<CampaignByName>(name_in(c.workspace, folded(e.name)))) return name_taken(e.name);
  if (e.campaign_type == campaigns::Type::website_tracker) {
    e.publishable_key = new_key(e.campaign, ctx);
    e.allowed_origins = c.allowed_origins.value_or(std::vector<std::string>{});
    e.pool = set_over({}, c.pool.value_or(PoolWish{}), *workspace, ctx);
  }
  auto answer = view_of(campaigns::created(e));
  return Accepted<CreateCampaign::Answer>{{std::move(e)}, std::move(answer), 201};
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
  if (c.name && c.name->value != before->name) {
    const auto* other = book.find<CampaignByName>(name_in(c.workspace, folded(c.name->value)));
    if (other && other->campaign != c.campaign) return name_taken(c.name->value);
    e.name = c.name->value;
  }
  if (c.channels && each_once(*c.channels) != before->channels) e.channels = each_once(*c.channels);
  if (c.forward_to.present && c.forward_to.value) {
    auto number = *ctx.phones->read(c.forward_to.value->value, workspace->default_country);
    if (before->forward_to != number) e.forward_to = number;
  } else if (c.forward_to.present && before->forward_to) {
    e.forward_to_cleared = true;
  }
  if (before->is_tracker()) {
    if (!before->publishable_key) e.publishable_key = new_key(before->id, ctx);
    if (c.allowed_origins && *c.allowed_origins != before->allowed_origins)
      e.allowed_origins = c.allowed_origins;
    if (c.pool) {
      auto settings = set_over(before->pool_settings(), *c.pool, *workspace, ctx);
      if (settings != before->pool_settings()) e.pool = settings;
    }
  }
  if (e == campaigns::Updated{c.campaign, c.workspace, {}, {}, {}, false})
    return Accepted<UpdateCampaign::Answer>{{}, view_of(*before)};
  auto after = *before;
  campaigns::update(after, e);
  return Accepted<UpdateCampaign::Answer>{{std::move(e)}, view_of(after)};
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
