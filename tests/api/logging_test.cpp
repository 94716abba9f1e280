// Log lines: one JSON object each, phone numbers masked, bounded, and never lost silently.
#include "api/logging.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace ringledger;

namespace {
/// Starts logging into a list, stops when it ends.
class Captured {
 public:
  explicit Captured(std::string level = "debug", std::string format = "json") {
    REQUIRE(start_logging(
        {std::move(level), std::move(format), [this](std::string_view line) { lines_.emplace_back(line); }}));
  }
  ~Captured() { stop_logging(); }
  std::vector<std::string> take() {
    stop_logging();
    return std::exchange(lines_, {});
  }

 private:
  std::vector<std::string> lines_;
};

/// The line without its time.
std::string rest(const std::string& line) {
  REQUIRE(line.starts_with(R"({"time":"20)"));
  return line.substr(line.find(R"("level")"));
}

template <class T>
concept Loggable = requires(T v) { LogValue(v); };
}  // namespace

TEST_CASE("a line is one JSON object with time, level, message, trace and the fields as they are typed") {
  Captured log;
  {
    LogTrace outer("outer");
    LogTrace trace("4bf92f3577b34da6a3ce929d0e0e4736");
    log_info("started",
             {{"port", 8080}, {"ok", true}, {"ratio", 0.5}, {"big", 18446744073709551615u}, {"a", "b"}});
  }
  log_error("bad");
  auto lines = log.take();
  REQUIRE(lines.size() == 2);
  CHECK(rest(lines[0]) == R"("level":"info","message":"started",)"
                          R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)"
                          R"("port":8080,"ok":true,"ratio":0.5,"big":18446744073709551615,"a":"b"})");
  CHECK(rest(lines[1]) == R"("level":"error","message":"bad"})");
}

TEST_CASE("no text can break a line or the JSON in it") {
  Captured log;
  log_info("a\"b\\c\nd\x01", {{"k", "\xff\xc0\xaf ok \xe2\x82\xac"}, {"nan", 0.0 / 0.0 * 1.0}});
  CHECK(rest(log.take().at(0)) ==
        "\"level\":\"info\",\"message\":\"a\\\"b\\\\c\\u000ad\\u0001\",\"k\":\""
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD ok \xe2\x82\xac\",\"nan\":null}");
}

TEST_CASE("phone numbers are masked but for four digits, however they are written") {
  for (auto [clear, masked] : std::vector<std::pair<std::string, std::string>>{
           {"+12125551234", "+*******1234"},
           {"call from +1 (212) 555-1234.", "call from +* (***) ***-1234."},
           {"(212) 555-1234", "(***) ***-1234"},
           {"212.555.1234", "***.***.1234"},
           {"2125551234", "******1234"},
           {"From=%2B442079460958&To=x", "From=%2B********0958&To=x"},
           {"whatsapp:+442079460958", "whatsapp:+********0958"},
           {"+4930123456", "+******3456"},
           {"+12125551234,+12125559999", "+*******1234,+*******9999"},
           {"12125551234 12125559999", "*********** *******9999"},
           {"004912345678901", "***********8901"}}) {
    CHECK(mask_phone_numbers(clear) == masked);
  }
}

TEST_CASE("what is no phone number is left: dates, addresses, ids, small numbers") {
  for (std::string text : {"2026-11-21T03:22:55.123Z", "2026-11-21 03:22", "192.168.100.200:8080",
                           "port 8080", "num_01hk1234567890abcdefghjkmn", "sha256 1234567890abcdef",
                           "took 1234567 us", "offset 12345678901234567890", "+123456", "v1.2.3"}) {
    CHECK(mask_phone_numbers(text) == text);
  }
}

TEST_CASE("message and fields of a line are masked, also where a long text is cut") {
  Captured log;
  log_warn("to +12125551234", {{"caller", "+442079460958"}});
  log_warn(std::string(2040, 'x') + "+12125551234 and more");
  auto lines = log.take();
  CHECK(rest(lines.at(0)) == R"("level":"warn","message":"to +*******1234","caller":"+********0958"})");
  CHECK(lines.at(1).contains("x+*******\xE2\x80\xA6\""));
  CHECK(lines.at(1).size() < 2200);
}

TEST_CASE("personal data and secrets cannot be logged: it does not compile") {
  static_assert(Loggable<std::string> && Loggable<int> && Loggable<const char*>);
  static_assert(!Loggable<Personal<std::string>>);
  static_assert(!Loggable<Secret<std::string>>);
  static_assert(!Loggable<const Secret<std::string>&>);
  static_assert(!std::is_convertible_v<Secret<std::string>, LogValue>);
}

TEST_CASE("lines below the level are not written; a level or format that there is not is an error") {
  Captured log("warn");
  CHECK_FALSE(log_enabled(LogLevel::info));
  log_info("no");
  log_warn("yes");
  CHECK(log.take().size() == 1);
  CHECK(start_logging({.level = "loud", .format = "json", .sink = nullptr}).error().detail.contains("loud"));
  CHECK_FALSE(start_logging({.level = "info", .format = "xml", .sink = nullptr}).has_value());
}

TEST_CASE("the text format is for a person's eyes") {
  Captured log("info", "text");
  log_info("started", {{"port", 1}, {"dir", "a b"}});
  CHECK(log.take().at(0).ends_with(R"( info "started" port=1 dir="a b")"));
}

TEST_CASE("a stuck sink blocks nobody: the oldest lines are dropped and counted") {
  std::mutex mutex;
  std::condition_variable changed;
  bool go = false;
  std::size_t written = 0;
  auto before = log_lines_dropped();
  REQUIRE(start_logging({"info", "json", [&](std::string_view) {
                           std::unique_lock lock(mutex);
                           changed.wait(lock, [&] { return go; });
                           ++written;
                         }}));
  constexpr std::size_t lines = 10'000;
  for (std::size_t i = 0; i < lines; ++i) log_info("line");
  CHECK(log_lines_dropped() - before >= lines - 8192 - 2);
  {
    std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  stop_logging();
  CHECK(written + (log_lines_dropped() - before) >= lines);
  CHECK(written <= 8194);
}

TEST_CASE("threads log whole lines while logging is started and stopped around them") {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::size_t whole = 0;
  auto sink = [&](std::string_view line) {
    std::lock_guard lock(mutex);
    whole += line.starts_with("{") && line.ends_with("\"n\":1}");
  };
  REQUIRE(start_logging({"info", "json", sink}));
  std::atomic<int> left = 4;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&left] {
      for (int i = 0; i < 500; ++i) log_info("work", {{"n", 1}});
      --left;
    });
  }
  while (left > 0) REQUIRE(start_logging({"info", "json", sink}));
  for (auto& t : threads) t.join();
  stop_logging();
  CHECK(whole == 2000);
}
