#include "adapters/twilio/gatherer.hpp"

#include <algorithm>

namespace ringledger {
namespace {

void add_once(std::vector<numbers::ProviderNumber>& all, numbers::ProviderNumber number) {
  bool known = std::ranges::find(all, number.sid, &numbers::ProviderNumber::sid) != all.end();
  if (!known) all.push_back(std::move(number));
}

bool is_gone(const CarrierFailure& failure) { return failure.kind == CarrierFailure::Kind::gone; }

}  // namespace

ProviderFacts CarrierGatherer::ask(const ProviderQuestion& question) {
  ProviderFacts facts;
  facts.connection = question.connection;
  facts.gathered_ms = x_clock.monotonic_ms();  // when the asking began: the facts are no younger
  bool about_numbers = question.whole_account || !question.numbers.empty() || !question.sids.empty();
  if (about_numbers) {
    auto found = numbers_of(question);
    if (found)
      facts.numbers = std::move(*found);
    else
      facts.failure = std::move(found.error());
    return facts;
  }
  auto account = x_carrier.verify(question.credentials);
  if (account) {
    facts.account_type = std::move(account->type);
    facts.account_status = std::move(account->status);
  } else {
    facts.failure = std::move(account.error());
  }
  return facts;
}

CarrierResult<CarrierGatherer::Numbers> CarrierGatherer::numbers_of(const ProviderQuestion& question) {
  bool many = question.numbers.size() + question.sids.size() > max_single_questions;
  return question.whole_account || many ? whole_account(question) : one_by_one(question);
}

CarrierResult<CarrierGatherer::Numbers> CarrierGatherer::whole_account(const ProviderQuestion& question) {
  return x_carrier.list_numbers(question.credentials);
}

CarrierResult<CarrierGatherer::Numbers> CarrierGatherer::one_by_one(const ProviderQuestion& question) {
  Numbers all;
  for (const auto& e164 : question.numbers) {
    auto found = x_carrier.find_number(question.credentials, e164);
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) add_once(all, std::move(**found));
  }
  for (const auto& sid : question.sids) {
    auto found = x_carrier.fetch_number(question.credentials, sid);
    if (found)
      add_once(all, std::move(*found));
    else if (!is_gone(found.error()))
      return std::unexpected(std::move(found.error()));
  }
  return all;
}

}  // namespace ringledger
