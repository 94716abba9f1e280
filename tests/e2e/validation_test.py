"""Bad input: every member of every command's body, in every wrong way, is a 4xx problem that names it, and nothing is
changed (issue 3 "Bad input, bad days"). The cases follow from /openapi.json: a new member is tried without a word here."""

import copy
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support.operations import body_of, filled, operations  # noqa: E402
from support.webhook import a_call, a_message  # noqa: E402
from support.world import OPERATOR_KEY, Story, WorldTest, new_key, until  # noqa: E402

MOST_DEPTH = 32
WRONG = {
    "string": [7, True, [], {"a": 1}],
    "number": ["0.5", True, -0.1, 1.1, [], {}],
    "integer": ["7", 1.5, True, [], {}],
    "boolean": ["true", 1, [], {}],
    "array": ["x", 7, {"a": 1}],
    "object": ["x", 7, []],
}
# An empty list and an absent one mean the same, and null stands for absent (RFC 7396 and api.md).


def types_of(schema):
    kind = schema.get("type", "string")
    return [kind] if isinstance(kind, str) else list(kind)


def nodes(schema, body, at=()):
    """(path, schema, required) of every member of a body, in objects and in the first item of lists."""
    for name, sub in schema.get("properties", {}).items():
        here = (*at, name)
        yield here, sub, name in schema.get("required", [])
        inner = body.get(name) if isinstance(body, dict) else None
        if "object" in types_of(sub):
            yield from nodes(sub, inner or {}, here)
        items = sub.get("items", {})
        if "object" in types_of(items):
            yield from nodes(items, (inner or [{}])[0], (*here, 0))


def objects(schema, at=()):
    """The path of every object in a body."""
    yield at
    for name, sub in schema.get("properties", {}).items():
        if "object" in types_of(sub):
            yield from objects(sub, (*at, name))
        if "object" in types_of(sub.get("items", {})):
            yield from objects(sub["items"], (*at, name, 0))


def pointer(path):
    return "".join(f"/{p}" for p in path)


def with_value(body, path, value):
    out = copy.deepcopy(body)
    at = out
    for part in path[:-1]:
        at = at[part]
    if value is Ellipsis:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return out


def doubled(body, path):
    """The body as text with one member standing twice."""
    marked = with_value(body, path, "@twice@")
    value = body
    for part in path:
        value = value[part]
    text, again = json.dumps(value), json.dumps(path[-1])
    return json.dumps(marked).replace('"@twice@"', f"{text}, {again}: {text}", 1).encode()


def wrong_values(schema, required):
    """(what, value) for one member."""
    kinds = types_of(schema)
    if required:
        yield "missing", Ellipsis
        if "null" not in kinds:
            yield "null", None
    for value in WRONG[kinds[0] if kinds[0] != "null" else kinds[-1]]:
        yield f"of another type: {value!r}", value
    if "string" in kinds:
        if "enum" in schema or schema.get("minLength", 0) > 0:
            yield "empty", ""
        yield "too long", "x" * (schema.get("maxLength", 4000) + 1)
        yield "a control character", "a\u0000b"
    if "array" in kinds:
        yield "too many", ["x"] * 1001
        yield "an item of another type", [{"a": {}}]
        yield "a null item", [None]
    if "integer" in kinds:
        yield "too great", 2**63
        yield "below zero", -1


class Validation(WorldTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.start_simulator()
        cls.server = cls.new_server(cls.sim, logging_level="warn").start()
        cls.s = Story(cls.server, cls.sim, numbers=2)
        _, member, key = cls.s.member("agent", "colleague@acme.example")
        cls.ids = {
            "workspace": cls.s.workspaces[0],
            "workspace2": cls.s.workspaces[1],
            "connection": cls.s.connection_id,
            "campaign": cls.s.campaign("Campaign", campaign_type="website_tracker"),
            "number": cls.s.ids[0],
            "e164": cls.s.e164s[0],
            "member": member,
            "key": key,
            "call": a_call(cls.s),
            "message": a_message(cls.s),
            "contact": cls.s.owner.must("GET", f"{cls.s.ws}/contacts")["items"][0]["id"],
        }
        cls.operations = operations(cls.s.owner.must("GET", "/openapi.json"))
        cls.operator = cls.server.client(OPERATOR_KEY)

    def setUp(self):
        until(
            lambda: self.s.owner.must("GET", f"{self.s.ws}/numbers?provider_state=pending")["total"] == 0,
            "all is quiet",
        )
        self.before = self.s.owner.events()

    def tearDown(self):
        self.assertEqual(self.s.owner.events(), self.before)  # nothing changed

    def commands(self):
        return [op for op in self.operations if op.is_command]

    def with_bodies(self):
        for op in self.commands():
            body = body_of(op, self.ids)
            if op.body and body is not None:
                yield op, body

    def ask(self, op, raw, headers=None):
        client = self.operator if op.name == "CreateAccount" else self.s.owner
        return client.send(op.method, filled(op.path, self.ids), raw=raw, headers=headers)

    def refused(self, op, what, raw, code=None, at=None):
        """A problem with status 400; it names `at` or what is inside it."""
        answer = self.ask(op, raw)
        with self.subTest(op.name, what=what, at=at):
            self.assertEqual(answer.status, 400, f"{raw[:300]}: {answer}")
            self.assert_problem(answer, 400, code or answer.code)
            if at is not None:
                named = [e["pointer"] for e in answer.json["errors"]]
                self.assertTrue(
                    any(n == at or n.startswith(at + "/") for n in named), f"{raw[:300]}: {answer}"
                )

    def test_every_member_in_every_wrong_way(self):
        tried = 0
        for op, body in self.with_bodies():
            for path, schema, required in nodes(op.body, body):
                for what, value in wrong_values(schema, required):
                    if value is not Ellipsis or self.is_there(body, path):
                        self.refused(
                            op, what, json.dumps(with_value(body, path, value)).encode(), at=pointer(path)
                        )
                        tried += 1
        self.assertGreater(tried, 400)

    @staticmethod
    def is_there(body, path):
        for part in path:
            if isinstance(body, dict) and part not in body:
                return False
            body = body[part]
        return True

    def test_an_unknown_member_is_named_wherever_it_stands(self):
        for op, body in self.with_bodies():
            for path in objects(op.body):
                wrong = with_value(body, (*path, "surprise~/"), 1)
                self.refused(
                    op,
                    "unknown",
                    json.dumps(wrong).encode(),
                    "unknown_field",
                    pointer(path) + "/surprise~0~1",
                )

    def test_a_member_that_stands_twice_is_named(self):
        for op, body in self.with_bodies():
            for path, _, _ in nodes(op.body, body):
                if self.is_there(body, path):
                    self.refused(op, "doubled", doubled(body, path), at=pointer(path))

    def test_all_faults_of_a_body_are_listed_together(self):
        for op, body in self.with_bodies():
            top = [path for path, _, _ in nodes(op.body, body) if len(path) == 1]
            wrong = {
                path[0]: {"an": "object"} if "object" not in types_of(op.body["properties"][path[0]]) else 7
                for path in top
            }
            answer = self.ask(op, json.dumps(wrong | {"surprise": 1}).encode())
            with self.subTest(op.name):
                self.assertEqual(answer.status, 400, answer)
                named = [e["pointer"] for e in answer.json["errors"]]
                self.assertEqual(sorted(named), sorted([pointer(p) for p in top] + ["/surprise"]), answer)

    def test_what_is_no_json_is_malformed(self):
        deep = b'{"a":' * MOST_DEPTH + b"1" + b"}" * MOST_DEPTH
        for op, body in self.with_bodies():
            good = json.dumps(body).encode()
            for what, raw in (
                ("cut", good[:-1]),
                ("text", b"hello"),
                ("trailing", good + b"x"),
                ("two", good + good),
                ("comment", b"/* */" + good),
                ("trailing comma", good[:-1] + b",}"),
                ("NaN", b'{"a":NaN}'),
                ("bad UTF-8", good[:-1] + b',"x":"\xff\xfe"}'),
                ("overlong", good[:-1] + b',"x":"\xc0\xaf"}'),
                ("lone surrogate", good[:-1] + b',"x":"\\ud800"}'),
                ("33 levels", deep.replace(b"1", b'{"a":1}')),
                ("10,000 levels", b"[" * 10_000),
                ("nothing but blanks", b"   "),
            ):
                self.refused(op, what, raw, "malformed_json")
            for what, raw in (("a list", b"[]"), ("a number", b"7"), ("null", b"null"), ("a text", b'"x"')):
                self.refused(op, what, raw)
            with self.subTest(op.name, what="32 levels"):  # are no fault: the unknown member is
                self.assertIn(self.ask(op, deep).code, ("unknown_field", "validation_failed"))

    def test_bad_bytes_inside_a_member_are_refused(self):
        for op, body in self.with_bodies():
            for path, schema, _ in nodes(op.body, body):
                if "string" in types_of(schema) and self.is_there(body, path):
                    raw = (
                        json.dumps(with_value(body, path, "@bytes@")).encode().replace(b"@bytes@", b"a\xffb")
                    )
                    self.refused(op, f"bad UTF-8 at {pointer(path)}", raw, "malformed_json")

    def test_more_than_a_mebibyte_is_too_large(self):
        for op, body in self.with_bodies():
            raw = json.dumps(body).encode()[:-1] + b',"x":"' + b"y" * (1024 * 1024) + b'"}'
            try:
                answer = self.ask(op, raw)
            finally:
                self.s.owner.close()
                self.operator.close()
            with self.subTest(op.name):
                self.assert_problem(answer, 413, "too_large")

    def test_another_media_type_is_415(self):
        for op, body in self.with_bodies():
            for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
                answer = self.ask(op, json.dumps(body).encode(), {"Content-Type": media})
                with self.subTest(op.name, media=media):
                    self.assertEqual(answer.status, 415, answer)

    def test_query_parameters_unknown_doubled_or_wrong_are_named(self):
        wrong = {
            "limit": ["0", "501", "-1", "x", "1.5", "99999999999999999999"],
            "page": ["0", "x"],
            "per_page": ["0", "501"],
            "cursor": ["nonsense", "a" * 3000],
            "as_of": ["yesterday"],
            "sort": ["nonsense", "-"],
            "status": ["nonsense"],
            "assignment": ["nonsense"],
            "capability": ["nonsense"],
            "number_type": ["nonsense"],
            "routing": ["nonsense"],
            "provider_state": ["nonsense"],
            "cnam": ["nonsense"],
            "origin": ["nonsense"],
            "campaign": ["nonsense"],
            "campaign_type": ["nonsense"],
            "severity": ["nonsense"],
            "code": ["nonsense"],
            "refresh": ["maybe"],
            "wait": ["-1", "31", "x"],
            "from": ["nonsense"],
            "to": ["nonsense"],
            "to_workspace": ["nonsense"],
        }
        tried = 0
        for op in self.operations:
            path = filled(op.path, self.ids)
            if op.is_public or op.name == "CreateAccount":
                continue
            mark = "&" if "?" in path else "?"
            headers = {"Idempotency-Key": new_key()} if op.is_command else {}
            # Commands get a bad body too, so that a parameter that is let through changes nothing.
            bad = b"{" if op.is_command else None
            cases = [("surprise", "1")] + [
                (name, value) for name in op.query for value in wrong.get(name, [])
            ]
            for name, value in cases:
                if name == "to_workspace":
                    continue
                answer = self.s.owner.request(op.method, f"{path}{mark}{name}={value}", None, headers, bad)
                tried += 1
                with self.subTest(op.name, parameter=name, value=value[:40]):
                    self.assertEqual(answer.status, 400, answer)
                    if not op.is_command:
                        self.assert_problem(answer, 400, "validation_failed")
                        self.assertIn(
                            name,
                            [e["pointer"].strip("/").removesuffix("/0") for e in answer.json["errors"]],
                            answer,
                        )
        self.assertGreater(tried, 60)

    def test_numbers_in_any_usual_form_are_read_others_refused_by_name(self):
        path = f"{self.s.ws}/numbers/import"
        for form in (
            "",
            "hello",
            "123",
            "+1",
            "+1415555",
            "+999 123 456 789",
            "(415) 555-010",
            "4155550100 ext 5000000",
        ):
            body = {
                "connection": self.ids["connection"],
                "numbers": [{"e164": self.s.e164s[0]}, {"e164": form}],
            }
            answer = self.s.owner.send("POST", path, body)
            with self.subTest(form):
                self.assert_problem(answer, 400, "validation_failed", "/numbers/1/e164")
        a, b, c = self.s.e164s[0][2:5], self.s.e164s[0][5:8], self.s.e164s[0][8:]
        for form in (
            f"+1 {a} {b} {c}",
            f"({a}) {b}-{c}",
            f"{a}-{b}-{c}",
            f"1 ({a}) {b}.{c}",
            f"tel:+1-{a}-{b}-{c}",
        ):
            answer = self.s.owner.send(
                "POST", path, {"connection": self.ids["connection"], "numbers": [{"e164": form}]}
            )
            with self.subTest(form):
                self.assertEqual(answer.json["results"][0]["outcome"], "already_imported", answer)

    def test_all_faults_of_a_body_are_told_together(self):
        """Those of its shape, and those of what stands in it (api.md "all faults of a body are listed together")."""
        path = f"{self.s.ws}/numbers/import"
        body = {
            "connection": self.ids["connection"],
            "numbers": [{"e164": "hello"}, {"e164": 5}, {}, {"e164": self.s.e164s[0], "labl": "x"}],
            "webhooks": "sometimes",
            "bogus": 1,
        }
        answer = self.s.owner.send("POST", path, body)
        self.assert_problem(answer, 400, "unknown_field")
        pointers = sorted(e["pointer"] for e in answer.json["errors"])
        self.assertEqual(
            pointers,
            ["/bogus", "/numbers/0/e164", "/numbers/1/e164", "/numbers/2", "/numbers/3/labl", "/webhooks"],
        )
        campaign = {"name": "", "campaign_type": "static", "forward_to": "nobody"}
        answer = self.s.owner.send("POST", f"{self.s.ws}/campaigns", campaign)
        self.assertEqual(sorted(e["pointer"] for e in answer.json["errors"]), ["/forward_to", "/name"], answer)
        many = {"campaign": 5, "numbers": []}
        answer = self.s.owner.send("POST", f"{self.s.ws}/numbers/assign", many)
        self.assertEqual(sorted(e["pointer"] for e in answer.json["errors"]), ["/campaign", "/numbers"], answer)

    def test_an_id_in_a_path_that_is_none_is_not_there(self):
        for op in self.operations:
            if "{" in op.path and not op.is_public:
                for name in ("workspace", "connection", "campaign", "number", "member", "key"):
                    if "{" + name + "}" not in op.path:
                        continue
                    for wrong in (
                        "nonsense",
                        "%00",
                        "%FF",
                        "x" * 3000,
                        self.ids[name].upper(),
                        self.ids[name] + "0",
                    ):
                        body = body_of(op, self.ids)
                        answer = self.s.owner.send(op.method, filled(op.path, self.ids | {name: wrong}), body)
                        with self.subTest(op.name, id=name, wrong=wrong[:40]):
                            self.assert_problem(answer, 404, "not_found")


if __name__ == "__main__":
    unittest.main()
