// Text form of the head file and its replacement.
#include "adapters/embedded/head_file.hpp"

#include <charconv>
#include <vector>

#include "adapters/embedded/crc32c.hpp"

namespace ringledger {
namespace {

constexpr std::string_view title = "ringledger-head 1";

std::string check_line(std::string_view body) { return "check " + std::to_string(crc32c(0, body)) + "\n"; }

/// Takes "<name> <value>\n" off the front of `text`.
bool take(std::string_view& text, std::string_view name, std::string_view& value) {
  auto end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || text.size() <= name.size() ||
      text[name.size()] != ' ' || end < name.size() + 1) {
    return false;
  }
  value = text.substr(name.size() + 1, end - name.size() - 1);
  text.remove_prefix(end + 1);
  return true;
}

template <class T>
bool take_number(std::string_view& text, std::string_view name, T& number) {
  std::string_view value;
  if (!take(text, name, value)) return false;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc{} && end == value.data() + value.size();
}

}  // namespace

std::string encode_head(const Head& head) {
  std::string body = std::string(title) + (head.creating ? " creating" : " ready") + "\nepoch " + head.epoch +
                     "\nsegment " + std::to_string(head.segment) + "\nposition " +
                     std::to_string(head.position) + "\nend " + std::to_string(head.end) + "\ncrc " +
                     std::to_string(head.crc) + "\n";
  return body + check_line(body);
}

Result<Head> decode_head(std::string_view text) {
  Head head;
  std::string_view rest = text;
  std::string_view state;
  std::string_view epoch;
  bool read = take(rest, title, state) && take(rest, "epoch", epoch) &&
              take_number(rest, "segment", head.segment) && take_number(rest, "position", head.position) &&
              take_number(rest, "end", head.end) && take_number(rest, "crc", head.crc);
  head.creating = state == "creating";
  head.epoch = std::string(epoch);
  if (!read || encode_head(head) != text) return fail(Code::internal, "the head file is damaged");
  return head;
}

Result<std::optional<Head>> read_head(Disk& disk, const std::string& folder) {
  auto text = read_file(disk, folder + "/" + std::string(head_file_name));
  if (!text && text.error().code == Code::not_found) return std::nullopt;
  if (!text) return std::unexpected(std::move(text.error()));
  auto head = decode_head(*text);
  if (!head) return std::unexpected(std::move(head.error()));
  return std::optional<Head>(std::move(*head));
}

void HeadFile::assume(const Head& head) {
  std::lock_guard lock(mutex_);
  written_ = head;
}

Result<void> HeadFile::advance(const Head& head) {
  std::lock_guard lock(mutex_);
  bool further =
      head.end > written_.end || head.segment > written_.segment || head.creating != written_.creating;
  if (!further || retired_) return {};
  if (auto replaced = replace_file(disk_, path_, encode_head(head)); !replaced) return replaced;
  written_ = head;
  return {};
}

void HeadFile::retire() {
  std::lock_guard lock(mutex_);
  retired_ = true;
}

Offset HeadFile::segment() const {
  std::lock_guard lock(mutex_);
  return written_.segment;
}

}  // namespace ringledger
