#include "api/logging.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <shared_mutex>

namespace ringledger {
namespace {
constexpr std::size_t queue_lines = 8192;
constexpr std::size_t most_fields = 32, most_text_bytes = 2048, most_trace_bytes = 64;
constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

thread_local std::string current_trace;
std::atomic<LogLevel> least_level = LogLevel::info;
std::atomic<bool> as_text = false;

/// Whole lines to a function or to standard error; called under base_sink's lock.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::function<void(std::string_view)> to) : to_(std::move(to)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    std::string_view line(msg.payload.data(), msg.payload.size());
    if (to_) return to_(line);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fputc('\n', stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  std::function<void(std::string_view)> to_;
};

/// The queue and its thread; destroyed only when nobody writes.
struct Running {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};
std::shared_mutex running_mutex;
Running running;
std::atomic<std::uint64_t> dropped_before = 0;

bool continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Length of the well-formed UTF-8 character at `at`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view t, std::size_t at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(t[at + i]); };
  auto first = byte(0);
  std::size_t n = first < 0x80                    ? 1
                  : first >= 0xC2 && first < 0xE0 ? 2
                  : first >= 0xE0 && first < 0xF0 ? 3
                  : first >= 0xF0 && first < 0xF5 ? 4
                                                  : 0;
  if (n == 0 || at + n > t.size()) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (!continuation(t[at + i])) return 0;
  }
  bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool beyond = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : n;
}

void append_json_text(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    auto n = utf8_length(text, i);
    char c = text[i];
    if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      auto u = static_cast<unsigned char>(c);
      ((out += "\\u00") += hex[u >> 4]) += hex[u & 15];
    } else {
      out += text.substr(i, n);
    }
    i += n == 0 ? 1 : n;
  }
  out += '"';
}

/// Masked before it is cut (masking keeps the length), so that no cut leaves half a number in clear.
void append_text(std::string& out, std::string_view text) {
  constexpr std::size_t look_ahead = 64;
  auto masked = mask_phone_numbers(text.substr(0, most_text_bytes + look_ahead));
  if (masked.size() > most_text_bytes) {
    auto end = most_text_bytes;
    while (end > 0 && continuation(masked[end])) --end;
    masked.resize(end);
    masked += "\xE2\x80\xA6";
  }
  append_json_text(out, masked);
}

void append_value(std::string& out, const LogValue& value) {
  std::visit(
      [&out](auto v) {
        using T = decltype(v);
        std::array<char, 32> buf;
        if constexpr (std::is_same_v<T, std::string_view>) {
          append_text(out, v);
        } else if constexpr (std::is_same_v<T, bool>) {
          out += v ? "true" : "false";
        } else {
          if constexpr (std::is_same_v<T, double>) {
            if (!std::isfinite(v)) return void(out += "null");
          }
          out.append(buf.data(), std::to_chars(buf.data(), buf.data() + buf.size(), v).ptr);
        }
      },
      value.any());
}

std::string now_text() {
  using namespace std::chrono;
  return to_rfc3339({duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()});
}

std::string json_line(LogLevel level, std::string_view message, LogFields fields) {
  std::string out;
  out.reserve(256);
  out += R"({"time":")" + now_text() + R"(","level":")";
  out += level_names[static_cast<std::size_t>(level)];
  out += R"(","message":)";
  append_text(out, message);
  if (!current_trace.empty()) {
    out += R"(,"trace_id":)";
    append_json_text(out, current_trace);
  }
  std::size_t n = 0;
  for (const auto& [name, value] : fields) {
    if (++n > most_fields) break;
    out += ',';
    append_json_text(out, name.substr(0, most_trace_bytes));
    out += ':';
    append_value(out, value);
  }
  out += '}';
  return out;
}

std::string text_line(LogLevel level, std::string_view message, LogFields fields) {
  std::string out = now_text() + ' ';
  out += level_names[static_cast<std::size_t>(level)];
  out += ' ';
  append_text(out, message);
  std::size_t n = 0;
  for (const auto& [name, value] : fields) {
    if (++n > most_fields) break;
    (out += ' ') += name;
    out += '=';
    append_value(out, value);
  }
  if (!current_trace.empty()) out += " trace_id=" + current_trace;
  return out;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Under running_mutex.
void stop_running() {
  if (!running.pool) return;
  dropped_before += running.pool->overrun_counter();
  running.logger.reset();
  running.pool.reset();  // its destructor writes what is queued and joins
  least_level = LogLevel::info;
  as_text = false;
}
}  // namespace

Result<void> start_logging(LogOptions options) {
  auto level = std::ranges::find(level_names, options.level);
  if (level == level_names.end()) {
    return fail(Code::validation_failed, "no log level '" + options.level + "': debug, info, warn, error");
  }
  if (options.format != "json" && options.format != "text") {
    return fail(Code::validation_failed, "no log format '" + options.format + "': json, text");
  }
  std::unique_lock lock(running_mutex);
  stop_running();
  least_level = static_cast<LogLevel>(level - level_names.begin());
  as_text = options.format == "text";
  running.pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
  running.logger = std::make_shared<spdlog::async_logger>(
      "ringledger", std::make_shared<LineSink>(std::move(options.sink)), running.pool,
      spdlog::async_overflow_policy::overrun_oldest);
  running.logger->set_level(spdlog::level::trace);
  running.logger->flush_on(spdlog::level::warn);
  return {};
}

void stop_logging() {
  std::unique_lock lock(running_mutex);
  stop_running();
}

std::uint64_t log_lines_dropped() {
  std::shared_lock lock(running_mutex);
  return dropped_before + (running.pool ? running.pool->overrun_counter() : 0);
}

bool log_enabled(LogLevel level) { return level >= least_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view message, LogFields fields) {
  if (!log_enabled(level)) return;
  auto line = as_text ? text_line(level, message, fields) : json_line(level, message, fields);
  std::shared_lock lock(running_mutex);
  if (running.logger) {
    running.logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
    return;
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

LogTrace::LogTrace(std::string_view trace_id)
    : before_(std::exchange(current_trace, std::string(trace_id.substr(0, most_trace_bytes)))) {}
LogTrace::~LogTrace() { current_trace = std::move(before_); }

}  // namespace ringledger
