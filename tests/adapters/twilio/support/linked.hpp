// A carrier whose Twilio is the simulator, or one canned answer.
#pragma once

#include <doctest/doctest.h>

#include "adapters/twilio/twilio_carrier.hpp"
#include "simulated.hpp"

namespace ringledger::testing {

struct Linked : World {
  ToSimulator http;
  TwilioCarrier carrier{http, "http://twilio.test/"};
  Linked() { http.simulator = simulator.get(); }
  [[nodiscard]] CarrierCredentials who() const { return {sid, token}; }
  void fault(const std::string& json) {
    control("POST", "faults", json);
    REQUIRE(last.status == 201);
  }
};

/// One canned answer to every call.
struct Canned {
  ScriptedHttp http;
  TwilioCarrier carrier{http, "https://api.twilio.com"};
  explicit Canned(HttpAnswer answer, const std::string& path = "/IncomingPhoneNumbers/PN1.json") {
    http.answers["https://api.twilio.com/2010-04-01/Accounts/AC1" + path] = std::move(answer);
  }
};

}  // namespace ringledger::testing
