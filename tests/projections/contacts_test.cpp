// Contacts and messages: lists, filters, search, pages, and what an erasure leaves.
#include "projections/contacts.hpp"

#include "projections/calls.hpp"
#include "projections/erasures.hpp"
#include "projections/messages.hpp"
#include "tests/projections/support/world.hpp"

namespace ringledger {
namespace {

using namespace test;

ContactId ctc(std::uint64_t n) { return id_of<ContactId>(n, 11); }
MessageId msg(std::uint64_t n) { return id_of<MessageId>(n, 12); }
std::string phone(std::uint64_t n) { return "+1212555020" + std::to_string(n); }

contacts::Created created(std::uint64_t n, WorkspaceId workspace = ws()) {
  return {ctc(n), workspace, contacts::Source::message, "US", Personal(phone(n))};
}
contacts::Named named(std::uint64_t n, const std::string& name) {
  return {ctc(n), ws(), contacts::NameSource::human, {}, Personal(name)};
}
messages::Received wrote(std::uint64_t n, std::uint64_t contact, std::uint64_t number = 1) {
  messages::Received e;
  e.message = msg(n);
  e.workspace = ws();
  e.number = num(number);
  e.campaign = cmp(number);
  e.provider_sid = "SM" + std::to_string(n);
  e.to = "+1415555010" + std::to_string(number);
  e.contact = ctc(contact);
  e.from = Personal(phone(contact));
  e.body = Personal<std::string>("text " + std::to_string(n));
  return e;
}

/// Ann (1), Bob (2), nameless (3), in the order of their first messages; Ann wrote again to number 2.
World three() {
  World w;
  for (std::uint64_t n = 1; n <= 3; ++n) w.given({created(n), wrote(n, n)});
  w.given({named(1, "Ann Caller")});
  w.given({named(2, "bob baker")});
  w.given({wrote(4, 1, 2)});
  w.check_verified();
  return w;
}

using Found = std::vector<std::uint64_t>;
Found found(const World& w, ContactsQuery q) {
  q.workspace = ws();
  auto page = list_contacts(w.sight().of<ContactsView>(), q).value();
  CHECK(page.total == page.items.size());
  CHECK(page.total_exact);
  Found out;
  for (const auto& row : page.items) {
    for (std::uint64_t n = 1; n <= 9; ++n) {
      if (row.contact.id == ctc(n)) out.push_back(n);
    }
  }
  return out;
}
Found found(const World& w, MessagesQuery q) {
  q.workspace = ws();
  auto page = list_messages(w.sight().of<MessagesView>(), q).value();
  CHECK(page.total == page.items.size());
  Found out;
  for (const auto& row : page.items) {
    for (std::uint64_t n = 1; n <= 9; ++n) {
      if (row.message.id == msg(n)) out.push_back(n);
    }
  }
  return out;
}
using MessageFacet = MessageTimeline::Facet;
using ContactFacet = ContactTimeline::Facet;
template <class Id>
std::vector<std::string> raw(Id id) {
  return {KeyBuilder().id(id).done()};
}

TEST_CASE("contacts are listed by their last contact, and searched by digits and by part of the name") {
  auto w = three();
  CHECK(found(w, ContactsQuery{}) == Found{1, 3, 2});
  CHECK(found(w, ContactsQuery{.descending = false}) == Found{2, 3, 1});
  CHECK(found(w, ContactsQuery{.search = "ann c"}) == Found{1});
  CHECK(found(w, ContactsQuery{.search = "BAKER"}) == Found{2});
  CHECK(found(w, ContactsQuery{.search = "555-0203"}) == Found{3});
  CHECK(found(w, ContactsQuery{.search = "nobody"}).empty());
  CHECK(found(w, ContactsQuery{.wanted = {{ContactFacet::phone, {phone(2)}}}}) == Found{2});
  CHECK(found(w, ContactsQuery{.wanted = {{ContactFacet::consent, {"unknown"}}}}) == Found{1, 3, 2});
}

TEST_CASE("every contact appears once over the pages") {
  auto w = three();
  ContactsQuery q{.workspace = ws(), .page = {.limit = 2}};
  auto first = list_contacts(w.sight().of<ContactsView>(), q).value();
  REQUIRE(first.next_cursor);
  CHECK(first.total == 3);
  q.page.cursor = *first.next_cursor;
  auto second = list_contacts(w.sight().of<ContactsView>(), q).value();
  REQUIRE(second.items.size() == 1);
  CHECK(second.items[0].contact.id == ctc(2));
  CHECK_FALSE(second.next_cursor);
  q.descending = false;
  CHECK_FALSE(list_contacts(w.sight().of<ContactsView>(), q));
}

TEST_CASE("MSG-01 messages are listed newest first, by number, campaign, contact, sender and digits") {
  auto w = three();
  CHECK(found(w, MessagesQuery{}) == Found{4, 3, 2, 1});
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::number, raw(num(2))}}}) == Found{4});
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::campaign, raw(cmp(1))}}}) == Found{3, 2, 1});
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::contact, raw(ctc(1))}}}) == Found{4, 1});
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::from, {phone(3), phone(2)}}}}) == Found{3, 2});
  CHECK(found(w, MessagesQuery{.search = "5550102"}) == Found{4});
}

TEST_CASE("MSG-01 a message that was found late stands where it came, and is no newer contact") {
  auto w = three();
  auto late = wrote(5, 2);
  late.received_at = Timestamp{1};
  w.given({late});
  CHECK(found(w, MessagesQuery{}) == Found{4, 3, 2, 1, 5});
  CHECK(found(w, ContactsQuery{}) == Found{1, 3, 2});
  w.check_verified();
}

/// All of a list, read with a look at so many entries at a time.
template <class Query, class List>
auto in_steps(Query q, std::size_t look_at_most, List&& list) {
  q.workspace = ws();
  q.look_at_most = look_at_most;
  std::size_t items = 0, pages = 0;
  for (std::optional<std::string> cursor = ""; cursor; ++pages) {
    REQUIRE(pages < 20);
    q.page.cursor = *cursor;
    auto page = list(q).value();
    items += page.items.size();
    CHECK((page.total_exact || page.total <= look_at_most));
    cursor = page.next_cursor;
  }
  return std::pair(items, pages);
}

TEST_CASE(
    "a page of contacts or messages looks at a bounded number of entries, and its cursor goes on behind "
    "them") {
  auto w = three();
  auto contacts = [&](const auto& q) { return list_contacts(w.sight().of<ContactsView>(), q); };
  auto messages = [&](const auto& q) { return list_messages(w.sight().of<MessagesView>(), q); };
  for (bool descending : {true, false}) {
    CAPTURE(descending);
    CHECK(in_steps(ContactsQuery{.search = "nobody", .descending = descending}, 1, contacts) ==
          std::pair<std::size_t, std::size_t>(0, 3));
    CHECK(in_steps(ContactsQuery{.search = "baker", .descending = descending}, 2, contacts).first == 1);
    MessagesQuery of_two{.wanted = {{MessageFacet::from, {phone(2), phone(3)}}}, .descending = descending};
    CHECK(in_steps(of_two, 1, messages) == std::pair<std::size_t, std::size_t>(2, 4));
    CHECK(in_steps(of_two, 100, messages) == std::pair<std::size_t, std::size_t>(2, 1));
  }
  MessagesQuery deep{.workspace = ws(), .page = {.limit = 1, .skip = 3}, .look_at_most = 2};
  auto page = list_messages(w.sight().of<MessagesView>(), deep).value();
  CHECK(page.items.empty());
  CHECK(page.next_cursor);
}

TEST_CASE("a contact was last in touch when it called, however late that was told") {
  World w;
  const auto began = Timestamp{w.log.now().ms - 24 * 3'600'000};
  calls::Received call;
  call.call = id_of<CallId>(1, 9);
  call.workspace = ws();
  call.contact = ctc(1);
  call.started_at = began;
  w.given({created(1), call});
  auto row = [&] { return find_contact(w.sight().of<ContactsView>(), ws(), ctc(1)).value().value(); };
  CHECK(row().last_contact_at == began);
  w.given({wrote(1, 1)});
  CHECK(row().last_contact_at == w.log.now());
  call.call = id_of<CallId>(2, 9);
  w.given({call});
  CHECK(row().last_contact_at == Timestamp{w.log.now().ms - 1000});
  w.check_verified();
}

TEST_CASE("LOG-01 LOG-04 contact and call rows have their own notes, and an erasure takes both") {
  auto w = three();
  calls::Received call;
  call.call = id_of<CallId>(1, 9);
  call.workspace = ws();
  call.contact = ctc(1);
  call.from = Personal(phone(1));
  w.given({call});
  contacts::Updated of_ann;
  of_ann.contact = ctc(1);
  of_ann.workspace = ws();
  of_ann.notes = Personal<std::string>("of Ann");
  calls::Updated of_call;
  of_call.call = call.call;
  of_call.workspace = ws();
  of_call.contact = ctc(1);
  of_call.deal_value = Money{5, "USD"};
  of_call.notes = Personal<std::string>("of the call");
  of_call.tags = Personal(leads::Tags{"tag"});
  auto contact_row = [&] {
    return find_contact(w.sight().of<ContactsView>(), ws(), ctc(1)).value().value().contact;
  };
  auto call_row = [&] { return find_call(w.sight().of<CallsView>(), ws(), call.call).value().value().call; };
  w.given({of_ann});
  CHECK(contact_row().notes.clear() == "of Ann");
  CHECK_FALSE(call_row().notes.clear());
  w.given({of_call});
  CHECK(call_row().notes.clear() == "of the call");
  CHECK(call_row().tags.clear() == leads::Tags{"tag"});
  CHECK(contact_row().notes.clear() == "of Ann");
  CHECK_FALSE(contact_row().tags.clear());
  w.check_verified();
  w.given({contacts::Erased{ctc(1), ws(), {call.call}, {msg(1), msg(4)}, {}, {}, 0}});
  CHECK_FALSE(contact_row().notes.clear());
  CHECK_FALSE(call_row().notes.clear());
  CHECK_FALSE(call_row().tags.clear());
  CHECK(call_row().deal_value == Money{5, "USD"});
  w.check_verified();
}

TEST_CASE("after an erasure the contact is in no list, its messages say nothing, and its counts stand") {
  auto w = three();
  w.given({contacts::Erased{ctc(1), ws(), {}, {msg(1), msg(4)}, {}, {}, 0}});
  CHECK(found(w, ContactsQuery{}) == Found{3, 2});
  auto row = find_contact(w.sight().of<ContactsView>(), ws(), ctc(1)).value().value();
  CHECK(row.contact.erased);
  CHECK_FALSE(row.contact.phone.clear());
  CHECK_FALSE(contacts::name_of(row.contact));
  CHECK(row.messages == 2);
  auto message = find_message(w.sight().of<MessagesView>(), ws(), msg(4)).value().value().message;
  CHECK_FALSE(message.from.clear());
  CHECK_FALSE(message.body.clear());
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::from, {phone(1)}}}}).empty());
  CHECK(found(w, MessagesQuery{.wanted = {{MessageFacet::contact, raw(ctc(1))}}}) == Found{4, 1});
  for (char space : {index_space, counter_space}) {  // what a store's bookkeeping may outlive
    for (auto name : {MessagesView::name, ContactsView::name})
      w.sight().reader(name).scan(space, "", "", false, [](std::string_view key, std::string_view) {
        CHECK(key.find("12125550") == std::string_view::npos);
        return true;
      });
  }
  std::vector<std::string> erased;
  each_erased(w.sight().of<ErasuresView>(), [&](std::string subject) {
    erased.push_back(std::move(subject));
    return true;
  });
  CHECK(erased == std::vector{ctc(1).to_string()});
  w.check_verified();
}

}  // namespace
}  // namespace ringledger
