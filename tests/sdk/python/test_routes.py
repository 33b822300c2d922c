"""Every route of the server's document is reached by a method, or is listed here with a reason. Needs no server."""
import inspect
import io
import json
import re
import tarfile
from pathlib import Path

import holdfast
import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]

NOT_REACHED = {
    "getTokenKeys": "keys of the tokens of E2B's packages",
    "readDocs": "a page for people",
    "openapi": "the document itself",
    "metrics": "for a monitoring system",
}
NOT_REACHED_PREFIXES = {
    "/volumes": "E2B's API, for E2B's packages",
    "/volumecontent": "E2B's API, for E2B's packages",
    "/sandboxes": "sandboxes come with a class of their own",
    "/v2/sandboxes": "sandboxes come with a class of their own",
}


def sample(schema):
    """A value of a schema, with its required fields."""
    if "$ref" in schema:
        return sample(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    if "allOf" in schema:
        return {key: value for part in schema["allOf"] for key, value in sample(part).items()}
    if "oneOf" in schema:
        return sample(schema["oneOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(value) for name, value in schema.get("properties", {}).items() if name in schema.get("required", [])}
    if kind == "array":
        return [sample(schema["items"])]
    text = "2026-01-02T03:04:05.678Z" if schema.get("format") == "date-time" else schema.get("example", "text")
    return {"string": text, "integer": 7, "number": 7.5, "boolean": True}[kind]


def operations():
    found = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "put", "post", "delete", "patch"):
                answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
                content = answers[0].get("content", {})
                schema = content.get("application/json", {}).get("schema")
                found[(method.upper(), path)] = (operation["operationId"], schema)
    return found


OPERATIONS = operations()


class Recorder:
    """Answers each request as the document says, and keeps what was asked."""

    def __init__(self):
        self.requests = []

    def __call__(self, request):
        path = request.url.raw_path.decode().partition("?")[0]
        self.requests.append(request)
        matching = [
            (route, schema)
            for (method, route), (_, schema) in OPERATIONS.items()
            if method == request.method and re.fullmatch(re.sub(r"\{path\}", ".*", route).replace("{", "(?P<").replace("}", ">[^/]+)"), path)
        ]
        assert matching, f"{request.method} {path} is no route"
        self.reached.add((request.method, matching[0][0]))
        if path.endswith("/export"):
            out = io.BytesIO()
            tarfile.open(fileobj=out, mode="w").close()
            return httpx.Response(200, stream=httpx.ByteStream(out.getvalue()))
        schema = matching[0][1]
        if "list=true" in str(request.url):
            schema = {"$ref": "#/components/schemas/Entries"}
        if "stat=true" in str(request.url):
            schema = {"$ref": "#/components/schemas/Entry"}
        if schema and not (schema.get("$ref", "").endswith("/Listed")):
            return httpx.Response(200, json=sample(schema))
        return httpx.Response(200, stream=httpx.ByteStream(b"content"))

    reached = set()


@pytest.fixture
def recorder(monkeypatch, environment):
    found = Recorder()
    monkeypatch.setattr("holdfast._sync.connection.new_client", lambda **_: httpx.Client(transport=httpx.MockTransport(found)))
    return found


def calls(tmp_path):
    """Each method once, by class."""
    filesystem = holdfast.Filesystem.connect("text")
    admin = holdfast.Admin()
    (tmp_path / "file").write_bytes(b"x")
    return {
        holdfast.Filesystem: {
            "create": lambda: holdfast.Filesystem.create("n", 1),
            "connect": lambda: holdfast.Filesystem.connect("n"),
            "get": lambda: holdfast.Filesystem.get("n"),
            "list": lambda: (holdfast.Filesystem.list(labels={"a": "b"}).all(), filesystem.list("/d").all()),
            "delete": lambda: (holdfast.Filesystem.delete("n", force=True), filesystem.delete("/d")),
            "undelete": lambda: holdfast.Filesystem.undelete("i", name="n"),
            "update": lambda: filesystem.update(labels={}),
            "refresh": lambda: filesystem.refresh(),
            "resize": lambda: filesystem.resize("1gb"),
            "rename": lambda: filesystem.rename("m"),
            "usage": lambda: filesystem.usage(),
            "fork": lambda: filesystem.fork("m"),
            "snapshot": lambda: filesystem.snapshot("s"),
            "snapshots": lambda: filesystem.snapshots(),
            "restore": lambda: filesystem.restore("s"),
            "delete_snapshot": lambda: filesystem.delete_snapshot("s"),
            "attach": lambda: filesystem.attach(),
            "attachments": lambda: filesystem.attachments(),
            "attachment": lambda: filesystem.attachment("att-1"),
            "detach": lambda: filesystem.detach("att-1"),
            "write": lambda: filesystem.write("/f", "x"),
            "read": lambda: filesystem.read("/f"),
            "stat": lambda: filesystem.stat("/f"),
            "exists": lambda: filesystem.exists("/f"),
            "mkdir": lambda: filesystem.mkdir("/d"),
            "move": lambda: filesystem.move("/a", "/b"),
            "copy": lambda: filesystem.copy("/a", "/b"),
            "symlink": lambda: filesystem.symlink("a", "/b"),
            "link": lambda: filesystem.link("/a", "/b"),
            "chmod": lambda: filesystem.chmod("/a", 0o600),
            "chown": lambda: filesystem.chown("/a", 1, 2),
            "truncate": lambda: filesystem.truncate("/a"),
            "upload": lambda: (filesystem.upload(tmp_path, "/d"), filesystem.upload(tmp_path / "file", "/f")),
            "download": lambda: holdfast._sync.trees.download(filesystem._connection, "n", tmp_path / "out", "/d", None),
            "import_tar": lambda: filesystem.import_tar(b""),
            "export_tar": lambda: filesystem.export_tar("/d"),
            "with_options": lambda: filesystem.with_options(timeout=1),
            "close": lambda: filesystem.close(),
        },
        holdfast.Admin: {
            "create_team": lambda: admin.create_team("t"),
            "teams": lambda: admin.teams(),
            "team": lambda: admin.team("t"),
            "delete_team": lambda: admin.delete_team("t"),
            "create_key": lambda: admin.create_key("k", team="t"),
            "keys": lambda: admin.keys(team="t"),
            "revoke_key": lambda: admin.revoke_key("key-1"),
            "close": lambda: admin.close(),
        },
    }


def test_every_route_is_reached(recorder, tmp_path):
    for owner, table in calls(tmp_path).items():
        public = {name for name, _ in inspect.getmembers(owner, callable) if not name.startswith("_")}
        assert public == set(table), f"{owner.__name__}: each method is called here"
        for call in table.values():
            call()
    holdfast.health()
    holdfast.ready()
    missing = {}
    for (method, path), (operation, _) in OPERATIONS.items():
        excused = operation in NOT_REACHED or path.startswith(tuple(NOT_REACHED_PREFIXES))
        if excused == ((method, path) in recorder.reached):
            missing[operation] = "is reached, and listed as if not" if excused else "is reached by no method"
    assert not missing


def test_requests_as_they_are_built(recorder):
    """Routes that this server may not have yet: what is sent."""
    filesystem = holdfast.Filesystem.connect("text")

    def sent(call):
        recorder.requests.clear()
        call()
        (request,) = recorder.requests
        body = request.content.decode()
        return request.method, request.url.raw_path.decode(), json.loads(body) if body else None

    home = f"/filesystems/{filesystem.id}/attachments"
    assert sent(lambda: filesystem.attach()) == ("POST", home, {})
    everything = dict(read_only=True, subpath="/d", uid_policy="map", uid=1, gid=2, allowed_addresses=["10.0.0.0/8"], expires_in_seconds=60, owner="me")
    assert sent(lambda: filesystem.attach(**everything)) == ("POST", home, {
        "readOnly": True, "subpath": "/d", "uidPolicy": "map", "uid": 1, "gid": 2, "allowedAddresses": ["10.0.0.0/8"],
        "expiresInSeconds": 60, "owner": "me",
    })
    made = filesystem.attach()
    assert made.export_path not in repr(made).replace("host", "") or made.export_path == "text"
    assert "mount_command" not in repr(made) and "export_path" not in repr(made)
    assert sent(lambda: filesystem.detach(made)) == ("DELETE", f"{home}/{made.id}", None)
    assert sent(lambda: filesystem.attachments()) == ("GET", home, None)
    assert sent(lambda: filesystem.attachment("att-1")) == ("GET", f"{home}/att-1", None)
    assert sent(lambda: holdfast.Filesystem.delete("n", force=True)) == ("DELETE", "/filesystems/n?force=true", None)
    assert sent(lambda: holdfast.Filesystem.delete(filesystem)) == ("DELETE", f"/filesystems/{filesystem.id}", None)
