"""What Twilio's own SDK says of signatures: reads JSON lines {token, url, params, signature}, writes true or false
for each. Run with the interpreter of the SDK's environment (scripts/twilio_sdk_check makes it)."""

import json
import sys

from twilio.request_validator import RequestValidator

for line in sys.stdin:
    post = json.loads(line)
    params = dict(post["params"])  # no name stands twice
    verdict = RequestValidator(post["token"]).validate(post["url"], params, post["signature"])
    print(json.dumps(bool(verdict)), flush=False)
