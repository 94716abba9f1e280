// Log lines: one JSON object a line, phone numbers masked, secrets impossible, never blocking.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "domain/result.hpp"
#include "domain/values.hpp"

namespace ringledger {

/// A value of a log field. Personal<T> and Secret<T> do not compile; strings are viewed, not copied.
class LogValue {
 public:
  LogValue(const char* text) : x_(std::string_view(text)) {}
  LogValue(std::string_view text) : x_(text) {}
  LogValue(const std::string& text) : x_(std::string_view(text)) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  LogValue(T v) : x_(widen(v)) {}
  template <class T>
    requires is_sealed<std::remove_cvref_t<T>>
  LogValue(T&&) = delete;

  using Any = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
  [[nodiscard]] const Any& any() const { return x_; }

 private:
  template <class T>
  static Any widen(T v) {
    if constexpr (std::is_same_v<T, bool>)
      return v;
    else if constexpr (std::is_floating_point_v<T>)
      return static_cast<double>(v);
    else if constexpr (std::is_signed_v<T>)
      return static_cast<std::int64_t>(v);
    else
      return static_cast<std::uint64_t>(v);
  }
  Any x_;
};

using LogFields = std::initializer_list<std::pair<std::string_view, LogValue>>;
enum class LogLevel { debug, info, warn, error };

struct LogOptions {
  std::string level = "info";   ///< debug, info, warn, error
  std::string format = "json";  ///< json, or text for a person's eyes
  /// Gets each line without its newline, on the log's thread; must not log or throw; null: standard error.
  std::function<void(std::string_view line)> sink = nullptr;
};

/// From now on lines go through a queue of 8,192 to one thread; when it is full the oldest is dropped
/// and counted. Before it is called, lines go to standard error at once. Code::validation_failed
/// names a level or format that there is not. Replaces earlier options.
Result<void> start_logging(LogOptions options);
/// Writes what is queued and goes back to writing at once. Idempotent.
void stop_logging();
/// Lines dropped so far because the queue was full.
std::uint64_t log_lines_dropped();
bool log_enabled(LogLevel level);

/// {"time","level","message","trace_id",…fields}. At most 32 fields; a text past 2,048 bytes is cut;
/// bytes that are not UTF-8 are replaced. Phone numbers in message and texts are masked.
void log(LogLevel level, std::string_view message, LogFields fields = {});
inline void log_debug(std::string_view m, LogFields f = {}) { log(LogLevel::debug, m, f); }
inline void log_info(std::string_view m, LogFields f = {}) { log(LogLevel::info, m, f); }
inline void log_warn(std::string_view m, LogFields f = {}) { log(LogLevel::warn, m, f); }
inline void log_error(std::string_view m, LogFields f = {}) { log(LogLevel::error, m, f); }

/// While it lives, lines of this thread carry its trace id. They nest. At most 64 bytes are kept.
class LogTrace {
 public:
  explicit LogTrace(std::string_view trace_id);
  ~LogTrace();
  LogTrace(const LogTrace&) = delete;
  LogTrace& operator=(const LogTrace&) = delete;

 private:
  std::string before_;
};

/// Every run that looks like a phone number (`+` or `%2B` and 7-15 digits, or 10-15 digits; spaces,
/// hyphens, dots and brackets between them) with all digits but the last 4 as `*`. Dates, dotted IP
/// addresses and digits inside a word (ids, hashes) are left.
std::string mask_phone_numbers(std::string_view text);

}  // namespace ringledger
