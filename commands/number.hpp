// Commands that change one number in place: label, CNAM, status, deletion.
#pragma once

#include "commands/number_parts.hpp"

namespace ringledger {

struct RenameNumber {
  static constexpr std::string_view operation = "RenameNumber";
  static constexpr std::string_view summary = "Sets or, with null, clears the number's label";
  static constexpr Route route{Method::patch, "/v1/workspaces/{workspace}/numbers/{number}"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  Patch<Text<64>> label;
  BOOST_DESCRIBE_CLASS(RenameNumber, (), (workspace, number, label), (), ())
  static bool needed(std::string_view m) { return m == "label"; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    std::optional<std::string> label;
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, label, provider);
  };
};
std::vector<Error> field_faults(const RenameNumber&, const Book&, const Context&);
Decision<RenameNumber::Answer> decide(const RenameNumber&, const Book&, const Context&);

struct ToggleCnam {
  static constexpr std::string_view operation = "ToggleCnam";
  static constexpr std::string_view summary = "Turns the provider's caller name lookup on or off";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/numbers/{number}/cnam"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  bool enabled = false;
  BOOST_DESCRIBE_CLASS(ToggleCnam, (), (workspace, number, enabled), (), ())

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    CnamProgress cnam;
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, cnam, provider);
  };
};
Decision<ToggleCnam::Answer> decide(const ToggleCnam&, const Book&, const Context&);

/// `{"status":"active"}` activates, `{"status":"inactive"}` deactivates: calls are rejected, the
/// assignment stays and comes back (C8).
struct ActivateNumber {
  static constexpr std::string_view operation = "ActivateNumber";
  static constexpr std::string_view names[] = {"ActivateNumber", "DeactivateNumber"};
  static constexpr std::string_view summary = "Activates or deactivates the number";
  static constexpr Route route{Method::put, "/v1/workspaces/{workspace}/numbers/{number}/status"};
  static constexpr Access access = needs("numbers.write");
  WorkspaceId workspace;
  NumberId number;
  numbers::Status status{};
  BOOST_DESCRIBE_CLASS(ActivateNumber, (), (workspace, number, status), (), ())
  [[nodiscard]] std::string_view name() const { return names[status == numbers::Status::active ? 0 : 1]; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    numbers::Status status{};
    numbers::Routing routing{};
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, status, routing, provider);
  };
};
Decision<ActivateNumber::Answer> decide(const ActivateNumber&, const Book&, const Context&);

/// Without `release` the number only leaves the inventory and can be imported again (DEL-02). With it
/// the provider is asked to give it up, for good (DEL-03): `confirm` must name the number.
struct DeleteNumber {
  static constexpr std::string_view operation = "DeleteNumber";
  static constexpr std::string_view summary =
      "Deletes the number from the inventory, and with release from the provider";
  static constexpr Route route{Method::del, "/v1/workspaces/{workspace}/numbers/{number}"};
  static constexpr Access access = needs("numbers.write");
  static constexpr int statuses[] = {200, 202};  // 202: the provider is still to do its part
  WorkspaceId workspace;
  NumberId number;
  bool release = false;
  std::optional<Text<40>> confirm;
  std::vector<WarningCode> acknowledged;
  BOOST_DESCRIBE_CLASS(DeleteNumber, (), (workspace, number, release, confirm, acknowledged), (), ())
  static bool defaulted(std::string_view m) { return m == "release"; }

  struct Answer {
    NumberId id;
    std::int64_t version = 0;
    bool deleted = true;
    bool release = false;
    ProviderProgress provider;
    RL_FIELDS(Answer, id, version, deleted, release, provider);
  };
};
Decision<DeleteNumber::Answer> decide(const DeleteNumber&, const Book&, const Context&);

}  // namespace ringledger
