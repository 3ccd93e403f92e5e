"""Who may call: programs and pages on this machine, and nobody else."""

import json
from http.client import HTTPMessage
from typing import Any

import pytest

from tests.live.server import Server

BODY = json.dumps({"model": "demo", "prompt": "Hi", "max_tokens": 1}).encode()
JSON_TYPE = {"Content-Type": "application/json"}


def check_refused(status: int, headers: HTTPMessage, body: bytes, code: str) -> None:
    """403 in the envelope, and nothing that a browser would take for leave."""
    assert status == 403, body
    assert json.loads(body)["error"]["code"] == code
    check_no_cors(headers)


def check_no_cors(headers: HTTPMessage) -> None:
    """No header that lets a page of another origin read the answer."""
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "localhost:80@evil.example",
        "evil.example#localhost",
        "0.0.0.0",
        "10.0.0.1",
        "[2001:db8::1]",
        "",
        "[",
        "2130706433",
        "169.254.169.254",
    ],
)
def test_other_hosts_are_refused(server: Server, host: str) -> None:
    for method, path, body in (("GET", "/health", None), ("POST", "/v1/completions", BODY)):
        headers = {"Host": host, **(JSON_TYPE if body else {})}
        check_refused(*server.raw(method, path, headers, body), "host_not_allowed")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:{port}", "localhost.", "127.0.0.1", "127.0.0.1:{port}", "[::1]", "[::1]:{port}"],
)
def test_names_of_this_machine_are_taken(server: Server, host: str) -> None:
    status, headers, _ = server.raw("GET", "/health", {"Host": host.format(port=server.port)})
    assert status == 200
    check_no_cors(headers)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://evil.example",
        "https://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://evil.example/localhost",
        "null",
        "",
        "file://",
        "chrome-extension://abcdef",
        "localhost",
        "http://[",
    ],
)
def test_pages_of_other_sites_are_refused(server: Server, origin: str) -> None:
    requests: list[Any] = [
        ("GET", "/v1/models", {}, None),
        ("OPTIONS", "/v1/completions", {"Access-Control-Request-Method": "POST"}, None),
        ("POST", "/v1/completions", JSON_TYPE, BODY),
        ("POST", "/v1/completions", {"Content-Type": "text/plain"}, BODY),
    ]
    for method, path, headers, body in requests:
        check_refused(*server.raw(method, path, {**headers, "Origin": origin}, body), "origin_not_allowed")


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"])
def test_local_pages_may_call_and_get_no_cors_header(server: Server, origin: str) -> None:
    status, headers, _ = server.raw("POST", "/v1/completions", {**JSON_TYPE, "Origin": origin}, BODY)
    assert status == 200
    check_no_cors(headers)
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    status, headers, _ = server.raw("OPTIONS", "/v1/completions", preflight)
    assert status == 405
    check_no_cors(headers)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "text/plain;application/json"]
)
def test_a_form_of_another_site_is_refused(server: Server, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Sec-Fetch-Site": "cross-site"}
    check_refused(*server.raw("POST", "/v1/completions", headers, BODY), "origin_not_allowed")
    status, _, _ = server.raw("POST", "/v1/completions", {"Content-Type": content_type}, BODY)
    assert status == 415


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "x-forwarded-for"],
)
def test_forwarded_requests_are_not_local(server: Server, header: str) -> None:
    for value in ("127.0.0.1", "for=127.0.0.1", ""):
        status, headers, body = server.raw("GET", "/v1/models", {header: value})
        assert status == 401, body
        assert json.loads(body)["error"]["code"] == "forwarded_not_trusted"
        check_no_cors(headers)


def test_every_path_is_guarded(server: Server) -> None:
    for path in ("/", "/health", "/ready", "/docs", "/openapi.json", "/redoc", "/v1/models", "/nothing"):
        check_refused(*server.raw("GET", path, {"Host": "evil.example"}), "host_not_allowed")


def test_answers_do_not_name_the_software(server: Server) -> None:
    _, headers, _ = server.raw("GET", "/health")
    assert headers["server"] is None


def test_a_caller_cannot_forge_lines_of_the_log(server: Server) -> None:
    server.client.get("/v1/models/x%0d%0aFORGED%20line%1b[31m")
    server.post("/v1/completions", {"model": "x\nFORGED line\x1b[31m", "prompt": "Hi"})
    assert not [line for line in server.log.splitlines() if line.startswith("FORGED")]
    assert "\x1b" not in server.log
