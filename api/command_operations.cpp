// The commands the API offers. A new command is added here, once, and declared in its own file.
#include "api/command_operation.hpp"
#include "commands/account.hpp"
#include "commands/call_attribution.hpp"
#include "commands/campaign.hpp"
#include "commands/connection.hpp"
#include "commands/contact.hpp"
#include "commands/key.hpp"
#include "commands/lead.hpp"
#include "commands/number.hpp"
#include "commands/number_assignment.hpp"
#include "commands/number_countries.hpp"
#include "commands/number_import.hpp"
#include "commands/number_transfer.hpp"
#include "commands/pool.hpp"
#include "commands/workspace.hpp"

namespace ringledger {

std::vector<Operation> command_operations() {
  return {command<CreateAccount>(),
          command<CreateWorkspace>(),
          command<UpdateWorkspace>(),
          command<InviteMember>(),
          command<CreateKey>(),
          command<RevokeKey>(),
          command<RotateKey>(),
          command<AddConnection>(),
          command<UpdateConnection>(),
          command<VerifyConnection>(),
          command<CreateCampaign>(),
          command<UpdateCampaign>(),
          command<ArchiveCampaign>(),
          command<ImportNumber>(),
          command<RenameNumber>(),
          command<AssignToCampaign>(),
          command<AssignMany>(),
          command<TransferWorkspace>(),
          command<ToggleCnam>(),
          command<ActivateNumber>(),
          command<SetInboundCountries>(),
          command<SetOutboundCountries>(),
          command<DeleteNumber>(),
          command<RecomputeAttribution>(),
          command<UpdateCall>(),
          command<UpdateContact>(),
          command<NameContact>(),
          command<EraseContact>(),
          book_question<PreviewAssignment>(),
          book_question<PreviewTransfer>(),
          book_question<GetPool>()};
}

}  // namespace ringledger
