// What people note of a contact and of a call: each on its own, and forgotten with the person.
#include "commands/lead.hpp"

#include "commands/call_attribution.hpp"
#include "commands/contact.hpp"
#include "tests/support/visits.hpp"

using namespace ringledger;
using namespace ringledger::testing;
using leads::CallStatus, leads::Field, leads::Status;

namespace {

const Money low{1'500'000, "USD"}, high{20'000'000, "EUR"};

template <class T>
Patch<T> to(T value) {
  return {true, std::move(value)};
}
Patch<LeadNotes> notes(const std::string& text) { return to(LeadNotes{text}); }
Patch<std::vector<LeadTag>> tags(const std::vector<std::string>& names) {
  std::vector<LeadTag> all;
  for (const auto& name : names) all.push_back({name});
  return to(std::move(all));
}

/// Ann called once, and so did somebody who withheld the number.
struct Called {
  World w = given(acme() + imported(n1, 1) + assigned(n1, spring));
  CallId call, withheld_call;
  ContactId ann;

  Called() {
    auto first = rings("CA1", "+12125550100");
    call = first.call;
    ann = first.contact.value();
    withheld_call = rings("CA2", "anonymous").call;
  }
  calls::Received rings(const std::string& sid, const std::string& from) {
    auto r = ringing(1, sid);
    r.from = from;
    auto events = w.when(ReceiveCall{dental_twilio, r}).events();
    w.happened(events);
    return one<calls::Received>(events);
  }
  /// Of Ann: everything.
  [[nodiscard]] UpdateContact of_ann() const {
    return {dental, ann, to(low), to(Status::contacted), notes("Likes mornings."), tags({"VIP"})};
  }
  /// Of her call: everything.
  [[nodiscard]] UpdateCall of_call() const {
    return {dental, call, to(high), to(CallStatus::qualified), notes("Wants\nan offer."), tags({"urgent"})};
  }
  [[nodiscard]] const contacts::Contact& contact() const { return *w.row<contacts::Contact>(ann); }
  [[nodiscard]] const calls::Call& row(CallId id) const { return *w.row<calls::Call>(id); }
};

template <class Outcome>
std::vector<std::string> faults(Outcome outcome) {
  std::vector<std::string> places;
  outcome.then_refused(Code::validation_failed, [&](const Refusal& r) {
    for (const auto& e : r.errors) places.push_back(e.pointer);
  });
  return places;
}
using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("LOG-01 LOG-02 LOG-04 what is noted of a contact changes no call, of a call no contact") {
  Called c;
  const auto call_before = c.row(c.call);
  auto told = one<contacts::Updated>(c.w.when(c.of_ann()).events());
  CHECK(told == contacts::Updated{c.ann,
                                  dental,
                                  low,
                                  Status::contacted,
                                  Personal<std::string>("Likes mornings."),
                                  Personal(leads::Tags{"VIP"}),
                                  {}});
  c.w.does(c.of_ann());
  CHECK(c.row(c.call) == call_before);
  const auto ann_before = c.contact();
  auto of_call = one<calls::Updated>(c.w.when(c.of_call()).events());
  CHECK(of_call.contact == c.ann);
  c.w.does(c.of_call());
  CHECK(c.contact() == ann_before);
  const auto& call = c.row(c.call);
  CHECK(call.deal_value == high);
  CHECK(call.lead_status == CallStatus::qualified);
  CHECK(call.notes.clear() == "Wants\nan offer.");
  CHECK(call.tags.clear() == leads::Tags{"urgent"});
  CHECK(c.contact().deal_value == low);
  CHECK(c.contact().lead_status == Status::contacted);
  CHECK(c.contact().notes.clear() == "Likes mornings.");
  CHECK(c.contact().tags.clear() == leads::Tags{"VIP"});
  auto next = c.rings("CA3", "+12125550100");
  CHECK(c.row(next.call).contact == c.ann);
  CHECK_FALSE(c.row(next.call).deal_value);  // a call begins with nothing, whatever its contact has
  CHECK_FALSE(c.row(next.call).notes.clear());
}

TEST_CASE("LOG-01 what is left out stays, null clears, and what is set anew alone is told") {
  Called c;
  c.w.does(c.of_call());
  UpdateCall change{dental, c.call, {}, to(CallStatus::junk), {}, {}};
  auto told = one<calls::Updated>(c.w.when(change).events());
  CHECK(told == calls::Updated{c.call, dental, {}, CallStatus::junk, {}, {}, {}, c.ann});
  change.deal_value = to(high);  // as it is
  change.notes.present = change.tags.present = true;
  told = one<calls::Updated>(c.w.when(change).events());
  CHECK_FALSE(told.deal_value);
  CHECK(told.cleared == std::vector{Field::notes, Field::tags});
  c.w.does(change);
  CHECK(c.row(c.call).deal_value == high);
  CHECK_FALSE(c.row(c.call).notes.clear());
  CHECK_FALSE(c.row(c.call).tags.clear());
  UpdateCall all{dental, c.call, {true, {}}, {true, {}}, {true, {}}, {true, {}}};
  c.w.does(all);
  CHECK_FALSE(c.row(c.call).deal_value);
  CHECK_FALSE(c.row(c.call).lead_status);
  c.w.when(all).then_nothing();
}

TEST_CASE("LOG-01 what changes nothing happens not, and an update is refused who saw another version") {
  Called c;
  c.w.does(c.of_ann());
  c.w.does(c.of_call());
  c.w.when(c.of_ann()).then_nothing().then_answer([](const auto& a) {
    CHECK(a.version == 2);
    CHECK(a.deal_value == low);
    CHECK(a.lead_status == Status::contacted);
  });
  c.w.when(c.of_call()).then_nothing().then_answer([](const auto& a) { CHECK(a.version == 1); });
  UpdateContact ann{dental, c.ann, {true, {}}, {}, {}, {}};
  c.w.when(ann, By{}.if_match(1)).then_refused(Code::version_mismatch);
  c.w.when(ann, By{}.if_match(2)).then_answer([](const auto& a) { CHECK(a.version == 3); });
  UpdateCall call{dental, c.call, {true, {}}, {}, {}, {}};
  c.w.when(call, By{}.if_match(0)).then_refused(Code::version_mismatch);
  c.w.when(call, By{}.if_match(1)).then_answer([](const auto& a) {
    CHECK(a.version == 2);
    CHECK_FALSE(a.deal_value);
  });
  RecomputeAttribution again{dental, c.call, attribution::Model::last_touch};
  c.w.when(again, By{}.if_match(0)).then_refused(Code::version_mismatch);
  c.w.when(again, By{}.if_match(1)).then_answer([](const auto& a) { CHECK(a.version == 1); });
}

TEST_CASE("LOG-01 tags are a set: the first of those that differ only in case stands, their order is kept") {
  Called c;
  UpdateContact wish{dental, c.ann, {}, {}, {}, tags({"Zürich", "vip", "ZÜRICH", "VIP", "b"})};
  CHECK(one<contacts::Updated>(c.w.when(wish).events()).tags.clear() == leads::Tags{"Zürich", "vip", "b"});
  c.w.does(wish);
  wish.tags = tags({"Zürich", "vip", "b", "Vip"});
  c.w.when(wish).then_nothing();
  wish.tags = tags({});
  CHECK(one<contacts::Updated>(c.w.when(wish).events()).cleared == std::vector{Field::tags});
}

TEST_CASE("LOG-01 a negative deal value, no currency and too many tags are refused by their names") {
  Called c;
  UpdateContact wish{dental, c.ann, to(Money{-1, "usd"}), {}, {}, tags(std::vector<std::string>(51, "a"))};
  CHECK(faults(c.w.when(wish)) == Places{"/deal_value/amount", "/deal_value/currency", "/tags"});
  UpdateCall call{dental, c.call, to(Money{-1, "XYZ"}), {}, {}, tags(std::vector<std::string>(51, "a"))};
  CHECK(faults(c.w.when(call)) == Places{"/deal_value/amount", "/deal_value/currency", "/tags"});
  call.deal_value = to(Money{0, "JPY"});
  call.tags = tags(std::vector<std::string>(50, "a"));
  CHECK(one<calls::Updated>(c.w.when(call).events()).deal_value == Money{0, "JPY"});
}

TEST_CASE("LOG-01 notes and tags are sealed for the contact; of a withheld call for the call itself") {
  Called c;
  CHECK(one<contacts::Updated>(c.w.when(c.of_ann()).events()).subject() == c.ann.to_string());
  auto wish = c.of_call();
  CHECK(one<calls::Updated>(c.w.when(wish).events()).subject() == c.ann.to_string());
  wish.call = c.withheld_call;
  CHECK(one<calls::Updated>(c.w.when(wish).events()).subject() == c.withheld_call.to_string());
}

TEST_CASE("LOG-04 an erasure takes notes and tags of the contact and of its calls; what they came to stays") {
  Called c;
  c.w.does(c.of_ann());
  c.w.does(c.of_call());
  auto withheld = c.of_call();
  withheld.call = c.withheld_call;
  c.w.does(withheld);
  c.w.does(EraseContact{dental, c.ann});
  CHECK_FALSE(c.contact().notes.clear());
  CHECK_FALSE(c.contact().tags.clear());
  CHECK(c.contact().deal_value == low);
  CHECK_FALSE(c.row(c.call).notes.clear());
  CHECK_FALSE(c.row(c.call).tags.clear());
  CHECK(c.row(c.call).deal_value == high);
  CHECK(c.row(c.call).lead_status == CallStatus::qualified);
  CHECK(c.row(c.withheld_call).notes.clear());
  c.w.when(c.of_ann()).then_refused(Code::not_found);
}

TEST_CASE("LOG-04 of an erased contact's call only what is not about the person can be noted") {
  Called c;
  c.w.does(c.of_call());
  c.w.does(EraseContact{dental, c.ann});
  CHECK(faults(c.w.when(c.of_call())) == Places{"/notes", "/tags"});
  UpdateCall wish{dental, c.call, to(low), to(CallStatus::junk), {true, {}}, tags({})};
  auto told = one<calls::Updated>(c.w.when(wish).events());
  CHECK(told.deal_value == low);
  CHECK(told.cleared.empty());
  CHECK_FALSE(told.notes.clear());
}

TEST_CASE("a contact and a call of another workspace, and such as are not there, are refused alike") {
  Called c;
  auto ann = c.of_ann();
  auto call = c.of_call();
  ann.workspace = call.workspace = vision;
  c.w.when(ann).then_refused(Code::not_found);
  c.w.when(call).then_refused(Code::not_found);
  ann = c.of_ann();
  call = c.of_call();
  ann.contact = id<ContactId>(99);
  call.call = id<CallId>(999);
  c.w.when(ann).then_refused(Code::not_found);
  c.w.when(call).then_refused(Code::not_found);
}
