// What calls, messages and erasures do to the book's rows of contacts. `Rows` as in commands/pool_fold.hpp.
#pragma once

#include <algorithm>

#include "commands/book.hpp"

namespace ringledger {

template <class Rows>
class ContactFold {
 public:
  /// `event`: id of the event that is folded, "" while it is only laid over the book.
  ContactFold(Rows& rows, std::string event) : x_rows(rows), x_event(std::move(event)) {}

  void on_call(const calls::Received& e) {
    if (e.contact) leave(*e.contact, {e.call, {}, {}});
  }
  void on_attributed(const calls::Call& call, const attribution::Known& known) {
    const auto& a = call.attribution;
    if (a.session) x_rows.set(raw_name(a.session->raw), SessionOfCall{call.id});
    if (!call.contact || !a.session) return;
    leave(*call.contact, {{}, {}, a.session});
    bool by_earlier = std::ranges::find(a.flags, attribution::Flag::repeat_caller) != a.flags.end();
    if (!a.campaign || by_earlier) return;
    auto name = attributed_name(*a.campaign, *call.contact);
    const auto* newest = x_rows.template find<AttributedCaller>(name);
    if (newest && newest->at > call.started_at) return;  // this one was told of late
    AttributedCaller next{call.started_at, *a.session, a.confidence, x_event, known.touches};
    for (const auto& s : known.showings) {
      if (s.session != *a.session) continue;
      for (const auto& t : s.touches) attribution::remember(next.touches, t);
    }
    x_rows.set(name, std::move(next));
  }
  /// It may name another visit; of an erased contact nothing is traced any more.
  void on_recomputed(const calls::Call& call) {
    if (!call.contact || !call.attribution.session) return;
    const auto* c = x_rows.template find<contacts::Contact>(raw_name(call.contact->raw));
    if (c && !c->erased) leave(*call.contact, {{}, {}, call.attribution.session});
  }
  void on_message(const messages::Received& e) {
    x_rows.set(sid_name(e.account_sid, e.provider_sid), MessageBySid{e.message});
    if (e.contact) leave(*e.contact, {{}, e.message, {}});
  }
  void on_contact(const std::optional<contacts::Contact>& before, const contacts::Contact& after) {
    auto phone_before = before ? before->phone.clear() : std::nullopt;
    if (after.phone.clear() == phone_before) return;
    if (phone_before) x_rows.template drop<ContactByPhone>(name_in(after.workspace, *phone_before));
    if (after.phone.clear())
      x_rows.set(name_in(after.workspace, *after.phone.clear()), ContactByPhone{after.id});
  }
  /// The traces that it names are not needed any more.
  void on_erased(const contacts::Erased& e, Timestamp at) {
    const auto contact = e.contact;
    if (e.opt_out && e.opt_out->stands) x_rows.set(e.opt_out->mark, OptedOut{at});
    if (e.opt_out && !e.opt_out->stands) x_rows.template drop<OptedOut>(e.opt_out->mark);
    const auto* traces = x_rows.template find<ContactTraces>(raw_name(contact.raw));
    auto count = traces ? traces->count : 0;
    for (std::int64_t i = e.left; i < count; ++i) x_rows.template drop<ContactTrace>(trace_name(contact, i));
    if (e.left > 0)
      x_rows.set(raw_name(contact.raw), ContactTraces{e.left});
    else
      x_rows.template drop<ContactTraces>(raw_name(contact.raw));
  }

 private:
  void leave(ContactId contact, const ContactTrace& trace) {
    const auto* traces = x_rows.template find<ContactTraces>(raw_name(contact.raw));
    auto next = traces ? *traces : ContactTraces{};
    x_rows.set(trace_name(contact, next.count++), trace);
    x_rows.set(raw_name(contact.raw), next);
  }

  Rows& x_rows;
  std::string x_event;
};

}  // namespace ringledger
