// Matching of faults and the bounded request log; see simulator_faults.hpp.
#include "adapters/twilio/simulator_faults.hpp"

#include <algorithm>
#include <array>

#include "domain/values.hpp"

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

std::size_t bytes_of(const LoggedRequest& request) {
  std::size_t bytes = sizeof request + request.url.size() + request.account_sid.size();
  for (const auto& [name, value] : request.params) bytes += 2 * sizeof name + name.size() + value.size();
  return bytes;
}

json::object show_params(const FormFields& params) {
  json::object out;
  for (const auto& [name, value] : params) {
    auto [slot, is_new] = out.emplace(name, value);
    if (is_new) continue;
    if (!slot->value().is_array()) slot->value() = json::array{slot->value()};
    slot->value().as_array().push_back(json::value(value));
  }
  return out;
}

json::object show_item(const LoggedRequest& request) {
  return {{"direction", request.sent ? "sent" : "received"},
          {"method", request.method},
          {"url", request.url},
          {"params", show_params(request.params)},
          {"status", request.status},
          {"account_sid", request.account_sid},
          {"faulted", request.faulted},
          {"dropped", request.dropped},
          {"at", to_rfc3339(Timestamp{request.at_ms})}};
}

/// A whole number of [least, most]; `into` stays when the member is absent or null.
template <class Int>
bool read_int(const json::value& value, Int& into, std::int64_t least, std::int64_t most) {
  if (value.is_null()) return true;
  const auto* number = value.if_int64();
  if (!number || *number < least || *number > most) return false;
  into = static_cast<Int>(*number);
  return true;
}

bool read_text(const json::value& value, std::string& into) {
  if (value.is_null()) return true;
  const auto* text = value.if_string();
  if (text) into.assign(text->data(), text->size());
  return text && text->size() <= 100;
}

/// nullopt: no such member; else whether its value is sound.
std::optional<bool> read_member(std::string_view name, const json::value& value, Fault& fault) {
  if (name == "resource") return read_text(value, fault.resource);
  if (name == "method") return read_text(value, fault.method);
  if (name == "account_sid") return read_text(value, fault.account_sid);
  if (name == "times") return read_int(value, fault.times, 1, 1'000'000);
  if (name == "status") return read_int(value, fault.status, 400, 599);
  if (name == "code") return read_int(value, fault.code, 0, 999'999);
  if (name == "retry_after_s") return read_int(value, fault.retry_after_s, 0, 86'400);
  if (name == "delay_ms") return read_int(value, fault.delay_ms, 0, 120'000);
  auto* flag = name == "drop_answer"    ? &fault.drop_answer
               : name == "drop_request" ? &fault.drop_request
                                        : nullptr;
  if (!flag) return std::nullopt;
  if (value.is_bool()) *flag = value.as_bool();
  return value.is_bool() || value.is_null();
}

int code_for(int status) {
  if (status == 401) return 20003;
  if (status == 403) return 20006;
  if (status == 404) return 20404;
  if (status == 409) return 20409;
  if (status == 429) return 20429;
  if (status == 503) return 20503;
  return status >= 500 ? 20500 : 20001;
}

}  // namespace

std::expected<Fault, std::string> read_fault(const json::object& body) {
  Fault fault;
  for (const auto& [key, value] : body) {
    const std::string_view name(key.data(), key.size());
    const auto sound = read_member(name, value, fault);
    if (!sound) return std::unexpected("a fault has no member \"" + std::string(name) + "\"");
    if (!*sound) return std::unexpected("\"" + std::string(name) + "\" is out of range or of another type");
  }
  if (fault.drop_request && (fault.status || fault.delay_ms || fault.drop_answer))
    return std::unexpected("drop_request is of our webhooks, the others of requests to us: take one of them");
  if (!fault.status && !fault.delay_ms && !fault.drop_answer && !fault.drop_request)
    return std::unexpected("a fault needs status, delay_ms, drop_answer or drop_request");
  if (fault.status && fault.drop_answer)
    return std::unexpected("drop_answer does the work and status does not: take one of them");
  if (fault.status && !fault.code) fault.code = code_for(fault.status);
  return fault;
}

json::object show_fault(const Fault& fault) {
  return {{"id", fault.id},
          {"resource", fault.resource},
          {"method", fault.method},
          {"account_sid", fault.account_sid},
          {"times", fault.times},
          {"status", fault.status},
          {"code", fault.code},
          {"retry_after_s", fault.retry_after_s},
          {"delay_ms", fault.delay_ms},
          {"drop_answer", fault.drop_answer},
          {"drop_request", fault.drop_request}};
}

std::optional<Fault> Faults::add(Fault fault) {
  if (waiting_.size() >= max_waiting) return std::nullopt;
  fault.id = ++last_id_;
  waiting_.push_back(fault);
  return fault;
}

std::optional<Fault> Faults::take(std::string_view resource, std::string_view method,
                                  std::string_view account_sid) {
  return take(false, resource, method, account_sid);
}

bool Faults::take_webhook(std::string_view hook, std::string_view method, std::string_view account_sid) {
  return take(true, hook, method, account_sid).has_value();
}

std::optional<Fault> Faults::take(bool webhook, std::string_view resource, std::string_view method,
                                  std::string_view account_sid) {
  const auto fits = [](const std::string& filter, std::string_view value) {
    return filter.empty() || filter == value;
  };
  const auto found = std::ranges::find_if(waiting_, [&](const Fault& f) {
    return f.drop_request == webhook && fits(f.resource, resource) && fits(f.method, method) &&
           fits(f.account_sid, account_sid);
  });
  if (found == waiting_.end()) return std::nullopt;
  auto taken = *found;
  if (--found->times == 0) waiting_.erase(found);
  return taken;
}

void RequestLog::add(LoggedRequest request) {
  bytes_ += bytes_of(request);
  items_.push_back(std::move(request));
  while (items_.size() > max_items || (bytes_ > max_bytes && items_.size() > 1)) {
    bytes_ -= bytes_of(items_.front());
    items_.pop_front();
  }
}

void RequestLog::clear() {
  items_.clear();
  bytes_ = 0;
}

json::array RequestLog::show(std::string_view account_sid) const {
  json::array out;
  for (const auto& item : items_)
    if (account_sid.empty() || item.account_sid == account_sid) out.push_back(show_item(item));
  return out;
}

}  // namespace ringledger::simulated
