// Moving a number to another workspace of the account: one atomic commit (XFR).
#pragma once

#include "commands/number_parts.hpp"

namespace ringledger {

struct TransferWorkspace {
  static constexpr std::string_view operation = "TransferWorkspace";
  static constexpr std::string_view summary =
      "Moves the number to another workspace the caller owns; calls are parked there";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/numbers/{number}/transfer"};
  static constexpr Access access = needs("numbers.read");  // ownership of both is judged by decide
  WorkspaceId workspace;
  NumberId number;
  WorkspaceId to_workspace;
  std::vector<WarningCode> acknowledged;
  BOOST_DESCRIBE_CLASS(TransferWorkspace, (), (workspace, number, to_workspace, acknowledged), (), ())

  struct Answer {
    struct WorkspaceRef {
      WorkspaceId id;
      std::string name;
      RL_FIELDS(WorkspaceRef, id, name);
    };
    NumberId id;
    std::int64_t version = 0;
    WorkspaceRef workspace;
    Assignment assignment = Assignment::unassigned;
    std::optional<CampaignRef> campaign;
    numbers::Routing routing{};
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, workspace, assignment, campaign, routing, provider);
  };
};
std::vector<ProviderQuestion> questions(const TransferWorkspace&, const Book&, const Context&);
Decision<TransferWorkspace::Answer> decide(const TransferWorkspace&, const Book&, const Context&);

/// What a transfer would raise, without moving; the provider is not asked.
struct PreviewTransfer {
  static constexpr std::string_view operation = "PreviewTransfer";
  static constexpr std::string_view summary =
      "The warnings and refusals a transfer would meet, and what it would do";
  static constexpr Route route{Method::get, "/v1/workspaces/{workspace}/numbers/{number}/transfer/preview"};
  static constexpr Access access = needs("numbers.read");
  WorkspaceId workspace;
  NumberId number;
  WorkspaceId to_workspace;
  BOOST_DESCRIBE_CLASS(PreviewTransfer, (), (workspace, number, to_workspace), (), ())

  using Answer = PreviewAnswer;
};
Decision<PreviewTransfer::Answer> decide(const PreviewTransfer&, const Book&, const Context&);

}  // namespace ringledger
