#include "adapters/json/commit_json.hpp"
#include "adapters/json/raw_member.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "adapters/crypto/hash.hpp"
#include "domain/utf8.hpp"

namespace ringledger::json {
namespace {

namespace bj = boost::json;

void member(std::string& out, std::string_view name, const auto& value) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":";
  Writer(out, Mode::event).write(value);
}

/// Reads members one by one and keeps the first fault.
class Members {
 public:
  explicit Members(const bj::object& o) : x_object(o) {}
  template <class T>
  Members& read(std::string_view name, T& out, bool required = true) {
    const auto* j = x_object.if_contains(name);
    if (!j || j->is_null()) {
      if (required) fault(name, "is missing");
      return *this;
    }
    auto v = from_stored<T>(*j);
    if (v)
      out = std::move(*v);
    else
      fault(name, v.error().detail);
    return *this;
  }
  void fault(std::string_view name, const std::string& why) {
    if (!x_fault)
      x_fault = Error{Code::internal, "/" + std::string(name) + " " + why, "/" + std::string(name)};
  }
  [[nodiscard]] const std::optional<Error>& fault() const { return x_fault; }

 private:
  const bj::object& x_object;
  std::optional<Error> x_fault;
};

Result<bj::object> object_of(std::string_view payload) {
  auto j = parse_stored(payload);
  if (!j) return std::unexpected(j.error());
  if (!j->is_object()) return fail(Code::internal, "the payload is not a JSON object");
  return std::move(j->get_object());
}

void put_at(bj::object& o, std::string_view path, const bj::value& value) {
  auto dot = path.find('.');
  if (dot == std::string_view::npos) {
    o[path] = value;
  } else if (auto* inner = o.if_contains(path.substr(0, dot)); inner && inner->is_object()) {
    put_at(inner->get_object(), path.substr(dot + 1), value);
  }
}

std::string begun(std::int64_t level) { return "{\"v\":" + std::to_string(level); }

/// What an older node could not read must not be written before `log.write_level` says that none is left.
Result<void> check_writable(const Event& event, std::int64_t write_level) {
  auto since = std::visit([]<class E>(const E&) { return level_of_type<E>(); }, event);
  if (since <= write_level) return {};
  return fail(Code::read_only, std::string(type_of(event)) + " is written from format level " +
                                   std::to_string(since) + " on, and log.write_level is " +
                                   std::to_string(write_level));
}

Result<void> check_readable(const bj::object& commit) {
  const auto* v = commit.if_contains("v");
  if (!v || !v->is_int64() || v->get_int64() <= newest_level) return {};
  return fail(Code::internal,
              "it was written at format level " + std::to_string(v->get_int64()) +
                  ", this release reads levels up to " + std::to_string(newest_level) + ": update Ringledger",
              "/v");
}

/// What no reader could decode again must not get into the log, wherever it came from.
std::unexpected<Error> not_utf8() { return fail(Code::internal, "a text of the commit is not UTF-8"); }

}  // namespace

std::string merged(const std::string& clear, const std::string& personal) {
  if (personal.empty()) return clear;
  auto into = bj::parse(clear);
  for (const auto& [path, value] : bj::parse(personal).as_object()) put_at(into.get_object(), path, value);
  return bj::serialize(into);
}

Result<void> JsonCommitCodec::write_sealed(std::string& out, std::string_view subject, const SealPlace& place,
                                           std::string_view personal) {
  if (!is_utf8(personal)) return not_utf8();
  auto sealed = x_vault.seal(subject, place, personal);
  if (!sealed) return std::unexpected(sealed.error());
  out += ",\"p\":{";
  member(out, "subject", subject);
  member(out, "key", sealed->key);
  member(out, "sealed", sealed->text);
  out += '}';
  return {};
}

Result<std::string> JsonCommitCodec::encode(const Commit& c) {
  for (const auto& event : c.events) {
    if (auto ok = check_writable(event, x_write_level); !ok) return std::unexpected(ok.error());
  }
  auto out = begun(x_write_level);
  out.reserve(1024);
  member(out, "term", c.term);
  member(out, "node", c.node);
  member(out, "seq", c.seq);
  member(out, "basis", c.basis);
  member(out, "id", c.id);
  member(out, "account", c.account);
  member(out, "principal", c.principal.text);
  member(out, "cmd", c.command);
  member(out, "key_hash", c.key_hash);
  member(out, "req_hash", c.req_hash);
  member(out, "log_ms", c.log_time.ms);
  member(out, "at", c.at.ms);
  if (!c.cause.empty()) member(out, "cause", c.cause);
  member(out, "trace", c.trace);
  member(out, "outcome", c.refusal.empty() ? std::string_view("ok") : std::string_view(c.refusal));
  std::string account = c.account.to_string(), id = c.id.to_string();
  out += ",\"result\":{";
  member(out, "status", c.result.status);
  member(out, "d", Raw{c.result.clear});
  if (!c.result.personal.empty()) {
    auto ok = write_sealed(out, c.result.subject, {account, id, "result"}, c.result.personal);
    if (!ok) return std::unexpected(ok.error());
  }
  out += '}';
  member(out, "first_sequence", c.first_sequence);
  out += ",\"events\":[";
  for (std::size_t i = 0; i < c.events.size(); ++i) {
    const Event& e = c.events[i];
    Split parts = split_event(e);
    out += i ? ",{" : "{";
    member(out, "t", type_of(e));
    if (auto ws = workspace_of(e)) member(out, "ws", *ws);
    member(out, "e", entities_of(e));
    member(out, "d", Raw{std::move(parts.clear)});
    if (!parts.personal.empty()) {
      auto ok = write_sealed(out, subject_of_sealed(e), {account, id, std::to_string(i)}, parts.personal);
      if (!ok) return std::unexpected(ok.error());
    }
    out += '}';
  }
  out += "]}";
  if (!is_utf8(out)) return not_utf8();
  return out;
}

std::string JsonCommitCodec::encode(const Claim& c) {
  auto out = begun(first_level);
  member(out, "term", c.term);
  member(out, "node", c.node);
  member(out, "url", c.url);
  return out + "}";
}

std::string JsonCommitCodec::encode(const LogHeader& h) { return encode_header(h); }

std::string encode_header(const LogHeader& h) {
  auto out = begun(first_level);
  member(out, "epoch", h.epoch);
  member(out, "installation", h.installation);
  member(out, "partitions", h.partitions);
  return out + "}";
}

/// `{"v":L,"term":T,"node":"N","seq":S,` as encode writes it, at any level.
std::optional<CommitCodec::Stamp> JsonCommitCodec::stamp_of(std::string_view p) {
  Stamp s;
  auto after = [&](std::string_view text) {
    if (!p.starts_with(text)) return false;
    p.remove_prefix(text.size());
    return true;
  };
  auto number = [&](std::uint64_t& out) {
    auto [end, ec] = std::from_chars(p.data(), p.data() + p.size(), out);
    if (ec != std::errc{}) return false;
    p.remove_prefix(static_cast<std::size_t>(end - p.data()));
    return true;
  };
  if (!level_in(p)) return std::nullopt;
  p.remove_prefix(p.find(','));
  if (!after(",\"term\":") || !number(s.term) || !after(",\"node\":\"")) return std::nullopt;
  auto quote = p.find('"');
  if (quote == std::string_view::npos) return std::nullopt;
  s.node = p.substr(0, quote);
  if (s.node.find('\\') != std::string_view::npos) return std::nullopt;  // escaped: only decoding tells it
  p.remove_prefix(quote);
  if (!after("\",\"seq\":") || !number(s.seq)) return std::nullopt;
  return s;
}

std::string_view unstamped(std::string_view payload) {
  constexpr std::string_view basis = ",\"basis\":\"", id = "\",\"id\":";
  auto at = payload.find(basis);
  if (at == std::string_view::npos) return {};
  auto end = payload.find('"', at + basis.size());
  if (end == std::string_view::npos || !payload.substr(end).starts_with(id)) return {};
  return payload.substr(end + 2);
}

std::optional<AccountId> account_in(std::string_view payload) {
  constexpr std::string_view name = ",\"account\":\"";
  auto rest = unstamped(payload);
  auto at = rest.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(at + name.size());
  return AccountId::parse(rest.substr(0, rest.find('"')));
}

/// No text in the JSON has `"log_ms":` in it: its quotes are escaped there.
std::optional<std::int64_t> log_ms_in(std::string_view payload) {
  constexpr std::string_view name = ",\"log_ms\":";
  auto rest = unstamped(payload);
  auto at = rest.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(at + name.size());
  std::int64_t ms = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), ms);
  return error == std::errc() ? std::optional(ms) : std::nullopt;
}

std::string restamped(std::string_view payload, const CommitCodec::Stamp& stamp, std::string_view basis) {
  auto out = begun(level_in(payload).value_or(first_level));
  member(out, "term", stamp.term);
  member(out, "node", stamp.node);
  member(out, "seq", stamp.seq);
  member(out, "basis", basis);
  return out.append(",").append(unstamped(payload));
}

Result<void> JsonCommitCodec::open_sealed(const bj::object& p, const SealPlace& place, bj::object& into) {
  std::string subject;
  Sealed sealed;
  Members m(p);
  m.read("subject", subject).read("key", sealed.key).read("sealed", sealed.text);
  if (m.fault()) return std::unexpected(*m.fault());
  auto opened = x_vault.open(subject, place, sealed);
  if (!opened) return std::unexpected(opened.error());
  if (!*opened) return {};  // erased: the members stay empty
  auto members = object_of(**opened);
  if (!members) return std::unexpected(members.error());
  for (auto& [path, value] : *members) {
    if (path.find('.') == bj::string_view::npos)
      into[path] = value;
    else
      put_at(into, path, value);
  }
  return {};
}

/// The answer in clear is kept as it was written: a repeat gives it byte for byte.
Result<StoredResult> JsonCommitCodec::read_result(const bj::object& o, std::string_view text_of_it,
                                                  const SealPlace& place) {
  StoredResult r;
  Members m(o);
  m.read("status", r.status);
  if (m.fault()) return std::unexpected(*m.fault());
  if (const auto* d = o.if_contains("d"); d && d->is_object()) r.clear = raw_member(text_of_it, "d");
  if (const auto* p = o.if_contains("p"); p && p->is_object()) {
    Members(p->get_object()).read("subject", r.subject);
    bj::object opened;
    Sealed sealed;
    Members(p->get_object()).read("key", sealed.key).read("sealed", sealed.text);
    auto text = x_vault.open(r.subject, place, sealed);
    if (!text) return std::unexpected(text.error());
    if (*text) r.personal = **text;
  }
  return r;
}

Result<Commit> JsonCommitCodec::decode_commit(std::string_view payload) {
  auto o = object_of(payload);
  if (!o) return std::unexpected(o.error());
  if (auto ok = check_readable(*o); !ok) return std::unexpected(ok.error());
  Commit c;
  std::string outcome;
  Members m(*o);
  m.read("term", c.term).read("node", c.node).read("seq", c.seq).read("basis", c.basis).read("id", c.id);
  m.read("account", c.account).read("principal", c.principal.text).read("cmd", c.command);
  m.read("key_hash", c.key_hash)
      .read("req_hash", c.req_hash)
      .read("log_ms", c.log_time.ms)
      .read("at", c.at.ms);
  m.read("cause", c.cause, false).read("trace", c.trace, false).read("outcome", outcome);
  m.read("first_sequence", c.first_sequence);
  const auto* result = o->if_contains("result");
  const auto* events = o->if_contains("events");
  if (!result || !result->is_object()) m.fault("result", "is missing");
  if (!events || !events->is_array()) m.fault("events", "is missing");
  if (m.fault()) return std::unexpected(*m.fault());
  if (outcome != "ok") c.refusal = outcome;
  std::string account = c.account.to_string(), id = c.id.to_string();
  auto r = read_result(result->get_object(), raw_member(payload, "result"), {account, id, "result"});
  if (!r) return std::unexpected(r.error());
  c.result = std::move(*r);
  for (std::size_t i = 0; i < events->get_array().size(); ++i) {
    std::string at = "/events/" + std::to_string(i);
    const auto& j = events->get_array()[i];
    const auto* t = j.is_object() ? j.get_object().if_contains("t") : nullptr;
    const auto* d = j.is_object() ? j.get_object().if_contains("d") : nullptr;
    if (!t || !t->is_string() || !d || !d->is_object())
      return fail(Code::internal, at + " has no t or d", at);
    bj::object members = d->get_object();
    if (const auto* p = j.get_object().if_contains("p"); p && p->is_object()) {
      auto ok = open_sealed(p->get_object(), {account, id, std::to_string(i)}, members);
      if (!ok) return std::unexpected(ok.error());
    }
    auto event = read_event(t->get_string(), std::move(members), x_casts);
    if (!event) return fail(Code::internal, at + " " + event.error().detail, at + event.error().pointer);
    c.events.push_back(std::move(*event));
  }
  return c;
}

Result<Claim> JsonCommitCodec::decode_claim(std::string_view payload) {
  auto o = object_of(payload);
  if (!o) return std::unexpected(o.error());
  Claim c;
  Members m(*o);
  m.read("term", c.term).read("node", c.node).read("url", c.url, false);
  if (m.fault()) return std::unexpected(*m.fault());
  return c;
}

Result<LogHeader> JsonCommitCodec::decode_header(std::string_view payload) {
  return json::decode_header(payload);
}

Result<LogHeader> decode_header(std::string_view payload) {
  auto o = object_of(payload);
  if (!o) return std::unexpected(o.error());
  LogHeader h;
  Members m(*o);
  m.read("epoch", h.epoch).read("installation", h.installation).read("partitions", h.partitions);
  if (m.fault()) return std::unexpected(*m.fault());
  return h;
}

std::string JsonCommitCodec::chain(std::string_view basis, std::string_view payload) {
  std::string text;
  text.reserve(basis.size() + payload.size());
  text.append(basis).append(payload);
  return sha256_hex(text).substr(0, 16);
}

}  // namespace ringledger::json
