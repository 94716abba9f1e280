// What a call is attributed by, gathered from the book when it rings: for the decision, and for the row that
// keeps it, so that the same can be decided again later from the very same facts.
#pragma once

#include <algorithm>

#include "commands/book.hpp"

namespace ringledger {

/// Of a call to the number at that time, while it was the campaign's. `rows`: the book, or the fold of the
/// commit that attributes the call: `find<R>(name)`.
template <class Rows>
attribution::Known known_at_ring(const Rows& rows, Timestamp at, NumberId number,
                                 const campaigns::Campaign& campaign,
                                 const std::optional<ContactId>& contact) {
  attribution::Known k;
  k.at = at;
  k.campaign = attribution::CampaignThen{campaign.id, campaign.name, campaign.campaign_type};
  const auto pool = campaign.pool_settings();
  k.call_window_ms = pool.call_window_s * 1000;
  if (pool.repeat_window_s) k.repeat_window_ms = *pool.repeat_window_s * 1000;
  if (pool.lookback_s) k.lookback_ms = *pool.lookback_s * 1000;
  if (const auto* by = rows.template find<AssignedBy>(raw_name(number.raw))) k.assigned_by = by->event;
  // The newest showings of the number that are remembered; none when it has never been in a pool.
  const auto* n = rows.template find<pools::PoolNumber>(raw_name(number.raw));
  auto most = n ? std::min(n->showings, remembered_showings) : 0;
  for (std::int64_t back = 1; back <= most; ++back) {
    const auto* shown = rows.template find<RememberedShowing>(showing_name(number, n->showings - back));
    if (shown && covers(k, shown->showing)) k.showings.push_back(shown->showing);
  }
  if (!contact) return k;
  if (const auto* c = rows.template find<contacts::Contact>(raw_name(contact->raw)))
    k.lead_at = c->created_at;
  const auto* before = rows.template find<AttributedCaller>(attributed_name(campaign.id, *contact));
  if (!before) return k;
  k.earlier = attribution::EarlierCall{before->at, before->session, before->confidence, before->evidence};
  k.touches = before->touches;
  return k;
}

}  // namespace ringledger
