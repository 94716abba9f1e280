// What people note of a lead: deal value, lead status, notes and tags. A contact has them, and each of its
// calls has its own, with another meaning (LOG-01): the contact's tell of the person, all in all and as of
// now; a call's tell of that one talk, and of what came of it then. One never follows the other (LOG-02).
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "domain/described.hpp"
#include "domain/values.hpp"

namespace ringledger::leads {

/// A contact's, now (CON-07, C11).
BOOST_DEFINE_ENUM_CLASS(Status, new_, contacted, qualified, disqualified, junk)
/// What a call came to (C11); none is "unset". A caller is `new` as a person, never by a talk.
BOOST_DEFINE_ENUM_CLASS(CallStatus, contacted, qualified, disqualified, junk)
/// Members of an update that were taken away; what is neither told nor among them stays.
BOOST_DEFINE_ENUM_CLASS(Field, deal_value, lead_status, notes, tags)

using Tags = std::vector<std::string>;

/// `State`: a contact or a call; `Updated`: its event of that name. Both have the members of these names.
template <class State, class Updated>
void update(State& state, const Updated& e) {
  auto cleared = [&](Field f) { return std::ranges::find(e.cleared, f) != e.cleared.end(); };
  if (e.deal_value || cleared(Field::deal_value)) state.deal_value = e.deal_value;
  if (e.lead_status || cleared(Field::lead_status)) state.lead_status = e.lead_status;
  if (e.notes.clear() || cleared(Field::notes)) state.notes = e.notes;
  if (e.tags.clear() || cleared(Field::tags)) state.tags = e.tags;
  ++state.version;
}

}  // namespace ringledger::leads
