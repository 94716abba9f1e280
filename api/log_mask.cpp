// Masking of phone numbers in log lines (declared in logging.hpp).
#include <algorithm>
#include <vector>

#include "api/logging.hpp"

namespace ringledger {
namespace {
constexpr std::size_t shown_digits = 4, least_with_plus = 7, least_without_plus = 10, most_digits = 15;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool separator(char c) { return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '/'; }

/// A run of digits with single separators (or ") " and the like) between them.
struct Run {
  std::size_t begin = 0, end = 0;     ///< from the first digit to one past the last
  std::vector<std::size_t> digits{};  ///< where they are
};

Run run_at(std::string_view t, std::size_t begin) {
  Run run{begin, begin};
  std::size_t gap = 0;
  for (auto i = begin; i < t.size() && gap <= 2; ++i) {
    if (digit(t[i])) {
      run.digits.push_back(i);
      run.end = i + 1;
      gap = 0;
    } else if (separator(t[i])) {
      ++gap;
    } else {
      break;
    }
  }
  return run;
}

bool looks_like_date(std::string_view run) {
  auto group = [&](std::size_t at, std::size_t n) {
    return at + n <= run.size() && std::ranges::all_of(run.substr(at, n), digit);
  };
  return run.size() >= 10 && group(0, 4) && run[4] == '-' && group(5, 2) && run[7] == '-' && group(8, 2) &&
         (run.size() == 10 || !digit(run[10])) && (run[0] == '1' || run[0] == '2');
}

bool looks_like_ip(std::string_view run) {
  std::size_t groups = 1, length = 0;
  for (char c : run) {
    if (c == '.') {
      if (length == 0) return false;
      ++groups;
      length = 0;
    } else if (!digit(c) || ++length > 3) {
      return false;
    }
  }
  return groups == 4 && length > 0;
}

bool plus_before(std::string_view t, std::size_t begin) {
  while (begin > 0 && t[begin - 1] == '(') --begin;
  if (begin > 0 && t[begin - 1] == '+') return true;
  auto before = t.substr(0, begin);
  return before.ends_with("%2B") || before.ends_with("%2b");
}
}  // namespace

std::string mask_phone_numbers(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < text.size();) {
    if (!digit(text[i])) {
      ++i;
      continue;
    }
    auto run = run_at(text, i);
    bool plus = plus_before(text, run.begin);
    auto inside = text.substr(run.begin, run.end - run.begin);
    bool in_word = (!plus && run.begin > 0 && letter(text[run.begin - 1])) ||
                   (run.end < text.size() && letter(text[run.end]));
    auto n = run.digits.size();
    bool several = n > most_digits && inside.size() > n;  // numbers side by side
    bool phone = (n <= most_digits || several) && n >= (plus ? least_with_plus : least_without_plus) &&
                 (plus || (!in_word && !looks_like_date(inside) && !looks_like_ip(inside)));
    for (std::size_t k = 0; phone && k + shown_digits < n; ++k) out[run.digits[k]] = '*';
    i = run.end;
  }
  return out;
}

}  // namespace ringledger
