// Storing the simulated Twilio's records: every change is one JSON line appended to the journal.
// Lines: {"k":kind,"a":account,"r":{seq,sid,created_ms,updated_ms,fields}} puts, {"k","a","x":seq}
// erases, {"o":offset_ms} moves the clock, {"n":seq} says which numbers were used up.
#include "adapters/twilio/simulator_state.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

namespace ringledger::simulated {
namespace {

namespace json = boost::json;

constexpr std::uint64_t max_journal_bytes = 1ULL << 30;
constexpr std::uint64_t compact_slack_lines = 20'000;

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

json::object to_json(const Record& record) {
  json::object fields;
  for (const auto& [name, value] : record.fields) fields[name] = value;
  return {{"seq", record.seq},
          {"sid", record.sid},
          {"created_ms", record.created_ms},
          {"updated_ms", record.updated_ms},
          {"fields", std::move(fields)}};
}

Record record_of(const json::object& object) {
  Record record;
  record.seq = object.at("seq").to_number<std::uint64_t>();
  record.sid = json::value_to<std::string>(object.at("sid"));
  record.created_ms = object.at("created_ms").to_number<std::int64_t>();
  record.updated_ms = object.at("updated_ms").to_number<std::int64_t>();
  for (const auto& [name, value] : object.at("fields").as_object())
    record.set({name.data(), name.size()}, json::value_to<std::string>(value));
  return record;
}

std::string put_line(Kind kind, const std::string& account, const Record& record) {
  return json::serialize(json::object{{"k", static_cast<int>(kind)}, {"a", account}, {"r", to_json(record)}});
}

std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

const std::string& Record::get(std::string_view field) const {
  static const std::string none;
  const auto found = fields.find(field);
  return found == fields.end() ? none : found->second;
}

void Record::set(std::string_view field, std::string value) {
  if (!value.empty())
    fields.insert_or_assign(std::string(field), std::move(value));
  else if (const auto found = fields.find(field); found != fields.end())
    fields.erase(found);
}

const Record* Collection::find(std::string_view sid) const {
  const auto found = by_sid_.find(std::string(sid));
  return found == by_sid_.end() ? nullptr : &by_seq_.at(found->second);
}

const Record* Collection::find_phone(std::string_view phone) const {
  const auto found = by_phone_.find(std::string(phone));
  return found == by_phone_.end() ? nullptr : &by_seq_.at(found->second);
}

void Collection::put(Record record) {
  by_sid_[record.sid] = record.seq;
  if (const auto& phone = record.get("phone_number"); !phone.empty()) by_phone_[phone] = record.seq;
  by_seq_.insert_or_assign(record.seq, std::move(record));
}

void Collection::erase(std::uint64_t seq) {
  const auto found = by_seq_.find(seq);
  if (found == by_seq_.end()) return;
  by_sid_.erase(found->second.sid);
  by_phone_.erase(found->second.get("phone_number"));
  by_seq_.erase(found);
}

std::string State::hex(std::string_view purpose, std::uint64_t seq) const {
  std::uint64_t salt = seed_;
  for (const char c : purpose) salt = mix(salt ^ static_cast<unsigned char>(c));
  const auto high = mix(salt ^ mix(seq)), low = mix(high ^ salt ^ seq);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

Result<Record> State::make(std::string_view sid_prefix) {
  if (count_ >= max_records) return fail(Code::rate_limited, "the simulator holds 1,000,000 records already");
  Record record;
  record.seq = ++last_seq_;
  record.sid = std::string(sid_prefix) + hex(sid_prefix, record.seq);
  record.created_ms = record.updated_ms = now().ms;
  return record;
}

void State::store(Kind kind, const std::string& account, Record record) {
  last_seq_ = std::max(last_seq_, record.seq);
  auto& into = accounts_[account][index(kind)];
  if (!into.all().contains(record.seq)) {
    ++count_;
    if (kind == Kind::number) ++owned_[record.get("phone_number")];
  }
  into.put(std::move(record));
}

void State::remove(Kind kind, const std::string& account, std::uint64_t seq) {
  auto& from = accounts_[account][index(kind)];
  const auto found = from.all().find(seq);
  if (found == from.all().end()) return;
  if (kind == Kind::number) owned_.erase(found->second.get("phone_number"));
  from.erase(seq);
  --count_;
}

Result<void> State::put(Kind kind, const std::string& account, Record record) {
  if (auto written = append(put_line(kind, account, record)); !written) return written;
  store(kind, account, std::move(record));
  const auto& all = of(kind, account).all();
  const bool is_history = kind == Kind::call || kind == Kind::message;
  return is_history && all.size() > max_history ? erase(kind, account, all.rbegin()->first) : Result<void>{};
}

Result<void> State::erase(Kind kind, const std::string& account, std::uint64_t seq) {
  const json::object line{{"k", static_cast<int>(kind)}, {"a", account}, {"x", seq}};
  if (auto written = append(json::serialize(line)); !written) return written;
  remove(kind, account, seq);
  return {};
}

Result<void> State::set_offset(std::int64_t offset_ms) {
  if (auto written = append(json::serialize(json::object{{"o", offset_ms}})); !written) return written;
  offset_ms_ = offset_ms;
  return {};
}

const Collection& State::of(Kind kind, const std::string& account) const {
  static const Collection none;
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? none : found->second[index(kind)];
}

const Record* State::first_account() const {
  const auto& all = accounts().all();
  return all.empty() ? nullptr : &all.rbegin()->second;
}

bool State::is_owned(std::string_view phone) const { return owned_.contains(std::string(phone)); }

bool State::apply(std::string_view line) {
  try {
    const auto value = json::parse({line.data(), line.size()});
    const auto& entry = value.as_object();
    if (const auto* offset = entry.if_contains("o"))
      return offset_ms_ = offset->to_number<std::int64_t>(), true;
    if (const auto* used = entry.if_contains("n"))
      return last_seq_ = std::max(last_seq_, used->to_number<std::uint64_t>()), true;
    const auto number = entry.at("k").to_number<std::size_t>();
    if (number >= kinds) return false;
    const auto account = json::value_to<std::string>(entry.at("a"));
    if (const auto* seq = entry.if_contains("x"))
      return remove(static_cast<Kind>(number), account, seq->to_number<std::uint64_t>()), true;
    store(static_cast<Kind>(number), account, record_of(entry.at("r").as_object()));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// Whole lines only; a rest without its newline was torn by a crash and is cut off.
Result<void> State::replay(std::string_view text) {
  std::size_t start = 0;
  for (auto stop = text.find('\n'); stop != std::string_view::npos; stop = text.find('\n', start)) {
    ++lines_;
    if (!apply(text.substr(start, stop - start)))
      return fail(Code::internal, path_ + " line " + std::to_string(lines_) + " is no journal entry");
    start = stop + 1;
  }
  end_ = start;
  return {};
}

Result<void> State::open_journal(Disk& disk, const std::string& folder) {
  disk_ = &disk;
  path_ = folder + "/journal.jsonl";
  if (auto made = disk.make_folders(folder); !made) return made;
  auto file = disk.open(path_, Disk::Open::create);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  const auto size = file_->size();
  if (!size) return std::unexpected(size.error());
  if (*size > max_journal_bytes) return fail(Code::too_large, path_ + " is larger than 1 GiB");
  const auto text = file_->read_at(0, *size);
  if (!text) return std::unexpected(text.error());
  if (auto read = replay(*text); !read) return read;
  return end_ < *size ? file_->truncate(end_) : Result<void>{};
}

Result<void> State::append(const std::string& line) {
  if (!file_) return {};
  if (lines_ > 2 * count_ + compact_slack_lines)
    if (auto done = compact(); !done) return done;
  if (auto written = file_->write_at(end_, line + "\n"); !written) return written;
  end_ += line.size() + 1;
  ++lines_;
  return {};
}

/// Rewrites the journal as what is there now.
Result<void> State::compact() {
  std::string text = json::serialize(json::object{{"n", last_seq_}}) + "\n" +
                     json::serialize(json::object{{"o", offset_ms_}}) + "\n";
  for (const auto& [account, collections] : accounts_)
    for (std::size_t kind = 0; kind < kinds; ++kind)
      for (const auto& [seq, record] : collections[kind].all())
        (text += put_line(static_cast<Kind>(kind), account, record)) += '\n';
  if (auto replaced = replace_file(*disk_, path_, text); !replaced) return replaced;
  auto file = disk_->open(path_, Disk::Open::existing);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  end_ = text.size();
  lines_ = count_ + 2;
  return {};
}

}  // namespace ringledger::simulated
