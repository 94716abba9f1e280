// Deciding again to whom a call is owed (number-pools.md D.4): by another model, or by newer rules.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// A snapshot as readers see it (api.md "the snapshot").
struct ShownAttribution {
  struct NamedCampaign {
    CampaignId id;
    std::string name;  ///< as it was
    RL_FIELDS(NamedCampaign, id, name);
  };
  std::optional<NamedCampaign> campaign;
  std::optional<std::string> source;
  std::optional<SessionId> session;
  std::vector<attribution::Candidate> candidates;
  attribution::Model model{};
  std::int64_t model_version = 0;
  Share confidence;
  std::vector<std::string> evidence;
  std::vector<attribution::Flag> flags;
  RL_FIELDS(ShownAttribution, campaign, source, session, candidates, model, model_version, confidence,
            evidence, flags);
};
ShownAttribution shown(const attribution::Snapshot& snapshot);

/// Rests on what was known when the call was received: what came later changes nothing. The same model and
/// version give the same bytes; then nothing happens.
struct RecomputeAttribution {
  static constexpr std::string_view operation = "RecomputeAttribution";
  static constexpr std::string_view summary =
      "Decides again to whom a call is owed, by the model that is named: a new fact beside the old one";
  static constexpr Route route{Method::post, "/v1/workspaces/{workspace}/calls/{call}/attribution"};
  /// Agents note what a call came to, but do not say whose it is: campaigns are judged by that.
  static constexpr Access access = needs("calls.write", "campaigns.write");
  WorkspaceId workspace;
  CallId call;
  attribution::Model model{};
  BOOST_DESCRIBE_CLASS(RecomputeAttribution, (), (workspace, call, model), (), ())
  static bool defaulted(std::string_view m) { return m == "model"; }

  struct Answer {
    CallId id;
    std::int64_t version = 0;  ///< of what people configured: an attribution is nothing of it
    ShownAttribution attribution;
    RL_FIELDS(Answer, id, version, attribution);
  };
};
Decision<RecomputeAttribution::Answer> decide(const RecomputeAttribution&, const Book&, const Context&);

}  // namespace ringledger
