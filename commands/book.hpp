// The book: the write side's state of an account, the only thing `decide` may look at.
//
// Rows live in a store; those in memory are looked up here. A row that is not in memory is noted as a
// miss and read as absent: whoever decided then throws the decision away, fetches the misses and
// decides again. So `decide` stays a plain pure function.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "commands/contact_rows.hpp"
#include "commands/pool_rows.hpp"
#include "domain/commit.hpp"
#include "domain/result.hpp"
#include "domain/text.hpp"

namespace ringledger {

// Index rows: a name that must be unique, and what bears it.
struct NumberByE164 {
  NumberId number;
  RL_FIELDS(NumberByE164, number);
};
struct CampaignByName {
  CampaignId campaign;
  RL_FIELDS(CampaignByName, campaign);
};
struct MemberByEmail {
  MemberId member;
  RL_FIELDS(MemberByEmail, member);
};
struct ConnectionBySid {
  std::vector<ConnectionId> connections;
  RL_FIELDS(ConnectionBySid, connections);
};

/// A call by the provider's account and its name there.
struct CallBySid {
  CallId call;
  RL_FIELDS(CallBySid, call);
};
/// The event that assigned a number to the campaign it has now.
struct AssignedBy {
  std::string event;
  RL_FIELDS(AssignedBy, event);
};

/// What a call was attributed by, to decide it again. Named by the call.
struct AttributionBasis {
  std::string event;  ///< id of the event whose attribution counts
  attribution::Known known;
  RL_FIELDS(AttributionBasis, event, known);
};

/// The account's clock and counter.
struct AccountLine {
  Timestamp eff;
  std::uint64_t sequence = 0;  ///< of its last event
  RL_FIELDS(AccountLine, eff, sequence);
};

/// A remembered command: what its repeat is answered with.
struct Remembered {
  Timestamp eff;
  std::uint64_t offset = 0;
  std::string req_hash, refusal, trace;
  std::int64_t status = 200;
  std::string clear, personal, subject, commit;
  RL_FIELDS(Remembered, eff, offset, req_hash, refusal, trace, status, clear, personal, subject, commit);
};

using BookRow = OneOf<std::variant<
    accounts::Account, workspaces::Workspace, members::Member, keys::Key, connections::Connection,
    campaigns::Campaign, numbers::Number, NumberByE164, CampaignByName, MemberByEmail, ConnectionBySid,
    AccountLine, Remembered, calls::Call, CallBySid, AssignedBy, sessions::Session, SessionByKey,
    VisitorNumbers, RememberedShowing, pools::Pool, pools::PoolNumber, PoolMember, QueueSeat, QueuePlace,
    ShownTo, contacts::Contact, ContactByPhone, ContactTrace, ContactTraces, MessageBySid, AttributedCaller,
    OptedOut, AttributionBasis, pools::Week, pools::Gaps, pools::CallsOwed, SessionOfCall>>;
extern template class OneOf<BookRow::Variant>;
using BookRowPtr = std::shared_ptr<const BookRow>;

/// account id (16 bytes) ‖ kind (1 byte: index in BookRow) ‖ name. Another account's row cannot be named.
std::string book_key(AccountId account, std::size_t kind, std::string_view name);
std::string raw_name(const RawId& id);                              ///< 16 bytes
std::string name_in(WorkspaceId workspace, std::string_view name);  ///< workspace ‖ name
/// The name of a CallBySid or MessageBySid: SIDs have one length for ever, so nothing else is named so.
std::string sid_name(std::string_view account_sid, std::string_view sid);

template <class R>
inline constexpr std::size_t row_kind = [] {
  return []<class... Rs>(std::variant<Rs...>*) {
    std::size_t i = 0;
    bool found = false;
    ((found = found || std::is_same_v<R, Rs>, i += found ? 0 : 1), ...);
    return i;
  }(static_cast<BookRow::Variant*>(nullptr));
}();

/// One account's book as a decision sees it.
class Book {
 public:
  /// In memory? Outer nullopt: not in memory (a miss). Null pointer: known to be absent.
  using Lookup = std::function<std::optional<BookRowPtr>(const std::string& key)>;

  Book(AccountId account, Lookup lookup) : x_account(account), x_lookup(std::move(lookup)) {}
  [[nodiscard]] AccountId account() const { return x_account; }

  /// nullptr: absent, or a miss. The pointer lives as long as this Book.
  template <class R>
  [[nodiscard]] const R* find(std::string_view name) const {
    const BookRowPtr& row = look(book_key(x_account, row_kind<R>, name));
    return row ? std::get_if<R>(row.get()) : nullptr;
  }
  template <class R, class Tag>
  [[nodiscard]] const R* find(Id<Tag> id) const {
    return find<R>(raw_name(id.raw));
  }

  // What decisions ask most.
  [[nodiscard]] const numbers::Number* number_by_e164(const E164& e164) const;
  [[nodiscard]] const workspaces::Workspace* workspace(WorkspaceId id) const {
    return find<workspaces::Workspace>(id);
  }

  [[nodiscard]] const std::vector<std::string>& misses() const { return x_misses; }
  /// A copy to fold further events into, misses noted there and here.
  [[nodiscard]] Book layered() const;
  /// Lays a row over the book (events of the decision at hand).
  void put(const std::string& key, BookRowPtr row) { x_over[key] = std::move(row); }

 private:
  const BookRowPtr& look(const std::string& key) const;

  AccountId x_account;
  Lookup x_lookup;
  mutable std::map<std::string, BookRowPtr, std::less<>> x_over;  ///< looked up or laid over
  mutable std::vector<std::string> x_misses;
};

struct BookChange {
  std::string key;
  BookRowPtr row;  ///< null: removed
};

/// Folds events into the rows laid over `book`. Code::internal for impossible history.
Result<void> lay_events(const std::vector<Event>& events, Timestamp at, Book& book);

/// What the commit changes in the book, remembered result, clock and counter included. `book` must
/// have no misses afterwards, else the changes are void. Impossible history (an event about what does
/// not exist) is an error that names it.
Result<std::vector<BookChange>> fold_into_book(const Commit& commit, std::uint64_t offset, Book& book);

}  // namespace ringledger
