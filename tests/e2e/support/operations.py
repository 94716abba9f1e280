"""Every operation of /openapi.json, and a request that would succeed for each. A route without its row here
fails the tests that go through all of them."""

import dataclasses
import json

SID = "AC" + "c" * 32
KEY_SID = "SK" + "d" * 32


@dataclasses.dataclass
class Operation:
    name: str
    method: str
    path: str
    query: list  # names of query parameters
    body: dict | None  # the schema of its body
    is_command: bool
    is_public: bool


def operations(document):
    out = []
    for path, methods in document["paths"].items():
        for method, op in methods.items():
            content = op.get("requestBody", {}).get("content", {})
            query = [p["name"] for p in op.get("parameters", []) if p.get("in") == "query"]
            out.append(
                Operation(
                    op["operationId"],
                    method.upper(),
                    path,
                    query,
                    content.get("application/json", {}).get("schema"),
                    "x-commands" in op,
                    op.get("security") == [],
                )
            )
    return out


def valid_bodies(ids):
    """By operationId: a body that is right in every member. `ids`: campaign, connection, number, e164, member,
    workspace, workspace2."""
    hooks = {
        "connection": ids["connection"],
        "webhooks": "keep",
        "acknowledge_overwrite": False,
        "numbers": [{"e164": "+14155550777", "label": "L"}],
    }
    connection = {
        "provider": "twilio",
        "name": "C",
        "account_sid": SID,
        "auth_token": "t" * 32,
        "api_key_sid": KEY_SID,
        "api_key_secret": "s" * 32,
    }
    tracker = {
        "allowed_origins": ["https://shop.example"],
        "pool": {
            "heartbeat_s": 60,
            "lease_timeout_s": 150,
            "hold_s": 1800,
            "call_window_s": 1800,
            "hold_soft": True,
            "overflow": "fallback_number",
            "fallback_number": "+14155550197",
            "cooldown_s": 60,
            "repeat_window_s": 86400,
            "lookback_s": 86400,
        },
    }
    campaign = tracker | {
        "name": "A name of its own",
        "campaign_type": "website_tracker",
        "channels": ["voice"],
        "forward_to": "+14155550199",
    }
    noted = {
        "deal_value": {"amount": "150.00", "currency": "EUR"},
        "notes": "N\nand more",
        "tags": ["T", "U"],
    }
    return {
        "CreateAccount": {"name": "N", "owner": {"name": "O", "email": "o@o.example"}},
        "CreateWorkspace": {"name": "N", "default_country": "US", "time_zone": "UTC", "plan": "indie"},
        "UpdateWorkspace": {
            "name": "N",
            "default_country": "US",
            "time_zone": "UTC",
            "plan": "indie",
            "detect_caller_name": True,
            "least_ai_confidence": 0.8,
            "manager_grants": ["contacts.read", "calls.read"],
            "member_grants": ["contacts.read", "calls.read"],
        },
        "InviteMember": {"email": "i@i.example", "name": "I", "role": "agent"},
        "ChangeRole": {"role": "agent"},
        "RemoveMember": None,
        "CreateKey": {"name": "K", "member": ids["member"], "expires_at": "2099-01-01T00:00:00.000Z"},
        "RevokeKey": None,
        "RotateKey": {"overlap_s": 0},
        "AddConnection": connection,
        "UpdateConnection": {
            "name": "C",
            "auth_token": "t" * 32,
            "api_key_sid": KEY_SID,
            "api_key_secret": "s" * 32,
        },
        "VerifyConnection": None,
        "CreateCampaign": campaign,
        "UpdateCampaign": tracker | {"name": "U", "channels": ["voice"], "forward_to": "+14155550198"},
        "ArchiveCampaign": None,
        "ImportNumber": hooks,
        "RenameNumber": {"label": "L"},
        "AssignToCampaign": {"campaign": ids["campaign"], "acknowledged": [], "drain": False},
        "AssignMany": {"campaign": ids["campaign"], "numbers": [ids["number"]], "acknowledged": []},
        "TransferWorkspace": {"to_workspace": ids["workspace2"], "acknowledged": []},
        "ToggleCnam": {"enabled": True},
        "ActivateNumber": {"status": "active"},
        "SetInboundCountries": {"countries": ["US", "GB"], "allow_unknown_caller": True},
        "SetOutboundCountries": {"countries": ["US"]},
        "DeleteNumber": {"release": False, "confirm": ids["e164"], "acknowledged": []},
        "RecomputeAttribution": {"model": "linear"},
        "UpdateCall": noted | {"lead_status": "qualified"},
        "UpdateContact": noted | {"lead_status": "new"},
        "NameContact": {"name": "N", "source": "ai", "confidence": 0.9},
        "EraseContact": None,
    }


def filled(path, ids):
    """The path with its ids; query parameters that must be there included."""
    for name in ("workspace", "connection", "campaign", "number", "member", "key", "call", "contact", "message"):
        if "{" + name + "}" in path:
            path = path.replace("{" + name + "}", ids[name])
    path = path.replace("{session}", "ses_" + "0" * 25 + "7")
    path = path.replace("{type}", "number.renamed.v1")
    if path.endswith("/transfer/preview"):
        path += f"?to_workspace={ids['workspace2']}"
    if "{" in path:
        raise AssertionError(f"no id for {path}")
    return path


def body_of(operation, ids):
    if not operation.is_command:
        return None
    bodies = valid_bodies(ids)
    if operation.name not in bodies:
        raise AssertionError(f"{operation.name} has no row in tests/e2e/support/operations.py")
    return bodies[operation.name]


def as_json(body):
    return None if body is None else json.dumps(body).encode()
