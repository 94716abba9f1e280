#include "projections/sessions.hpp"

#include <algorithm>

namespace ringledger {
namespace {

using Others = Ignores<accounts::Event, workspaces::Event, members::Event, keys::Event, connections::Event,
                       campaigns::Event, numbers::Event, calls::Received, calls::StatusReported,
                       calls::ForwardEnded, calls::AttributionRecomputed, calls::Updated, contacts::Created,
                       contacts::Named, contacts::ConsentChanged, contacts::Updated, messages::Event>;

std::string key_of(WorkspaceId workspace, SessionId session) {
  return KeyBuilder().id(workspace).id(session).done();
}
/// Of no workspace: every account's.
std::string living_prefix() { return KeyBuilder().id(WorkspaceId{}).byte('l').done(); }
/// The same: account ‖ workspace ‖ when a visit was over for good ‖ session.
std::string ended_prefix() { return KeyBuilder().id(WorkspaceId{}).byte('o').done(); }
std::string ended_in(AccountId account, WorkspaceId workspace) {
  return KeyBuilder(ended_prefix()).id(account).id(workspace).done();
}
std::string of_campaign(WorkspaceId workspace, char what, CampaignId campaign) {
  return KeyBuilder().id(workspace).byte(what).id(campaign).done();
}

struct Projection {
  std::optional<SessionRow> row;
  const Fact& fact;

  Projected<SessionRow> operator()(const sessions::Started& e) {
    SessionRow next;
    next.account = fact.commit.account;
    next.id = e.session;
    next.workspace = e.workspace;
    next.campaign = e.campaign;
    next.started_at = next.last_seen_at = fact.at();
    next.consent = e.consent;
    next.visitor = e.visitor;
    next.landing_url = e.landing_url;
    next.referrer = e.referrer;
    next.utm = e.utm;
    next.click_ids = e.click_ids;
    return next;
  }
  Projected<SessionRow> operator()(const sessions::TouchAdded& e) {
    return change(e.session, [&](SessionRow& r) {
      ++r.touches;
      r.last_seen_at = fact.at();
    });
  }
  Projected<SessionRow> operator()(const sessions::NumberLeased& e) {
    return change(e.session, [&](SessionRow& r) {
      r.phase = sessions::Phase::leased;
      r.number = e.number;
      r.e164 = e.e164;
      r.reason = e.reason;
      r.leased_at = r.last_seen_at = fact.at();
      r.hold_until.reset();
    });
  }
  Projected<SessionRow> operator()(const sessions::LeaseHeld& e) {
    return change(e.session, [&](SessionRow& r) {
      r.phase = sessions::Phase::hold;
      r.last_seen_at = std::max(r.last_seen_at, e.last_seen_at);
      r.hold_until = e.hold_until;
    });
  }
  Projected<SessionRow> operator()(const sessions::LeaseReleased& e) {
    return change(e.session, [&](SessionRow& r) {
      if (e.by == sessions::ReleasedBy::client) r.last_seen_at = fact.at();
      r.phase = e.hold_until ? sessions::Phase::hold : sessions::Phase::waiting;
      r.hold_until = e.hold_until;
    });
  }
  Projected<SessionRow> operator()(const sessions::LeaseExpired& e) {
    return change(e.session, [&](SessionRow& r) {
      r.phase = sessions::Phase::waiting;
      r.over = true;
      r.over_at = e.deadline;
    });
  }
  Projected<SessionRow> operator()(const sessions::OverflowShown& e) {
    return change(e.session, [&](SessionRow& r) {
      r.phase = sessions::Phase::overflow;
      r.number = e.number;
      r.e164 = e.e164;
      r.policy = e.policy;
      r.last_seen_at = fact.at();
    });
  }
  Projected<SessionRow> operator()(const sessions::Ended& e) {
    return change(e.session, [&](SessionRow& r) {
      if (e.by == sessions::EndedBy::client) r.last_seen_at = fact.at();
      r.over = true;
      r.over_at = e.deadline.value_or(fact.at());
    });
  }
  /// Recomputed, a call may be owed to another visit, but to none that no call was owed to before.
  Projected<SessionRow> operator()(const calls::Attributed&) {
    if (row) row->has_call = true;  // it may be forgotten already
    return std::move(row);
  }
  Projected<SessionRow> operator()(const sessions::Forgotten&) { return std::nullopt; }
  /// The person of the visit is forgotten.
  Projected<SessionRow> operator()(const contacts::Erased&) {
    if (!row) return std::nullopt;
    row->visitor = row->landing_url = row->referrer = {};
    row->utm = row->click_ids = {};
    return std::move(row);
  }

 private:
  Projected<SessionRow> change(SessionId id, auto&& edit) {
    if (!row) return impossible(fact.event, "the session " + id.to_string());
    edit(*row);
    return std::move(row);
  }
};

}  // namespace

std::vector<std::string> SessionsView::keys(const Fact& fact) {
  using Keys = std::vector<std::string>;
  auto each = [](const auto& e) {
    Keys keys;
    for (auto session : e.sessions) keys.push_back(key_of(e.workspace, session));
    return keys;
  };
  return on_event<Others>(fact.event, Keys(),
                          Overload{[](const auto& e) { return Keys{key_of(e.workspace, e.session)}; },
                                   [](const calls::Attributed& e) {
                                     const auto& owed = e.attribution.session;
                                     return owed ? Keys{key_of(e.workspace, *owed)} : Keys();
                                   },
                                   [&](const sessions::Forgotten& e) { return each(e); },
                                   [&](const contacts::Erased& e) { return each(e); }});
}

Projected<SessionRow> SessionsView::project(std::optional<Row> row, const Fact& fact, std::string_view) {
  auto same = Projected<Row>(row);
  return on_event<Others>(fact.event, std::move(same), Projection{std::move(row), fact});
}

/// workspace ‖ 's' ‖ campaign ‖ start ‖ session, with when it was last seen: all of them; 'l': leases;
/// without a workspace: those that live ('l'), and those that are over and that no call was owed to ('o').
std::vector<Entry> SessionsView::indexes(const Row& row) {
  auto key = key_of(row.workspace, row.id);
  auto at = [&](char what) {
    return KeyBuilder(of_campaign(row.workspace, what, row.campaign))
        .i64(row.started_at.ms)
        .id(row.id)
        .done();
  };
  std::vector<Entry> all{{at('s'), KeyBuilder().i64(row.last_seen_at.ms).done()}};
  if (row.has_lease()) all.push_back({at('l'), key});
  if (row.has_lease() || !row.over) all.push_back({KeyBuilder(living_prefix()).id(row.id).done(), key});
  if (!row.has_lease() && row.over_at && !row.has_call) {
    auto place = ended_in(row.account, row.workspace);
    all.push_back({KeyBuilder(place).i64(row.over_at->ms).id(row.id).done(), ""});
  }
  return all;
}

Counters SessionsView::counters(const Row& row) {
  if (!row.has_lease()) return {};
  return {{of_campaign(row.workspace, 'l', row.campaign), 1}};
}

Result<Page<SessionRow>> list_leases(const Rows<SessionsView>& rows, WorkspaceId workspace,
                                     CampaignId campaign, const PageRequest& page) {
  auto prefix = of_campaign(workspace, 'l', campaign);
  return row_page(rows, prefix, page, static_cast<std::uint64_t>(rows.counter(prefix)));
}

Result<void> each_living(const Rows<SessionsView>& rows,
                         const std::function<void(const SessionRow&)>& visit) {
  Result<void> ok;
  rows.scan_prefix(index_space, living_prefix(), false, [&](std::string_view, std::string_view key) {
    auto row = rows.row(key);
    if (!row) ok = std::unexpected(row.error());
    if (row && *row) visit(**row);
    return ok.has_value();
  });
  return ok ? rows.health() : ok;
}

Result<EndedVisits> ended_visits(const Rows<SessionsView>& rows, Timestamp before, const std::string& after,
                                 std::size_t most) {
  EndedVisits found;
  auto from = after.empty() ? ended_prefix() : after + '\0';
  for (bool next = true; next && found.sessions.empty();) {
    next = false;
    rows.scan(index_space, from, after_prefix(ended_prefix()), false,
              [&](std::string_view key, std::string_view) {
                KeyReader place(key.substr(ended_prefix().size()));
                auto account = place.as<AccountId>();
                auto workspace = place.as<WorkspaceId>();
                if (!found.sessions.empty() && workspace != found.workspace) return false;
                if (Timestamp{place.i64()} >= before) {
                  from = after_prefix(ended_in(account, workspace));
                  next = true;
                  return false;
                }
                found.account = account;
                found.workspace = workspace;
                found.sessions.push_back(place.as<SessionId>());
                found.last = key;
                return found.sessions.size() < most;
              });
  }
  if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
  return found;
}

Result<std::vector<PastVisit>> past_visits(const Rows<SessionsView>& rows, WorkspaceId workspace,
                                           CampaignId campaign, Timestamp since, std::size_t most) {
  std::vector<PastVisit> all;
  auto prefix = of_campaign(workspace, 's', campaign);
  rows.scan_prefix(index_space, prefix, true, [&](std::string_view key, std::string_view value) {
    KeyReader start(key.substr(prefix.size())), seen(value);
    PastVisit visit{Timestamp{start.i64()}, Timestamp{seen.i64()}};
    if (visit.from < since) return false;
    all.push_back(visit);
    return all.size() < most;
  });
  if (auto healthy = rows.health(); !healthy) return std::unexpected(healthy.error());
  std::ranges::reverse(all);
  return all;
}

}  // namespace ringledger
