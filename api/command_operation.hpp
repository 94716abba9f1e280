// Makes an Operation from a command's declaration: reads it from path, query and body, and erases its type.
#pragma once

#include "adapters/json/schema.hpp"
#include "api/known_values.hpp"
#include "api/operation.hpp"
#include "api/problem.hpp"
#include "commands/number_parts.hpp"

namespace ringledger {

/// Draws beyond those a command names itself: ids it makes, a secret, and the commit's id.
inline constexpr std::size_t base_draws = 16;

namespace reading {

template <class T>
bool in_path(std::string_view member) {
  std::string braced = "{" + std::string(member) + "}";
  return T::route.path.find(braced) != std::string_view::npos;
}

/// Query parameters as the JSON members they stand for, so that one reader reads both.
template <class T>
boost::json::object members_of_query(const FormFields& query, std::vector<Error>& faults);

/// The path's values as JSON members. What is no id there is nothing that exists.
template <class T>
bool read_path(const Call& call, T& out) {
  boost::json::object members;
  for (const auto& [name, value] : call.parts) members[name] = value;
  json::Reader reader(json::Reading::strict, nullptr, &call.numbers);
  reader.read_members(members, out, [](std::string_view m) { return !in_path<T>(m); });
  return reader.faults().empty();
}

/// A fault of a query parameter: its name stands as a JSON pointer, as if the parameters were one object.
Error parameter_fault(std::string_view name, std::string detail);

/// The body as a JSON object: a missing one is empty.
std::expected<boost::json::object, Refusal> body_of(const Call& call);

/// Adds a fault for each country and time zone of `out` that there is none of, where no other fault stands.
template <class T>
void name_unknown_values(const boost::json::object& members, const T& out, std::vector<Error>& faults) {
  auto judge = [&](const auto& value, const std::string& pointer) {
    bool faulty = std::any_of(faults.begin(), faults.end(), [&](auto& f) { return f.pointer == pointer; });
    auto why = faulty ? std::nullopt : unknown_value(value);
    if (why) faults.push_back({Code::validation_failed, std::move(*why), pointer});
  };
  using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto d) {
    const auto& f = out.*d.pointer;
    using F = std::remove_cvref_t<decltype(f)>;
    std::string pointer = "/" + std::string(d.name);
    if (!members.contains(d.name)) return;
    if constexpr (is_looked_up<F>) {
      judge(f, pointer);
    } else if constexpr (json::is_optional<F>) {
      if constexpr (is_looked_up<typename F::value_type>) {
        if (f) judge(*f, pointer);
      }
    } else if constexpr (json::is_vector<F>) {
      if constexpr (is_looked_up<typename F::value_type>) {
        for (std::size_t i = 0; i < f.size(); ++i) judge(f[i], pointer + "/" + std::to_string(i));
      }
    }
  });
}

/// What was read, and what is wrong with it; members with faults are as they were before.
template <class T>
struct Reading {
  T value{};
  std::vector<Error> faults;
};

/// Reads a command or query: path, then query and body members.
template <class T>
std::expected<Reading<T>, Refusal> read_with_faults(const Call& call, bool body_allowed) {
  Reading<T> read;
  auto& [out, faults] = read;
  if (!read_path(call, out)) return no_such_thing();
  boost::json::object members = members_of_query<T>(call.query, faults);
  if (body_allowed) {
    auto body = body_of(call);
    if (!body) return std::unexpected(body.error());
    for (auto& m : *body) members[m.key()] = std::move(m.value());
  }
  json::Reader reader(json::Reading::strict, nullptr, &call.numbers);
  reader.read_members(members, out, [](std::string_view m) { return in_path<T>(m); });
  faults.insert(faults.end(), reader.faults().begin(), reader.faults().end());
  name_unknown_values(members, out, faults);
  return read;
}

/// The same; faults are a refusal.
template <class T>
std::expected<T, Refusal> read(const Call& call, bool body_allowed) {
  auto read = read_with_faults<T>(call, body_allowed);
  if (!read) return std::unexpected(std::move(read.error()));
  if (!read->faults.empty()) return refuse_fields(std::move(read->faults));
  return std::move(read->value);
}

/// Adds the faults of places where there is none yet: what is said of a member that could not be read, or of
/// one inside or around it, is not to be trusted.
void add_elsewhere(std::vector<Error>& faults, std::vector<Error> more);

template <class F>
boost::json::value query_value(const std::string& text) {
  if constexpr (json::is_optional<F>) {
    if (text.empty()) return nullptr;
    return query_value<typename F::value_type>(text);
  } else if constexpr (std::is_same_v<F, bool>) {
    if (text == "true" || text == "false") return text == "true";
    return boost::json::value(text);
  } else if constexpr (std::is_integral_v<F>) {
    std::int64_t v = 0;
    auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (ec == std::errc{} && end == text.data() + text.size()) return v;
    return boost::json::value(text);
  } else {
    return boost::json::value(text);
  }
}

/// Values of a repeated parameter; each may hold several, separated by commas. In a filter an empty one is a
/// value too: that it names nothing is told, not taken for "no filter".
boost::json::array query_list(const FormFields& query, std::string_view name, bool filter);

template <class T>
boost::json::object members_of_query(const FormFields& query, std::vector<Error>& faults) {
  boost::json::object members;
  using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
  for (const auto& [name, value] : query) {
    bool known = false;
    boost::mp11::mp_for_each<Fields>([&](auto d) {
      if (known || name != d.name || in_path<T>(d.name)) return;
      known = true;
      using F = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
      if constexpr (json::is_vector<F>) {
        members[name] = query_list(query, name, T::route.method == Method::get);
      } else if (members.contains(name)) {
        faults.push_back(parameter_fault(name, "stands twice"));
      } else {
        members[name] = query_value<F>(value);
      }
    });
    if (!known) faults.push_back(parameter_fault(name, "is not a parameter of this route"));
  }
  return members;
}

}  // namespace reading

/// A decision with its types erased.
template <class C>
Outcome outcome_of(const C& command, const Book& book, const Context& ctx) {
  ctx.drawn = 0;
  Outcome out;
  if constexpr (requires { questions(command, book, ctx); }) {
    for (auto& q : questions(command, book, ctx)) {
      if (!ctx.about(q.connection)) out.questions.push_back(std::move(q));
    }
    if (!out.questions.empty()) return out;
  }
  auto decision = decide(command, book, ctx);
  if (!decision) {
    out.refusal = std::move(decision.error());
    out.result.status = status_of(out.refusal->code);
    out.result.clear = refusal_json(*out.refusal);
    return out;
  }
  auto parts = json::split(decision->result, json::Mode::result);
  out.events = std::move(decision->events);
  out.result.status = decision->status;
  out.result.clear = std::move(parts.clear);
  out.result.personal = std::move(parts.personal);
  if constexpr (requires { decision->result.subject(); }) out.result.subject = decision->result.subject();
  out.once = std::move(parts.once);
  return out;
}

/// The answer of a command about a number, once the provider's part is known.
template <class Answer>
std::string answer_with_outcome(const std::string& body, const numbers::Number* n) {
  auto answer = json::from_stored_text<Answer>(body);
  if (!answer) return body;
  if (n) {
    answer->provider = provider_progress(*n);
    if constexpr (requires { answer->cnam; }) answer->cnam = cnam_progress(*n);
  } else {
    answer->provider = {numbers::ProviderState::gone, std::nullopt};
  }
  return json::to_text(*answer);
}

/// The answer of a command about many numbers, once the provider's part of all is known.
template <class Answer>
std::string answer_with_outcomes(const std::string& body, const std::map<NumberId, std::string>& refused) {
  auto answer = json::from_stored_text<Answer>(body);
  if (!answer || refused.empty()) return body;
  for (auto& item : answer->results) {
    auto why = item.number ? refused.find(item.number->id) : refused.end();
    if (why == refused.end() || item.error) continue;
    item.error = {.code = Code::provider_refused, .detail = why->second};
  }
  return json::to_text(*answer);
}

template <class C>
Prepared prepared(C command) {
  Prepared p;
  p.name = C::operation;
  if constexpr (requires { command.name(); }) p.name = command.name();
  p.draws = base_draws;
  if constexpr (requires { command.draws(); }) p.draws += command.draws();
  if constexpr (requires(typename C::Answer a) {
                  a.provider.state;
                  command.number;
                }) {
    p.number = command.number;
    p.with_outcome = &answer_with_outcome<typename C::Answer>;
  }
  if constexpr (requires(typename C::Answer a) { a.results.front().number->id; })
    p.with_outcomes = &answer_with_outcomes<typename C::Answer>;
  p.decide = [c = std::move(command)](const Book& book, const Context& ctx) {
    return outcome_of(c, book, ctx);
  };
  return p;
}

/// A command that cannot be: what else is wrong with it is asked of the book, so that all faults are told
/// together. Commits nothing.
template <class C>
Prepared faulty(reading::Reading<C> read) {
  Prepared p;
  p.name = C::operation;
  p.draws = base_draws;
  p.faults = refusal_of(read.faults);
  p.decide = [r = std::move(read)](const Book& book, const Context& ctx) {
    auto faults = r.faults;
    reading::add_elsewhere(faults, field_faults(r.value, book, ctx));
    Outcome out;
    out.refusal = refusal_of(std::move(faults));
    return out;
  };
  return p;
}

/// Path and query parameters for OpenAPI.
template <class T>
void describe_parameters(Operation& op, bool query_too) {
  using Fields = boost::describe::describe_members<T, boost::describe::mod_public>;
  boost::mp11::mp_for_each<Fields>([&](auto d) {
    using F = std::remove_cvref_t<decltype(std::declval<T>().*d.pointer)>;
    auto schema = json::schema_of<F>(json::SchemaOf::request);
    if (reading::in_path<T>(d.name))
      op.path_parameters.emplace_back(d.name, std::move(schema));
    else if (query_too)
      op.query_parameters.emplace_back(d.name, std::move(schema));
  });
}

template <class C>
Operation command() {
  Operation op;
  op.operation = C::operation;
  if constexpr (requires { C::names; })
    op.commands.assign(std::begin(C::names), std::end(C::names));
  else
    op.commands = {C::operation};
  op.summary = C::summary;
  op.method = C::route.method;
  op.path = C::route.path;
  op.access = C::access;
  op.statuses.assign(statuses_of<C>().begin(), statuses_of<C>().end());
  constexpr bool may_be_query = C::route.method == Method::del;
  describe_parameters<C>(op, may_be_query);
  op.body = json::object_schema<C>(json::SchemaOf::request,
                                   [](std::string_view m) { return reading::in_path<C>(m); });
  op.answer = json::schema_of<typename C::Answer>(json::SchemaOf::answer);
  op.prepare = [](const Call& call) -> std::expected<Prepared, Refusal> {
    if (!may_be_query && !call.query.empty()) {
      return refuse_fields(
          {reading::parameter_fault(call.query[0].first, "is not a parameter of this route")});
    }
    auto c = reading::read_with_faults<C>(call, true);
    if (!c) return std::unexpected(c.error());
    if (c->faults.empty()) return prepared(std::move(c->value));
    if constexpr (requires(const Book& b, const Context& x) { field_faults(c->value, b, x); })
      return faulty(std::move(*c));
    return refuse_fields(std::move(c->faults));
  };
  return op;
}

/// A question to the book (a preview): decided like a command, committed never.
template <class C>
Operation book_question() {
  Operation op = command<C>();
  op.commands.clear();
  op.body = {};
  op.query_parameters.clear();
  op.path_parameters.clear();
  describe_parameters<C>(op, true);
  op.prepare = nullptr;
  op.ask_book = [](const Call& call) -> std::expected<Prepared, Refusal> {
    auto c = reading::read<C>(call, false);
    if (!c) return std::unexpected(c.error());
    return prepared(std::move(*c));
  };
  return op;
}

/// Every command there is, in the order of the contract.
std::vector<Operation> command_operations();

}  // namespace ringledger
