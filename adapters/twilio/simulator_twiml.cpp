// TwiML through Boost.PropertyTree's XML reader, in a file of its own for its compile time.
#include "adapters/twilio/simulator_twiml.hpp"

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "adapters/twilio/twiml.hpp"

namespace ringledger::simulated {
namespace {

namespace pt = boost::property_tree;

constexpr std::ptrdiff_t max_tags = 500;  // bounds the depth, too

TwimlNode node_of(const std::string& name, const pt::ptree& tree) {
  TwimlNode node{.name = name, .attributes = {}, .text = tree.data(), .children = {}};
  for (const auto& [key, child] : tree) {
    if (key == "<xmlattr>")
      for (const auto& [attribute, value] : child) node.attributes[attribute] = value.data();
    else
      node.children.push_back(node_of(key, child));
  }
  return node;
}

}  // namespace

std::string TwimlNode::attribute(std::string_view attribute_name, std::string_view otherwise) const {
  const auto found = attributes.find(attribute_name);
  return found == attributes.end() ? std::string(otherwise) : found->second;
}

std::expected<std::vector<TwimlNode>, std::string> read_twiml(std::string_view xml) {
  if (xml.size() > twiml::max_document_bytes) return std::unexpected("the TwiML is larger than 64 kB");
  if (std::ranges::count(xml, '<') > max_tags) return std::unexpected("the TwiML has more than 500 tags");
  try {
    std::istringstream in{std::string(xml)};
    pt::ptree tree;
    pt::read_xml(in, tree, pt::xml_parser::trim_whitespace | pt::xml_parser::no_comments);
    const auto root = node_of("", tree);
    if (root.children.size() != 1 || root.children[0].name != "Response")
      return std::unexpected("the TwiML's root is not <Response>");
    return root.children[0].children;
  } catch (const std::exception& error) {
    return std::unexpected("the TwiML cannot be read: " + std::string(error.what()));
  }
}

}  // namespace ringledger::simulated
