"""Twilio's posts about calls (twilio.md B.10) as targets of bench_load, which signs them."""
import urllib.parse

def call_sid(run):
    """Of every request of the run another one."""
    return f"CA{run:012x}" + "#" * 20


def caller(first, digits):
    """A number whose ten digits begin with `first` and end with the request's: of 10^`digits` callers."""
    return "+1" + first.ljust(10 - digits, "0") + "#" * digits


def voice_form(phone, run, caller_number, **more):
    """What Twilio asks with; `more` may make it the callback of a call that ended."""
    sides = (("From", "Caller", caller_number), ("To", "Called", phone.e164))
    form = {"CallSid": call_sid(run), "AccountSid": phone.account_sid, "CallStatus": "ringing",
            "ApiVersion": "2010-04-01", "Direction": "inbound", "StirVerstat": "TN-Validation-Passed-A"}
    for name, older_name, number in sides:
        for side in (name, older_name):
            form |= {side: number, side + "City": "NEW YORK", side + "State": "NY", side + "Zip": "10001",
                     side + "Country": "US"}
    return form | more


def target(phone, what, form, other_form=None, look=None):
    """`what`: voice or status. `look`: the path of what is read as soon as the post was answered."""
    forms = [urllib.parse.urlencode(f, safe="#") for f in (form, other_form or form)]
    looked_for = (look, phone.key) if look else ()
    return ["POST", f"{phone.hook}/{what}", "twilio:" + phone.token, *forms, *looked_for]


def write_targets(file, targets):
    file.write_text("".join("\t".join(target) + "\n" for target in targets))
