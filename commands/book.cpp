#include "commands/book.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "commands/attribution_basis.hpp"
#include "commands/contact_fold.hpp"
#include "commands/pool_fold.hpp"
#include "domain/counting.hpp"
#include "domain/one_of_impl.hpp"

namespace ringledger {

template class OneOf<BookRow::Variant>;

std::string book_key(AccountId account, std::size_t kind, std::string_view name) {
  std::string key = raw_name(account.raw);
  key.reserve(17 + name.size());
  key.push_back(static_cast<char>('A' + kind));
  key.append(name);
  return key;
}

std::string raw_name(const RawId& id) { return {id.bytes.begin(), id.bytes.end()}; }

std::string name_in(WorkspaceId workspace, std::string_view name) {
  return raw_name(workspace.raw).append(name);
}

const BookRowPtr& Book::look(const std::string& key) const {
  if (auto at = x_over.find(key); at != x_over.end()) return at->second;
  auto row = x_lookup(key);
  if (!row) x_misses.push_back(key);
  return x_over.emplace(key, row.value_or(nullptr)).first->second;
}

Book Book::layered() const {
  // What this book misses the layer misses too: "not known yet" must never look like "not there".
  return Book(x_account, [this](const std::string& key) -> std::optional<BookRowPtr> {
    const auto& row = look(key);
    bool missed = !row && std::ranges::find(x_misses, key) != x_misses.end();
    return missed ? std::nullopt : std::optional(row);
  });
}

const numbers::Number* Book::number_by_e164(const E164& e164) const {
  const auto* at = find<NumberByE164>(e164.text);
  return at ? find<numbers::Number>(at->number) : nullptr;
}

std::string sid_name(std::string_view account_sid, std::string_view sid) {
  return std::string(account_sid).append("/").append(sid);
}

namespace {

/// Folds events into rows laid over the book, remembering which keys changed.
class BookFold {
 public:
  /// `commit`: absent while its events are only laid over the book; evidence needs it.
  BookFold(Book& book, Timestamp at, std::optional<CommitId> commit = {})
      : x_book(book), x_at(at), x_commit(commit) {}

  Result<void> fold(const Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
    note_assignment(event);
    ++x_index;
    if (x_impossible.empty() || !x_book.misses().empty()) return {};  // a miss: to be decided again
    return fail(Code::internal, std::string(type_of(event)) + ": " + x_impossible);
  }
  template <class R>
  void set(std::string_view name, R row) {
    put(book_key(x_book.account(), row_kind<R>, name), std::make_shared<const BookRow>(std::move(row)));
  }
  template <class R>
  void drop(std::string_view name) {
    put(book_key(x_book.account(), row_kind<R>, name), nullptr);
  }
  template <class R>
  const R* find(std::string_view name) const {
    return x_book.find<R>(name);
  }
  std::vector<BookChange> changes() { return std::move(x_changes); }

 private:
  void put(const std::string& key, BookRowPtr row) {
    x_book.put(key, row);
    auto [at, fresh] = x_places.try_emplace(key, x_changes.size());
    if (fresh) {
      x_changes.push_back({key, std::move(row)});
    } else {
      x_changes[at->second].row = std::move(row);
    }
  }

  /// Changes an existing row; its absence is impossible history.
  template <class R, class Tag>
  void change(Id<Tag> id, auto&& edit) {
    const R* row = x_book.find<R>(id);
    if (!row) {
      x_impossible = id.to_string() + " does not exist";
      return;
    }
    R next = *row;
    edit(next);
    set<R>(raw_name(id.raw), std::move(next));
  }

  void on(const accounts::Created& e) {
    set(raw_name(e.account.raw), accounts::Account{e.account, e.name, e.owner});
  }
  void on(const workspaces::Created& e) {
    set(raw_name(e.workspace.raw), workspaces::created(e));
    grant(e.owner, e.workspace, members::Role::owner);
  }
  void on(const workspaces::Updated& e) {
    change<workspaces::Workspace>(e.workspace, [&](auto& w) { workspaces::update(w, e); });
  }
  void on(const members::Added& e) {
    set(raw_name(e.member.raw), members::Member{e.member, e.account_owner, e.name, e.email, {}, x_at, 1});
    if (e.email.clear()) set(folded(*e.email.clear()), MemberByEmail{e.member});
  }
  void grant(MemberId member, WorkspaceId workspace, members::Role role) {
    change<members::Member>(member, [&](auto& m) {
      std::erase_if(m.roles, [&](auto& r) { return r.workspace == workspace; });
      m.roles.push_back({workspace, role});
      ++m.version;
    });
  }
  void on(const members::RoleGranted& e) { grant(e.member, e.workspace, e.role); }
  void on(const members::RoleRevoked& e) {
    change<members::Member>(e.member, [&](auto& m) {
      std::erase_if(m.roles, [&](auto& r) { return r.workspace == e.workspace; });
      ++m.version;
    });
  }
  void on(const keys::Created& e) {
    keys::Key k{e.key, e.name, e.member,     e.capabilities, e.workspaces, e.digest,
                "",    {},     e.expires_at, x_at,           false,        1};
    set(raw_name(e.key.raw), std::move(k));
  }
  void on(const keys::Rotated& e) {
    change<keys::Key>(e.key, [&](auto& k) {
      k.previous_digest = std::exchange(k.digest, e.digest);
      k.previous_valid_until = e.previous_valid_until;
      ++k.version;
    });
  }
  void on(const keys::Revoked& e) {
    change<keys::Key>(e.key, [](auto& k) {
      k.revoked = true;
      ++k.version;
    });
  }
  void on(const connections::Added& e) {
    connections::Connection c{e.connection,
                              e.workspace,
                              e.provider,
                              e.name,
                              e.account_sid,
                              e.auth_token,
                              e.auth_token_last4,
                              e.api_key_sid,
                              e.api_key_secret,
                              connections::State::unverified,
                              "",
                              1};
    set(raw_name(e.connection.raw), std::move(c));
    auto name = name_in(e.workspace, e.account_sid);
    const auto* others = x_book.find<ConnectionBySid>(name);
    ConnectionBySid all = others ? *others : ConnectionBySid{};
    all.connections.push_back(e.connection);
    set(name, std::move(all));
  }
  void on(const connections::Updated& e) {
    change<connections::Connection>(e.connection, [&](auto& c) {
      if (e.name) c.name = *e.name;
      if (e.auth_token_last4) {  // there with every new token
        c.previous_auth_token = c.auth_token;
        c.previous_token_until = Timestamp{x_at.ms + connections::rotation_grace_ms};
        c.auth_token_last4 = *e.auth_token_last4;
        c.state = connections::State::unverified;
      }
      if (e.auth_token.reveal()) c.auth_token = e.auth_token;
      if (e.api_key_sid) c.api_key_sid = e.api_key_sid;
      if (e.api_key_secret.reveal()) c.api_key_secret = e.api_key_secret;
      ++c.version;
    });
  }
  void on(const connections::ApiKeyRemoved& e) {
    change<connections::Connection>(e.connection, [&](auto& c) {
      c.api_key_secret = {};
      if (!e.secret_only) c.api_key_sid.reset();
      ++c.version;
    });
  }
  void on(const connections::Verified& e) {
    change<connections::Connection>(e.connection, [&](auto& c) {
      c.state = e.state;
      c.account_type = e.account_type;
    });
  }
  void on(const campaigns::Created& e) {
    set(raw_name(e.campaign.raw), campaigns::created(e));
    set(name_in(e.workspace, folded(e.name)), CampaignByName{e.campaign});
  }
  void on(const campaigns::Updated& e) {
    std::optional<campaigns::Campaign> before, after;
    change<campaigns::Campaign>(e.campaign, [&](auto& c) {
      before = c;
      if (e.name) {
        drop<CampaignByName>(name_in(c.workspace, folded(c.name)));
        set(name_in(c.workspace, folded(*e.name)), CampaignByName{c.id});
      }
      campaigns::update(c, e);
      after = c;
    });
    if (before) pool_fold().on_settings(*before, *after);
  }
  void on(const campaigns::Archived& e) {
    change<campaigns::Campaign>(e.campaign, [&](auto& c) {
      c.archived = true;
      ++c.version;
    });
  }
  void count_numbers(const std::optional<CampaignId>& campaign, int by) {
    if (campaign) change<campaigns::Campaign>(*campaign, [&](auto& c) { c.numbers += by; });
  }
  /// Every event of a number goes through the number's own evolve; then the indexes follow.
  template <class E>
    requires in_variant<E, numbers::Event>
  void on(const E& e) {
    const auto* before = x_book.find<numbers::Number>(e.number);
    auto after = numbers::evolve(before ? std::optional(*before) : std::nullopt, e, x_at);
    if (!after) {
      x_impossible = e.number.to_string() + " does not exist";
      return;
    }
    auto old_campaign = before ? before->campaign : std::nullopt;
    if (old_campaign != after->campaign) {
      count_numbers(old_campaign, -1);
      count_numbers(after->campaign, +1);
    }
    if (!before) set(after->e164.text, NumberByE164{after->id});
    bool stays = before && stays_in_pool(*before, *after);
    set(raw_name(e.number.raw), *after);
    auto left = old_campaign != after->campaign ? old_campaign : std::nullopt;
    if (!stays) pool_fold().settle(*after, left);
  }

  template <class E>
    requires in_variant<E, calls::Event>
  void on(const E& e) {
    const auto* before = x_book.find<calls::Call>(e.call);
    auto after = calls::evolve(before ? std::optional(*before) : std::nullopt, e, x_at);
    if (!after) {
      x_impossible = e.call.to_string() + " does not exist";
      return;
    }
    if (!before) set(sid_name(after->account_sid, after->provider_sid), CallBySid{after->id});
    pool_fold().on_call(before ? std::optional(*before) : std::nullopt, *after);
    if constexpr (std::is_same_v<E, calls::Received>) contact_fold().on_call(e);
    if constexpr (std::is_same_v<E, calls::Attributed>) on_attributed(*after);
    if constexpr (std::is_same_v<E, calls::AttributionRecomputed>) on_recomputed(*after);
    set(raw_name(e.call.raw), std::move(*after));
  }
  /// What the call was decided by is what the book has now.
  void on_attributed(const calls::Call& call) {
    AttributionBasis basis{event_id(), {}};
    basis.known.at = call.started_at;
    const auto& owed = call.attribution.campaign;
    const auto* campaign = owed ? x_book.find<campaigns::Campaign>(*owed) : nullptr;
    if (campaign && call.number)
      basis.known = known_at_ring(x_book, call.started_at, *call.number, *campaign, call.contact);
    contact_fold().on_attributed(call, basis.known);
    pool_fold().on_attributed(call);
    set(raw_name(call.id.raw), std::move(basis));
  }
  void on_recomputed(const calls::Call& call) {
    change<AttributionBasis>(call.id, [&](auto& basis) { basis.event = event_id(); });
    contact_fold().on_recomputed(call);
  }
  void on(const sessions::Forgotten& e) {
    for (auto session : e.sessions) pool_fold().on_erased(session);
  }
  template <class E>
    requires in_variant<E, sessions::Event>
  void on(const E& e) {
    const auto* found = x_book.find<sessions::Session>(e.session);
    auto before = found ? std::optional(*found) : std::nullopt;
    if (!before && !std::is_same_v<E, sessions::Started>) {
      x_impossible = e.session.to_string() + " does not exist";
      return;
    }
    auto after = sessions::evolve(before, e, x_at);
    pool_fold().on_session(before, e);
    if (after) {
      note_touch(*after, e);
      set(raw_name(e.session.raw), std::move(*after));
    } else {
      drop<sessions::Session>(raw_name(e.session.raw));
    }
  }
  template <class E>
  void note_touch(sessions::Session& session, const E& e) {
    if constexpr (requires { e.direct; })
      attribution::remember(session.touches, {session.id, x_at, e.direct.value_or(false), event_id()});
  }
  void on(const messages::Received& e) { contact_fold().on_message(e); }
  template <class E>
    requires in_variant<E, contacts::Event>
  void on(const E& e) {
    const auto* found = x_book.find<contacts::Contact>(e.contact);
    auto before = found ? std::optional(*found) : std::nullopt;
    auto after = contacts::evolve(before, e, x_at);
    if (!after) {
      x_impossible = e.contact.to_string() + " does not exist";
      return;
    }
    contact_fold().on_contact(before, *after);
    if constexpr (std::is_same_v<E, contacts::Erased>) forget(e);
    set(raw_name(e.contact.raw), std::move(*after));
  }
  /// What the erased person left in rows of other nouns.
  void forget(const contacts::Erased& e) {
    contact_fold().on_erased(e, x_at);
    for (auto call : e.calls) change<calls::Call>(call, calls::forget_caller);
    for (auto session : e.sessions) pool_fold().on_erased(session);
  }
  ContactFold<BookFold> contact_fold() { return {*this, event_id()}; }
  PoolFold<BookFold> pool_fold() { return {*this, x_at, event_id()}; }
  [[nodiscard]] std::string event_id() const {
    return x_commit ? ringledger::event_id(*x_commit, x_index) : std::string();
  }
  /// Only what assigns or ends an assignment is noted, for attribution.
  void note_assignment(const Event& event) {
    if (!x_commit) return;
    if (const auto* e = std::get_if<numbers::Assigned>(&event)) {
      set(raw_name(e->number.raw), AssignedBy{event_id()});
    }
  }

  Book& x_book;
  Timestamp x_at;
  std::optional<CommitId> x_commit;
  std::size_t x_index = 0;  ///< of the event in its commit
  std::vector<BookChange> x_changes;
  std::unordered_map<std::string, std::size_t> x_places;  ///< of keys in x_changes
  std::string x_impossible;
};

}  // namespace

Result<void> lay_events(const std::vector<Event>& events, Timestamp at, Book& book) {
  BookFold fold(book, at);
  for (const auto& event : events) {
    if (auto ok = fold.fold(event); !ok) return ok;
  }
  return {};
}

Result<std::vector<BookChange>> fold_into_book(const Commit& commit, std::uint64_t offset, Book& book) {
  const auto* line = book.find<AccountLine>("");
  AccountLine next = line ? *line : AccountLine{};
  next.eff = effective_time(commit.log_time, next.eff);
  next.sequence += commit.events.size();
  BookFold fold(book, commit.log_time, commit.id);
  for (const auto& event : commit.events) {
    if (auto ok = fold.fold(event); !ok) return std::unexpected(ok.error());
  }
  fold.set("", next);
  fold.set(commit.key_hash, Remembered{next.eff, offset, commit.req_hash, commit.refusal, commit.trace,
                                       commit.result.status, commit.result.clear, commit.result.personal,
                                       commit.result.subject, commit.id.to_string()});
  return fold.changes();
}

}  // namespace ringledger
