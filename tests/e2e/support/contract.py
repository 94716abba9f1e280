"""Every answer an end-to-end test gets, held against the OpenAPI document of the program itself: its status and media
type are declared, its body is of the declared schema and has no member that the schema does not name."""

import functools
import json
import os
import re
import subprocess

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


class Contract:
    def __init__(self, document):
        self.document = document
        self.routes = []
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$")
            self.routes += [(m.upper(), pattern, path.count("{"), op) for m, op in methods.items()]
        self.routes.sort(key=lambda route: route[2])  # a literal segment before one in braces

    def operation(self, method, target):
        path = target.split("?")[0]
        return next((op for m, pattern, _, op in self.routes if m == method and pattern.match(path)), None)

    def resolved(self, node):
        while "$ref" in node:
            at = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def check(self, method, target, answer):
        """AssertionError when the answer is none that the document promises. Unknown routes promise nothing."""
        op = self.operation(method, target)
        if op is None or answer.status == 304:
            return
        what = f"{method} {target.split('?')[0]} ({op['operationId']}) answered {answer}"
        response = op["responses"].get(str(answer.status))
        if response is None and answer.status >= 400:
            response = op["responses"].get("default")
        if response is None:
            raise AssertionError(f"{what}: the status is not declared")
        content = self.resolved(response).get("content", {})
        media = (answer.headers.get("Content-Type") or "").split(";")[0]
        if media not in content:
            raise AssertionError(f"{what}: {media!r} is not declared, but {sorted(content)}")
        for schema, value in self.parts(content, media, answer.body):
            faults = list(self.faults(schema, value, ""))
            if faults:
                raise AssertionError(f"{what}: {faults}")

    @staticmethod
    def parts(content, media, body):
        """(schema, value) of what the body holds; a line of a list is one of its items."""
        if media == "application/x-ndjson":
            item = content["application/json"]["schema"]["properties"]["items"]["items"]
            yield from ((item, json.loads(line)) for line in body.splitlines())
        elif media.endswith(("/json", "+json")):
            yield content[media]["schema"], json.loads(body)

    def faults(self, schema, value, at):
        schema = self.resolved(schema)
        if "anyOf" in schema:
            tried = [list(self.faults(s, value, at)) for s in schema["anyOf"]]
            if all(tried):
                yield from tried[0]
            return
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(self.is_a(kind, value) for kind in kinds):
            yield f"{at or '/'} is no {' or '.join(kinds)}: {value!r}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at} is none of {schema['enum']}: {value!r}"
        if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
            yield f"{at} does not match {schema['pattern']}: {value!r}"
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            yield from (f"{at}/{name} is missing" for name in schema.get("required", []) if name not in value)
            for name, member in value.items():
                more = schema.get("additionalProperties")
                if name in properties:
                    yield from self.faults(properties[name], member, f"{at}/{name}")
                elif isinstance(more, dict):
                    yield from self.faults(more, member, f"{at}/{name}")
                elif properties:
                    yield f"{at}/{name} is not declared"
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.faults(schema.get("items", {}), item, f"{at}/{i}")

    @staticmethod
    def is_a(kind, value):
        if isinstance(value, bool):
            return kind == "boolean"
        return isinstance(value, TYPES[kind])


@functools.cache
def contract():
    """Of the program under test; None when there is none to ask (a test of this script's own)."""
    program = os.environ.get("RINGLEDGER")
    if not program:
        return None
    done = subprocess.run([program, "openapi"], capture_output=True, timeout=60, check=True)
    return Contract(json.loads(done.stdout))
