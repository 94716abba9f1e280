#include "adapters/json/event_json.hpp"

#include <algorithm>
#include <unordered_map>

namespace ringledger::json {
namespace {

using Decoder = Result<Event> (*)(const boost::json::value&);

template <class E>
Result<Event> decode(const boost::json::value& members) {
  auto e = from_stored<E>(members);
  if (!e) return fail(e.error().code, std::string(E::type) + e.error().detail, e.error().pointer);
  return Event(std::move(*e));
}

template <class... Es>
std::unordered_map<std::string_view, Decoder> decoders_of(std::variant<Es...>*) {
  return {{Es::type, &decode<Es>}...};
}

const std::unordered_map<std::string_view, Decoder>& decoders() {
  static const auto all = decoders_of(static_cast<Event*>(nullptr));
  return all;
}

}  // namespace

const Upcasts& upcasts() {
  static const Upcasts none;  // no event has a second version yet
  return none;
}

Split split_event(const Event& event) {
  return std::visit([](const auto& e) { return split(e); }, event);
}

Result<Event> read_event(std::string_view type, boost::json::object members, const Upcasts& casts) {
  std::string name(type);
  for (auto cast = casts.find(name); cast != casts.end(); cast = casts.find(name))
    name = cast->second(members);
  auto decoder = decoders().find(name);
  if (decoder == decoders().end()) {
    return fail(Code::internal, "event type " + name + " is not known to this version", "/t");
  }
  return decoder->second(boost::json::value(std::move(members)));
}

std::vector<std::string_view> event_types() {
  std::vector<std::string_view> all;
  for (const auto& [name, decoder] : decoders()) all.push_back(name);
  std::sort(all.begin(), all.end());
  return all;
}

std::string subject_of_sealed(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::string {
        if constexpr (requires { e.subject(); }) return e.subject();
        return {};
      },
      event);
}

}  // namespace ringledger::json
