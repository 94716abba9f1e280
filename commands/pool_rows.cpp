#include "commands/pool_rows.hpp"

#include "commands/book.hpp"

namespace ringledger {
namespace {

void append_index(std::string& name, std::int64_t index) {
  for (int shift = 24; shift >= 0; shift -= 8) name.push_back(static_cast<char>(index >> shift));
}

}  // namespace

std::string seat_name(CampaignId campaign, pools::Queue queue, std::int64_t index) {
  auto name = raw_name(campaign.raw);
  name.push_back(static_cast<char>(queue));
  append_index(name, index);
  return name;
}

std::string member_name(CampaignId campaign, std::int64_t index) {
  auto name = raw_name(campaign.raw);
  append_index(name, index);
  return name;
}

std::string page_name(CampaignId campaign, const std::string& text) {
  return raw_name(campaign.raw).append(text);
}

std::string showing_name(NumberId number, std::int64_t index) {
  auto name = raw_name(number.raw);
  name.push_back(static_cast<char>(index % remembered_showings));
  return name;
}

}  // namespace ringledger
