#include "commands/number_import.hpp"

#include <algorithm>
#include <map>

#include "commands/connection.hpp"

namespace ringledger {
namespace {

constexpr std::size_t max_items = 1000;
constexpr std::size_t ask_one_by_one = 20;  // past it listing the account costs fewer calls

/// Each item's number read, or the faults of all items.
std::expected<std::vector<std::optional<E164>>, std::vector<Error>> read_items(const ImportNumber& c,
                                                                               const workspaces::Workspace& w,
                                                                               const Context& ctx) {
  std::vector<std::optional<E164>> all;
  std::vector<Error> faults;
  if (c.numbers.empty() || c.numbers.size() > max_items) {
    faults.push_back({Code::validation_failed, "must name 1 to 1000 numbers", "/numbers"});
    return std::unexpected(faults);
  }
  for (std::size_t i = 0; i < c.numbers.size(); ++i) {
    const auto& item = c.numbers[i];
    auto at = "/numbers/" + std::to_string(i);
    all.emplace_back();
    if (!item.e164 && !item.sid) {
      faults.push_back({Code::validation_failed, "needs e164 or sid", at});
    } else if (item.e164 && item.sid) {
      faults.push_back({Code::validation_failed, "takes e164 or sid, not both", at});
    } else if (item.e164) {
      auto number = ctx.phones->read(item.e164->value, w.default_country);
      if (number)
        all.back() = *number;
      else
        faults.push_back({Code::validation_failed, number.error().detail, at + "/e164"});
    }
  }
  if (!faults.empty()) return std::unexpected(faults);
  return all;
}

bool any_hook(const numbers::ProviderHooks& h) {
  return !h.voice_url.empty() || !h.voice_fallback_url.empty() || !h.voice_application_sid.empty() ||
         !h.trunk_sid.empty() || !h.status_callback.empty() || !h.sms_url.empty() ||
         !h.sms_fallback_url.empty() || !h.sms_application_sid.empty();
}

numbers::Imported imported(const ImportNumber& c, const ImportNumber::Item& item, NumberId id,
                           const numbers::ProviderNumber& found, const Context& ctx) {
  auto facts = ctx.phones->facts(found.e164);
  numbers::Imported e;
  e.number = id;
  e.workspace = c.workspace;
  e.connection = c.connection;
  e.e164 = found.e164;
  e.sid = found.sid;
  e.country = facts.country;
  e.area_code = facts.area_code;
  e.number_type = found.number_type == numbers::NumberType::unknown ? facts.number_type : found.number_type;
  e.capabilities = found.capabilities;
  e.origin = numbers::Origin::twilio;
  e.label = item.label ? std::optional(item.label->value) : given_name(found);
  e.wanted.hooks = c.webhooks == ImportWebhooks::configure;
  e.wanted.shadow = c.webhooks == ImportWebhooks::shadow;
  e.actual = found.settings;
  return e;
}

std::optional<Refusal> provider_fault(const ProviderFacts& facts) {
  if (!facts.failure) return std::nullopt;
  const auto& error = facts.failure->error;
  if (facts.failure->kind == CarrierFailure::Kind::unavailable) {
    return provider_silent(error);
  }
  return Refusal{
      Code::provider_refused, "The provider refused the connection's credentials or request.", {}, {}, error};
}

}  // namespace

std::optional<std::string> given_name(const numbers::ProviderNumber& number) {
  const auto& name = number.settings.friendly_name;
  std::string digits;
  for (char ch : name) {
    if (ch >= '0' && ch <= '9')
      digits += ch;
    else if (std::string_view("+()-. ").find(ch) == std::string_view::npos)
      return name;
  }
  std::string_view e164 = std::string_view(number.e164.text).substr(1);
  bool just_formatted = digits.empty() || (digits.size() >= 7 && e164.ends_with(digits));
  return just_formatted ? std::nullopt : std::optional(name);
}

std::vector<Error> field_faults(const ImportNumber& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  if (!workspace) return {};
  auto items = read_items(c, *workspace, ctx);
  return items ? std::vector<Error>() : items.error();
}

std::vector<ProviderQuestion> questions(const ImportNumber& c, const Book& book, const Context& ctx) {
  const auto* connection = connection_in(c.workspace, c.connection, book);
  const auto* workspace = book.workspace(c.workspace);
  if (!connection || !workspace) return {};
  auto items = read_items(c, *workspace, ctx);
  if (!items) return {};  // decide refuses
  auto question = question_to(*connection);
  question.whole_account = items->size() > ask_one_by_one;
  for (std::size_t i = 0; i < items->size(); ++i) {
    if ((*items)[i])
      question.numbers.push_back(*(*items)[i]);
    else
      question.sids.push_back(c.numbers[i].sid->value);
  }
  return {question};
}

Decision<ImportNumber::Answer> decide(const ImportNumber& c, const Book& book, const Context& ctx) {
  const auto* workspace = book.workspace(c.workspace);
  const auto* connection = connection_in(c.workspace, c.connection, book);
  if (!workspace || !connection) return no_such_thing();
  auto items = read_items(c, *workspace, ctx);
  if (!items) return refuse_fields(items.error());
  const auto* facts = ctx.about(c.connection);
  if (!facts) return refuse(Code::provider_unavailable, "The provider was not asked.");
  if (auto fault = provider_fault(*facts)) return std::unexpected(*fault);

  Accepted<ImportNumber::Answer> accepted;
  std::map<E164, NumberId> now_imported;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto* found = (*items)[i] ? facts->by_e164(*(*items)[i]) : facts->by_sid(c.numbers[i].sid->value);
    ImportNumber::Answer::ItemResult result;
    result.e164 = found ? std::optional(found->e164) : (*items)[i];
    const auto* known = result.e164 ? book.number_by_e164(*result.e164) : nullptr;
    bool taken = known && known->visible();
    if (taken && known->workspace != c.workspace) {
      result.outcome = ImportOutcome::imported_elsewhere;
      result.error = {Code::already_imported, "Another workspace of this account has this number."};
    } else if (taken || (result.e164 && now_imported.contains(*result.e164))) {
      result.outcome = ImportOutcome::already_imported;
      result.number = NumberRef{taken ? known->id : now_imported.at(*result.e164), *result.e164};
      result.error = {Code::already_imported, "The number is already in this inventory."};
    } else if (!found) {
      result.outcome = ImportOutcome::not_in_provider_account;
      result.error = {Code::number_not_in_provider_account,
                      "The provider account does not have this number."};
    } else if (c.webhooks == ImportWebhooks::configure && !c.acknowledge_overwrite &&
               any_hook(found->settings.hooks)) {
      return refuse(
          Code::overwrite_not_acknowledged,
          found->e164.text + " already has webhooks; repeat with acknowledge_overwrite to replace them.",
          {{Code::overwrite_not_acknowledged, "already has webhooks", "/numbers/" + std::to_string(i)}});
    } else {
      auto id = known ? known->id : ctx.new_id<NumberId>();
      accepted.events.push_back(imported(c, c.numbers[i], id, *found, ctx));
      now_imported.emplace(found->e164, id);
      result.outcome = ImportOutcome::imported;
      result.number = NumberRef{id, found->e164};
      ++accepted.result.imported;
    }
    accepted.result.results.push_back(std::move(result));
  }
  return accepted;
}

}  // namespace ringledger
