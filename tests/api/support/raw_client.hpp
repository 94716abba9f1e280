// A client that sends exactly the bytes it is given, for what no HTTP library would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ringledger::testing {

struct RawAnswer {
  int status = 0;  ///< 0: the connection closed before a whole answer came
  std::string head, body;
  [[nodiscard]] bool says(std::string_view text) const { return head.contains(text); }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& o) noexcept
      : fd_(std::exchange(o.fd_, -1)), connected_(o.connected_), in_(std::move(o.in_)) {}
  RawClient& operator=(RawClient&&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// False when the other side is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  RawAnswer get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return read();
  }
  /// One answer. `head_only`: to a HEAD.
  RawAnswer read(bool head_only = false) {
    RawAnswer a;
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return a;
    }
    a.head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    if (!a.head.starts_with("HTTP/1.1 ")) return a;
    int status = std::atoi(a.head.c_str() + 9);
    if (head_only || status == 204 || status == 304 || status < 200) {
      a.status = status;
    } else if (auto at = a.head.find("Content-Length: "); at != std::string::npos) {
      auto size = static_cast<std::size_t>(std::atoll(a.head.c_str() + at + 16));
      while (in_.size() < size) {
        if (!more()) return a;
      }
      a.body = in_.substr(0, size);
      in_.erase(0, size);
      a.status = status;
    } else if (a.says("Transfer-Encoding: chunked")) {
      if (read_chunks(a.body)) a.status = status;
    } else {
      while (more()) {
      }
      a.body = std::exchange(in_, {});
      a.status = status;
    }
    return a;
  }
  /// Did the server close within the time (anything it sends meanwhile is dropped).
  bool closed_within(int ms) {
    wait_ms_ = ms;
    while (more()) in_.clear();
    wait_ms_ = 10'000;
    return gone_;
  }
  /// Nothing comes and nothing closes for that long.
  bool silent_for(int ms) {
    wait_ms_ = ms;
    bool came = more();
    wait_ms_ = 10'000;
    return !came && !gone_;
  }
  std::string& pending() { return in_; }
  bool more() {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, wait_ms_) <= 0) return false;
    char buf[65536];
    auto n = ::recv(fd_, buf, sizeof buf, 0);
    if (n <= 0) {
      gone_ = true;
      return false;
    }
    in_.append(buf, static_cast<std::size_t>(n));
    return true;
  }

 private:
  bool read_chunks(std::string& body) {
    for (;;) {
      std::size_t eol = 0;
      while ((eol = in_.find("\r\n")) == std::string::npos) {
        if (!more()) return false;
      }
      auto size = std::strtoull(in_.c_str(), nullptr, 16);
      while (in_.size() < eol + 2 + size + 2) {
        if (!more()) return false;
      }
      body += in_.substr(eol + 2, size);
      in_.erase(0, eol + 2 + size + 2);
      if (size == 0) return true;
    }
  }
  int fd_;
  bool connected_ = false, gone_ = false;
  int wait_ms_ = 10'000;
  std::string in_;
};

}  // namespace ringledger::testing
