"""Twilio's side of a webhook: forms as it posts them, signed as it signs them (twilio.md B.9)."""

import base64
import hashlib
import hmac
import http.client
import urllib.parse

from support.client import WAIT_S, Answer, NoAnswer

FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def sign(token, url, params):
    text = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def call_sid(n):
    return f"CA{n:032x}"


def voice_form(account_sid, sid, to, status="ringing", caller="+12125550100", **more):
    fields = {
        "CallSid": sid,
        "AccountSid": account_sid,
        "From": caller,
        "To": to,
        "CallStatus": status,
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    return list((fields | more).items())


def message_form(account_sid, sid, to, body, sender="+12125550100", **more):
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": account_sid,
        "From": sender,
        "To": to,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
    }
    return list((fields | more).items())


class Poster:
    """Posts to one server's hooks of one connection over one kept connection."""

    def __init__(self, server, connection, token):
        self.server, self.token, self.connection_id = server, token, connection
        self.http, self.connected_to = None, None

    def url(self, what):
        return f"http://127.0.0.1:{self.server.port}/twilio/{self.connection_id}/{what}"

    def post(self, what, params, signature=None, url=None):
        url = url or self.url(what)
        signature = sign(self.token, url, params) if signature is None else signature
        target = "/" + url.split("/", 3)[3]
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        try:
            if self.connected_to != self.server.started:
                self.close()
            if self.http is None:
                self.connected_to = self.server.started
                self.http = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=WAIT_S)
            self.http.request("POST", target, urllib.parse.urlencode(params), headers)
            got = self.http.getresponse()
            return Answer(got.status, got.headers, got.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoAnswer(f"POST {target}: {error!r}") from error

    def close(self):
        if self.http:
            self.http.close()
        self.http = None


def told(story, what, form):
    """Posts a form of the story's provider account."""
    poster = Poster(story.server, story.connection_id, story.twilio["auth_token"])
    answer = poster.post(what, form)
    poster.close()
    if answer.status != 200:
        raise AssertionError(answer)


def a_call(story):
    """The id of a call that the story's first number received."""
    told(story, "voice", voice_form(story.twilio["account_sid"], call_sid(1), story.e164s[0]))
    return story.owner.must("GET", f"{story.ws}/calls")["items"][0]["id"]


def a_message(story):
    """The id of a message that the story's first number received."""
    told(story, "sms", message_form(story.twilio["account_sid"], f"SM{1:032x}", story.e164s[0], "hello"))
    return story.owner.must("GET", f"{story.ws}/messages")["items"][0]["id"]
