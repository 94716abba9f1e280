#include "api/event_stream.hpp"

namespace ringledger {

bool EventStream::feed(std::string_view piece) {
  x_rest += piece;
  std::size_t from = 0;
  for (auto end = x_rest.find('\n'); end != std::string::npos; end = x_rest.find('\n', from)) {
    std::string_view text(x_rest.data() + from, end - from);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!line(text)) return false;
    from = end + 1;
  }
  x_rest.erase(0, from);
  return true;
}

bool EventStream::line(std::string_view text) {
  if (text.empty()) {
    bool go_on = x_message.data.empty() || x_take(x_message);
    x_message.data.clear();
    return go_on;
  }
  auto colon = text.find(':');
  auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "id") x_message.id = value;
  if (field == "data") {
    if (!x_message.data.empty()) x_message.data += '\n';
    x_message.data += value;
  }
  return true;
}

}  // namespace ringledger
