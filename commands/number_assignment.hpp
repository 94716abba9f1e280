// Lending a number to a campaign and taking it back (ASG, UNA).
#pragma once

#include "commands/number_parts.hpp"

namespace ringledger {

/// With a campaign: assigns. With `"campaign": null`: unassigns (UnassignNumber).
struct AssignToCampaign {
  static constexpr std::string_view operation = "AssignToCampaign";
  static constexpr std::string_view names[] = {"AssignToCampaign", "UnassignNumber"};
  static constexpr std::string_view summary = "Assigns the number to a campaign, or with null to none";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/numbers/{number}/assignment"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  Patch<CampaignId> campaign;
  std::vector<WarningCode> acknowledged;
  bool drain = false;  ///< with null: wait for live visitor sessions to lapse first (UNA-04)
  BOOST_DESCRIBE_CLASS(AssignToCampaign, (), (workspace, number, campaign, acknowledged, drain), (), ())
  static bool defaulted(std::string_view m) { return m == "drain"; }
  static bool needed(std::string_view m) { return m == "campaign"; }
  [[nodiscard]] std::string_view name() const { return campaign.value ? names[0] : names[1]; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    Assignment assignment{};
    std::optional<CampaignRef> campaign;
    numbers::Routing routing{};
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, assignment, campaign, routing, provider);
  };
};
std::vector<Error> field_faults(const AssignToCampaign&, const Book&, const Context&);
Decision<AssignToCampaign::Answer> decide(const AssignToCampaign&, const Book&, const Context&);

/// Many numbers to one campaign, each with a result of its own.
struct AssignMany {
  static constexpr std::string_view operation = "AssignMany";
  static constexpr std::string_view summary = "Assigns many numbers to one campaign, one result per number";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/numbers/assign"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  CampaignId campaign;
  std::vector<NumberId> numbers;  ///< 1 to 1,000
  std::vector<WarningCode> acknowledged;
  BOOST_DESCRIBE_CLASS(AssignMany, (), (workspace, campaign, numbers, acknowledged), (), ())
  static bool needed(std::string_view m) { return m == "numbers"; }

  struct Answer {
    struct ItemResult {
      std::optional<NumberRef> number;
      std::string outcome;               ///< "assigned" or "refused"
      std::optional<ItemRefusal> error;  ///< also `provider_refused`, when that outcome was waited for
      RL_FIELDS(ItemResult, number, outcome, error);
    };
    std::vector<ItemResult> results;
    std::int64_t assigned = 0;
    RL_FIELDS(Answer, results, assigned);
  };
};
std::vector<Error> field_faults(const AssignMany&, const Book&, const Context&);
Decision<AssignMany::Answer> decide(const AssignMany&, const Book&, const Context&);

/// What a move would raise, without moving: asked of the book, commits nothing (ASG-03).
struct PreviewAssignment {
  static constexpr std::string_view operation = "PreviewAssignment";
  static constexpr std::string_view summary =
      "The warnings and refusals a move would meet, and what it would do";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/{number}/assignment/preview"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  NumberId number;
  std::optional<CampaignId> campaign;  ///< absent or empty: unassign
  BOOST_DESCRIBE_CLASS(PreviewAssignment, (), (workspace, number, campaign), (), ())

  using Answer = PreviewAnswer;
};
Decision<PreviewAssignment::Answer> decide(const PreviewAssignment&, const Book&, const Context&);

}  // namespace ringledger
