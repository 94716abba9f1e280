// The simulator over real sockets: our client and carrier, and Twilio's own SDK, against one server.
#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "adapters/http/httplib_client.hpp"
#include "adapters/twilio/twilio_carrier.hpp"
#include "support/simulated.hpp"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <httplib.h>
#pragma clang diagnostic pop

using namespace ringledger;
using namespace ringledger::testing;

namespace {

struct Hosted : World {
  httplib::Server server;
  std::string url;
  std::thread thread;

  Hosted() {
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      SimHttpRequest asked{request.method, request.target, {}, request.body};
      for (const auto& [name, value] : request.headers) asked.headers.emplace_back(name, value);
      const auto answer = simulator->handle(asked);
      response.status = answer.status;
      for (const auto& [name, value] : answer.headers) response.set_header(name, value);
      response.body = answer.body;
    };
    server.set_tcp_nodelay(true);
    server.Get(".*", serve);
    server.Post(".*", serve);
    server.Delete(".*", serve);
    url = "http://127.0.0.1:" + std::to_string(server.bind_to_any_port("127.0.0.1"));
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();  // stop() before that would be lost
  }
  ~Hosted() {
    server.stop();
    thread.join();
  }
};

}  // namespace

TEST_CASE("IMP-01 the carrier lists, updates and releases over real connections") {
  Hosted world;
  const auto sid = world.add_number("+14155550100");
  world.add_number("+14155550101");
  HttplibClient http;
  TwilioCarrier carrier(http, world.url);
  const CarrierCredentials who{world.sid, world.token};
  CHECK(carrier.list_numbers(who)->size() == 2);
  ProviderUpdate update;
  update.friendly_name = "Räder + Söhne & Co";
  update.voice_url = "https://a.example/v?x=1&y=2";
  const auto updated = carrier.update_number(who, sid, update);
  REQUIRE(updated);
  CHECK(updated->settings.friendly_name == "Räder + Söhne & Co");
  CHECK(updated->settings.hooks.voice_url == "https://a.example/v?x=1&y=2");
  CHECK(carrier.release_number(who, sid));
  CHECK(carrier.list_numbers(who)->size() == 1);
  CHECK(carrier.verify({world.sid, "x"}).error().kind == CarrierFailure::Kind::invalid_credentials);
}

TEST_CASE("SIM-20 Twilio's Python SDK finds in the simulator what it finds at Twilio") {
  const auto* venv = std::getenv("RINGLEDGER_TWILIO_SDK_VENV");
  if (!venv) {
    MESSAGE("not run: set RINGLEDGER_TWILIO_SDK_VENV to a folder for the SDK (made at first use, from PyPI)");
    return;
  }
  Hosted world;
  const auto command =
      std::string(RL_SOURCE_DIR) + "/scripts/twilio_sdk_check " + world.url + " --venv '" + venv + "'";
  CHECK(std::system(command.c_str()) == 0);
}
