// Importing numbers that a provider account already has (IMP).
#pragma once

#include "commands/number_parts.hpp"

namespace ringledger {

BOOST_DEFINE_ENUM_CLASS(ImportOutcome, imported, already_imported, imported_elsewhere,
                        not_in_provider_account)
/// keep: nothing changes at the provider (IMP-06). configure: our hooks are set. shadow: only an empty
/// status callback is set, so that calls are logged without a change of routing (C1).
BOOST_DEFINE_ENUM_CLASS(ImportWebhooks, keep, configure, shadow)

struct ImportNumber {
  static constexpr std::string_view operation = "ImportNumber";
  static constexpr std::string_view summary =
      "Takes numbers of the provider account into the inventory, one result per number";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/numbers/import"};
  static constexpr Access access = needs("numbers.create");
  struct Item {
    std::optional<Text<40>> e164;  ///< any usual form, read with the workspace's country
    std::optional<NumberSid> sid;
    std::optional<Text<64>> label;
    BOOST_DESCRIBE_CLASS(Item, (), (e164, sid, label), (), ())
  };
  WorkspaceId workspace;
  ConnectionId connection;
  std::vector<Item> numbers;  ///< 1 to 1,000
  ImportWebhooks webhooks = ImportWebhooks::keep;
  bool acknowledge_overwrite = false;
  BOOST_DESCRIBE_CLASS(ImportNumber, (), (workspace, connection, numbers, webhooks, acknowledge_overwrite),
                       (), ())
  static bool defaulted(std::string_view m) { return m == "webhooks" || m == "acknowledge_overwrite"; }
  static bool needed(std::string_view m) { return m == "numbers"; }
  [[nodiscard]] std::size_t draws() const { return numbers.size(); }

  struct Answer {
    struct ItemResult {
      std::optional<E164> e164;  ///< absent when a SID named nothing
      ImportOutcome outcome{};
      std::optional<NumberRef> number;
      std::optional<ItemFault> error;  ///< also `provider_refused`, when that outcome was waited for
      RL_FIELDS(ItemResult, e164, outcome, number, error);
    };
    std::vector<ItemResult> results;
    std::int64_t imported = 0;
    RL_FIELDS(Answer, results, imported);
  };
};
std::vector<ProviderQuestion> questions(const ImportNumber&, const Book&, const Context&);
std::vector<Error> field_faults(const ImportNumber&, const Book&, const Context&);
Decision<ImportNumber::Answer> decide(const ImportNumber&, const Book&, const Context&);

/// The provider's name for a number, when a person gave it one: not just the number formatted.
std::optional<std::string> given_name(const numbers::ProviderNumber& number);

}  // namespace ringledger
