// A real Kafka broker for a test program: started by scripts/kafka when first asked for, stopped at the end.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "tests/adapters/system/temp_folder.hpp"

namespace ringledger::test {

class Broker {
 public:
  /// The one of this program.
  static Broker& get() {
    static Broker broker;
    return broker;
  }
  /// HOST:PORT
  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }
  /// A name no test used before.
  std::string topic() { return "test-" + std::to_string(++topics_) + ".log"; }
  /// As if the machine was switched off and on; the same address afterwards.
  void stop() { must_run("stop"); }
  void start() { bootstrap_ = address(must_run("start")); }
  ~Broker() { static_cast<void>(run("stop")); }  // after the last test: nobody would hear a complaint
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

 private:
  Broker() { start(); }

  std::string must_run(const std::string& verb) {
    auto said = run(verb);
    REQUIRE(said.has_value());
    return *said;
  }
  /// What scripts/kafka prints; nullopt when it fails.
  std::optional<std::string> run(const std::string& verb) {
    std::string command = std::string(RL_SOURCE_DIR) + "/scripts/kafka " + verb + " --data " + folder_.path();
    FILE* out = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a script of ours
    if (!out) return std::nullopt;
    std::string text;
    std::array<char, 256> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), out)) text += buffer.data();
    if (pclose(out) != 0) return std::nullopt;
    return text;
  }
  static std::string address(const std::string& said) {
    REQUIRE(said.starts_with("bootstrap="));
    return said.substr(10, said.find('\n') - 10);
  }

  TempFolder folder_;
  std::string bootstrap_;
  int topics_ = 0;
};

}  // namespace ringledger::test
