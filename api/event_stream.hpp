// Reading a stream of server-sent events (WHATWG HTML 9.2), as it comes in pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ringledger {

class EventStream {
 public:
  struct Message {
    std::string id, data;
  };
  /// False gives the stream up.
  using Take = std::function<bool(const Message&)>;
  explicit EventStream(Take take) : x_take(std::move(take)) {}

  /// The next piece, cut anywhere. False: given up.
  bool feed(std::string_view piece);

 private:
  bool line(std::string_view text);
  Take x_take;
  std::string x_rest;  ///< of a line that goes on
  Message x_message;
};

}  // namespace ringledger
