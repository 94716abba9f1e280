"""What Twilio's own SDK says of signatures: reads JSON lines {token, url, params, signature}, writes true or
false for each; for one without a signature the SDK's. Run with the interpreter of the SDK's environment
(sdk.py)."""

import json
import sys

from twilio.request_validator import RequestValidator

for line in sys.stdin:
    post = json.loads(line)
    params = dict(post["params"])  # no name stands twice
    validator = RequestValidator(post["token"])
    if post.get("signature") is None:
        told = validator.compute_signature(post["url"], params)
    else:
        told = bool(validator.validate(post["url"], params, post["signature"]))
    print(json.dumps(told), flush=False)
