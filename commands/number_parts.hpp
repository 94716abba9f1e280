// What the commands about numbers share: finding the number, its version, its warnings, its answers.
#pragma once

#include "commands/command.hpp"

namespace ringledger {

/// The number, when that workspace has it in its inventory.
const numbers::Number* number_in(WorkspaceId workspace, NumberId id, const Book& book);

/// 412 when the client saw another version.
std::optional<Refusal> version_fault(const numbers::Number& number, const Context& ctx);

/// 409 while the provider is asked to release it: nothing else can be wished of it (DEL-07).
std::optional<Refusal> release_fault(const numbers::Number& number);

/// What stands against taking the number away from where it is (ASG-04…09); empty when it is nowhere.
std::vector<Warning> warnings_of_moving(const numbers::Number& number, const Book& book, Timestamp now);

/// 409 unless every warning above info is acknowledged (ASG-12).
std::optional<Refusal> warnings_fault(std::vector<Warning> standing,
                                      const std::vector<WarningCode>& acknowledged);

/// The codes of the standing warnings that were acknowledged, each once: what the event records.
std::vector<std::string> heeded(const std::vector<Warning>& standing,
                                const std::vector<WarningCode>& acknowledged);

struct CampaignRef {
  CampaignId id;
  std::string name;
  campaigns::Type campaign_type{};
  RL_FIELDS(CampaignRef, id, name, campaign_type);
};
struct NumberRef {
  NumberId id;
  E164 e164;
  RL_FIELDS(NumberRef, id, e164);
};
/// Why one number of many was refused; not nested, or std::optional of it could not be made empty.
struct ItemFault {
  Code code{};
  std::string detail;
  RL_FIELDS(ItemFault, code, detail);
};
struct ItemRefusal {
  Code code{};
  std::string detail;
  std::vector<Warning> warnings{};
  RL_FIELDS(ItemRefusal, code, detail, warnings);
};
/// A provider's refusal as its readers see it.
struct ProviderErrorView {
  int code = 0;
  std::string message;
  std::optional<std::string> more_info;  ///< a page about the code
  RL_FIELDS(ProviderErrorView, code, message, more_info);
};
struct ProviderProgress {
  numbers::ProviderState state{};
  std::optional<ProviderErrorView> error;
  RL_FIELDS(ProviderProgress, state, error);
};
struct CnamProgress {
  bool enabled = false;
  numbers::CnamState state{};
  std::optional<ProviderErrorView> provider_error;
  RL_FIELDS(CnamProgress, enabled, state, provider_error);
};
BOOST_DEFINE_ENUM_CLASS(Assignment, assigned, unassigned)

/// What a wish would meet and do, without doing it.
struct PreviewAnswer {
  struct Fault {
    Code code{};
    std::string detail;
    RL_FIELDS(Fault, code, detail);
  };
  std::vector<Warning> warnings;
  std::vector<Fault> refusals;
  std::vector<std::string> effects;
  RL_FIELDS(PreviewAnswer, warnings, refusals, effects);
};

/// Where the provider named no page, the one it has for each of its codes.
ProviderErrorView view_of(const ProviderError& error);
std::optional<CampaignRef> campaign_ref(const std::optional<CampaignId>& id, const Book& book);
ProviderProgress provider_progress(const numbers::Number& number);
CnamProgress cnam_progress(const numbers::Number& number);
/// The number after the events (all of one number), as evolve says.
numbers::Number after(const numbers::Number& before, const std::vector<Event>& events, const Context& ctx);

}  // namespace ringledger
