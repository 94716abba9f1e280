"""Makes the demo of docs/operations.md through the public API, once per data folder (standard library only).

<data>/demo.json tells a reader (and tests) what there is, while the server is ready; a start sets it aside as
<data>/demo.kept.json first. <data>/demo.partial.json remembers, should the first start be interrupted,
what the next one need not make again: all steps have fixed Idempotency-Keys."""
import json
import pathlib
import socket
import urllib.error
import urllib.parse
import urllib.request

LOCAL = [f"+1415555010{i}" for i in range(10)]
TOLL_FREE, UK_MOBILE = "+18885550100", "+447400123456"
LABELS = ["Main line", "Billboard", "Radio", "Reserve 1", "Reserve 2"]
TIMEOUT_S = 30


class DemoFailed(Exception):
    """What was asked, and what was answered."""


def call(method, url, body=None, key=None, idempotency_key=None):
    """One request with a JSON answer; raises DemoFailed on anything but 2xx."""
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read(4096).decode(errors="replace")
        raise DemoFailed(f"{method} {url}: {error.code} {text}") from error
    except (OSError, ValueError) as error:
        raise DemoFailed(f"{method} {url}: {error}") from error


class Demo:
    def __init__(self, data, url, simulator, operator_key, write_private):
        self.partial = data / "demo.partial.json"
        self.url, self.simulator, self.operator_key = url, simulator, operator_key
        self.write_private = write_private
        self.done = json.loads(self.partial.read_text()) if self.partial.exists() else {}

    def once(self, name, make):
        """The result of a step that must not happen twice: made now, or found from an earlier start."""
        if name not in self.done:
            self.done[name] = make()
            self.write_private(self.partial, json.dumps(self.done))
        return self.done[name]

    def command(self, name, method, path, body, key=None):
        return self.once(name, lambda: call(method, self.url + path, body, key or self.key,
                                           f"demo-{name}".replace(" ", "-")))

    def make(self):
        twilio = self.once("twilio", lambda: call("POST", f"{self.simulator}/_sim/accounts", {}))
        for number in self.twilio_numbers(twilio["account_sid"]):
            self.once(number["phone_number"], lambda: call("POST", f"{self.simulator}/_sim/numbers", number))
        owner = {"name": "Ada Acme", "email": "ada@acme.example"}
        account = self.command("account", "POST", "/v1/accounts", {"name": "Acme Group", "owner": owner},
                               self.operator_key)
        self.key = account["key"]["secret"]
        workspaces = [self.workspace("dental", "Acme Dental"), self.workspace("vision", "Acme Vision")]
        connections = [self.connection(ws, twilio) for ws in workspaces]
        dental = workspaces[0]["id"]
        campaigns = [
            self.campaign(dental, "Highway Billboard", "static"),
            self.campaign(dental, "Morning Radio", "static"),
            self.campaign(dental, "Website", "website_tracker")]
        numbers = self.import_numbers(dental, connections[0]["id"])
        for i, campaign in enumerate(campaigns):
            path = f"/v1/workspaces/{dental}/numbers/{numbers[i]['id']}/assignment"
            self.command(f"assign-{i}", "PUT", path, {"campaign": campaign["id"], "acknowledged": []})
        return {
            "url": self.url, "operator_key": self.operator_key, "account": account["account"]["id"],
            "key": self.key, "workspaces": [{"id": w["id"], "name": w["name"]} for w in workspaces],
            "connections": [{"id": c["id"]} for c in connections],
            "campaigns": [{"id": c["id"]} for c in campaigns], "numbers": [{"id": n["id"]} for n in numbers],
            "simulator": {"url": self.simulator, "account_sid": twilio["account_sid"],
                          "auth_token": twilio["auth_token"]}}

    def twilio_numbers(self, account_sid):
        """What Acme's Twilio account owns: 10 US local, one toll-free, one UK mobile without MMS; the
        hooks are those of the PBX they ring today, which an import with `keep` leaves alone."""
        kinds = [(e164, "local", True) for e164 in LOCAL]
        kinds += [(TOLL_FREE, "toll-free", True), (UK_MOBILE, "mobile", False)]
        for e164, kind, mms in kinds:
            yield {"account_sid": account_sid, "phone_number": e164, "type": kind,
                   "friendly_name": f"Acme {kind} {e164[-4:]}",
                   "capabilities": {"voice": True, "sms": True, "mms": mms, "fax": False},
                   "voice_url": "https://pbx.acme.example/voice"}

    def workspace(self, stem, name):
        return self.command(f"workspace-{stem}", "POST", "/v1/workspaces", {
            "name": name, "default_country": "US", "time_zone": "America/Los_Angeles", "plan": "agency"})

    def connection(self, workspace, twilio):
        """Adds the Twilio account to a workspace and has its credentials checked."""
        path = f"/v1/workspaces/{workspace['id']}/connections"
        made = self.command(f"connection-{workspace['name']}", "POST", path, {
            "provider": "twilio", "name": "Acme Twilio", "account_sid": twilio["account_sid"],
            "auth_token": twilio["auth_token"]})
        self.command(f"verify-{workspace['name']}", "POST", f"{path}/{made['id']}/verify", {})
        return made

    def campaign(self, workspace, name, kind):
        return self.command(f"campaign-{name}", "POST", f"/v1/workspaces/{workspace}/campaigns", {
            "name": name, "campaign_type": kind, "channels": ["voice"], "forward_to": "+14155550199"})

    def import_numbers(self, workspace, connection):
        wanted = [{"e164": e164, "label": label} for e164, label in zip(LOCAL, LABELS)]
        answer = self.command("import", "POST", f"/v1/workspaces/{workspace}/numbers/import", {
            "connection": connection, "numbers": wanted, "webhooks": "keep"})
        if answer["imported"] != len(wanted):
            raise DemoFailed(f"imported {answer['imported']} of {len(wanted)} numbers: {answer['results']}")
        return [result["number"] for result in answer["results"]]


def set_aside(data):
    """What an earlier start wrote is no news: it is gone until this one is ready."""
    path = pathlib.Path(data) / "demo.json"
    if path.exists():
        path.rename(path.with_name("demo.kept.json"))


def kept(data):
    """What the last start told; None: there was none."""
    path = pathlib.Path(data) / "demo.kept.json"
    return json.loads(path.read_text()) if path.exists() else None


def simulator_port(data):
    """The last start's, so that what was told of it still holds; 0 when there was none or it is taken."""
    last = kept(data)
    address = urllib.parse.urlsplit(last["simulator"]["url"]) if last else None
    if not address or address.hostname != "127.0.0.1":
        return 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.hostname, address.port))
        except OSError:
            return 0
    return address.port


def nothing_made():
    return {"account": None, "key": None, "workspaces": [], "connections": [], "campaigns": [], "numbers": [],
            "simulator": {"account_sid": None, "auth_token": None}}


def make(data, url, simulator, operator_key, write_private, wanted, more):
    """The content of <data>/demo.json: an earlier demo's with today's addresses, else, if `wanted`, made.
    `more`: what else is told of today."""
    folder = pathlib.Path(data)
    made = kept(data) or nothing_made()
    if wanted and not made["account"]:
        made = Demo(data, url, simulator, operator_key, write_private).make()
    made = {"url": url, "operator_key": operator_key} | {k: v for k, v in made.items() if k != "nodes"} | more
    made["url"], made["operator_key"], made["simulator"]["url"] = url, operator_key, simulator
    write_private(folder / "demo.json", json.dumps(made, indent=2) + "\n")
    if made["account"]:
        (folder / "demo.partial.json").unlink(missing_ok=True)
    (folder / "demo.kept.json").unlink(missing_ok=True)
    return made


def what_to_try(path, made):
    """Shell lines that work when pasted, top to bottom."""
    dental, vision = (w["id"] for w in made["workspaces"])
    first, _, _, reserve, _ = (n["id"] for n in made["numbers"])
    radio = made["campaigns"][1]["id"]
    connection = made["connections"][0]["id"]
    others = [node["url"] for node in made.get("nodes", [])[1:]]
    any_node = f"  # any node takes any of these: U={' or U='.join(others)}\n" if others else ""
    return f"""
The demo is in {path}. Try (paste into another terminal, top to bottom):

  U={made["url"]} WS={dental}
{any_node}  K=$(python3 -c 'import json; print(json.load(open("{path}"))["key"])')
  get()  {{ curl -sS -H "Authorization: Bearer $K" "$@"; echo; }}
  send() {{ curl -sS -H "Authorization: Bearer $K" -H "Idempotency-Key: try-$RANDOM-$(date +%s%N)" \\
              -H "Content-Type: application/json" "$@"; echo; }}

  # the inventory, and what it sums up to
  get "$U/v1/workspaces/$WS/numbers"
  get "$U/v1/workspaces/$WS/numbers/summary"
  # what the Twilio account owns, then import one more and leave its hooks alone
  get "$U/v1/workspaces/$WS/connections/{connection}/numbers"
  send -X POST "$U/v1/workspaces/$WS/numbers/import" \\
       -d '{{"connection":"{connection}","webhooks":"keep","numbers":[{{"e164":"{LOCAL[5]}","label":"6"}}]}}'
  # what would moving a number to another campaign mean? then do it, having read the warnings
  get "$U/v1/workspaces/$WS/numbers/{first}/assignment/preview?campaign={radio}"
  send -X PUT "$U/v1/workspaces/$WS/numbers/{first}/assignment" \\
       -d '{{"campaign":"{radio}","acknowledged":["moving_between_campaigns","campaign_left_empty"]}}'
  # caller names on; wait up to 5 s for what Twilio says
  send -X PUT -H "Prefer: wait=5" "$U/v1/workspaces/$WS/numbers/{first}/cnam" -d '{{"enabled":true}}'
  # hand a number to the other workspace
  send -X POST "$U/v1/workspaces/$WS/numbers/{reserve}/transfer" \\
       -d '{{"to_workspace":"{vision}","acknowledged":[]}}'
  # take one out of the inventory (it stays at Twilio)
  send -X DELETE "$U/v1/workspaces/$WS/numbers/{LOCAL[5][1:]}"
  # what happened to a number, and everything that happened
  get "$U/v1/workspaces/$WS/numbers/{first}/history"
  get -H "Accept: application/x-ndjson" "$U/v1/events"
"""
