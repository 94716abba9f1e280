#include "commands/contact_rows.hpp"

#include "commands/book.hpp"

namespace ringledger {

std::string trace_name(ContactId contact, std::int64_t index) {
  auto name = raw_name(contact.raw);
  for (int shift = 24; shift >= 0; shift -= 8) name.push_back(static_cast<char>(index >> shift));
  return name;
}

std::string attributed_name(CampaignId campaign, ContactId contact) {
  return raw_name(campaign.raw).append(raw_name(contact.raw));
}

}  // namespace ringledger
