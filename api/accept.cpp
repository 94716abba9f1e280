#include "api/accept.hpp"

#include <algorithm>
#include <charconv>

#include "api/http_types.hpp"

namespace ringledger {
namespace {

/// How well a media range fits; greater is better.
struct Fit {
  int exactness = 0;  ///< 1: */*, 2: type/*, 3: the type itself
  int q = 0;          ///< thousandths
  std::size_t place = 0;
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// What stands before `mark`; the rest of `text` is what stands behind it.
std::string_view cut(std::string_view& text, char mark) {
  auto at = text.find(mark);
  auto part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return trimmed(part);
}

/// "0.5" as 500; what is no qvalue counts as 1.
int thousandths(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return 1000;
  int q = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[1] != '.' || text[i] < '0' || text[i] > '9') return 1000;
    q += (text[i] - '0') * unit;
  }
  return q > 1000 ? 1000 : q;
}

int exactness_of(std::string_view range, std::string_view media) {
  if (equal_ignoring_case(range, media)) return 3;
  if (range == "*/*") return 1;
  bool any_of_type = range.ends_with("/*") && equal_ignoring_case(range.substr(0, range.size() - 1),
                                                                  media.substr(0, media.find('/') + 1));
  return any_of_type ? 2 : 0;
}

/// The most exact range that names the media type.
Fit fit_of(std::string_view accept, std::string_view media) {
  Fit best;
  for (std::size_t place = 0; !accept.empty(); ++place) {
    auto parameters = cut(accept, ',');
    auto range = cut(parameters, ';');
    Fit fit{exactness_of(range, media), 1000, place};
    while (!parameters.empty()) {
      auto parameter = cut(parameters, ';');
      if (parameter.size() > 2 && equal_ignoring_case(parameter.substr(0, 2), "q="))
        fit.q = thousandths(parameter.substr(2));
    }
    if (fit.exactness > best.exactness) best = fit;
  }
  return best;
}

bool better(const Fit& a, const Fit& b) {
  if (a.q != b.q) return a.q > b.q;
  if (a.exactness != b.exactness) return a.exactness > b.exactness;
  return a.place < b.place;
}

}  // namespace

std::optional<std::size_t> preferred_media(std::string_view accept,
                                           std::span<const std::string_view> offered) {
  if (trimmed(accept).empty()) return 0;
  std::optional<std::size_t> best;
  Fit best_fit;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    auto fit = fit_of(accept, offered[i]);
    if (fit.exactness == 0 || fit.q == 0) continue;
    if (!best || better(fit, best_fit)) {
      best = i;
      best_fit = fit;
    }
  }
  return best;
}

std::int64_t preferred_wait_ms(std::string_view prefer) {
  auto at = prefer.find("wait=");
  if (at == std::string_view::npos) return -1;
  std::int64_t s = 0;
  auto from = prefer.substr(at + 5);
  if (std::from_chars(from.data(), from.data() + from.size(), s).ec != std::errc{} || s < 0) return -1;
  return std::min<std::int64_t>(s, 30) * 1000;
}

}  // namespace ringledger
