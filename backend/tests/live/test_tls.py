"""Live: both programs with a certificate of their own, under a path of a proxy's."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.certificates import self_signed
from tests.live.accounts import bearer, command
from tests.live.server import DEADLINE_S
from tests.live.supervised import Supervised

NAME = "models.example"
PASSWORD = "correct horse battery staple"
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, for a name that loopback has not, and its key, in a file each."""
    both = self_signed(folder / "both.pem", NAME).read_text()
    start = both.index("-----BEGIN CERTIFICATE")
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_text(both[start:])
    files[1].write_text(both[:start])
    return files


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[Supervised]:
    env = {
        f"MLX_{program}_{name}": str(value)
        for program in ("MANAGER", "SERVER")
        for name, value in zip(("TLS_CERTIFICATE", "TLS_KEY"), certificate, strict=True)
    } | {"MLX_MANAGER_ROOT_PATH": "/mlx/", "MLX_SERVER_ROOT_PATH": "llm"}
    with Supervised(tmp_path_factory.mktemp("tls") / "both", env) as running:
        running.server_url = running.wait_ready()["url"]
        answer = running.client.post("/mlx/api/v1/auth/setup", json={"name": "first", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        yield running


def trusting(certificate: Path, url: str) -> httpx.Client:
    """A client that trusts this certificate alone, and calls by the name that it is for."""
    context = ssl.create_default_context(cafile=str(certificate))
    client = httpx.Client(base_url=url, verify=context, trust_env=False, timeout=DEADLINE_S)
    client.headers["Host"] = "127.0.0.1"
    return client


def test_https_with_the_stated_certificate(both: Supervised, certificate: tuple[Path, Path]) -> None:
    for url in (both.base_url, both.server_url):
        assert url.startswith("https://")
        with trusting(certificate[0], url) as client:
            answer = client.get("/health", extensions={"sni_hostname": NAME})
            assert answer.json()["status"] == "healthy"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/health", trust_env=False)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{url.replace('https', 'http', 1)}/health", trust_env=False)


def test_the_manager_asks_the_server_by_https(both: Supervised) -> None:
    with both.browser() as page:
        signed = page.post("/mlx/api/v1/auth/sign-in", json={"name": "first", "password": PASSWORD})
        assert signed.status_code == 200, signed.text
        assert page.post("/mlx/v1/chat/completions", json=CHAT).status_code == 200
        assert page.get("/mlx/admin/models").status_code == 200


def test_cookies_are_for_https_and_the_path(both: Supervised) -> None:
    with both.browser() as page:
        page.post("/mlx/api/v1/auth/sign-in", json={"name": "first", "password": PASSWORD})
        paths = {cookie.name: (cookie.path, cookie.secure) for cookie in page.cookies.jar}
        assert paths == {"mlx_session": ("/mlx", True), "mlx_refresh": ("/mlx/api/v1/auth", True)}
        assert page.post("/mlx/api/v1/auth/refresh").status_code == 200
        assert page.post("/mlx/api/v1/auth/sign-out").status_code in (200, 204)
        assert not list(page.cookies.jar)


def test_rules_hold_under_the_path_and_without_it(both: Supervised) -> None:
    key = command(both.home, "keys", "create", "inference").strip()
    for root in ("/mlx", ""):
        with both.browser() as stranger:
            assert stranger.get(f"{root}/health").status_code == 200
            for path in ("/api/v1/users", "/api/v1/settings", "/v1/models", "/admin/models"):
                assert stranger.get(root + path).status_code == 401, path
            assert stranger.get(f"{root}/v1/models", headers=bearer(key)).status_code == 200
            for path in ("/api/v1/users", "/api/v1/settings", "/admin/models"):
                assert stranger.get(root + path, headers=bearer(key)).status_code == 403, path
    server = both.server_url
    for root in ("/llm", ""):
        answer = httpx.get(f"{server}{root}/v1/models", headers=bearer(key), verify=False, trust_env=False)
        assert answer.status_code == 200
        refused = httpx.get(
            f"{server}{root}/admin/models", headers=bearer(key), verify=False, trust_env=False
        )
        assert refused.status_code == 403


def test_documents_and_redirects_name_the_path(both: Supervised) -> None:
    key = command(both.home, "keys", "create", "documents").strip()
    document = both.client.get("/mlx/openapi.json", headers=bearer(key)).json()
    assert document["servers"] == [{"url": "/mlx"}]
    moved = both.client.get("/mlx/api/v1/keys/", headers=bearer(key), follow_redirects=False)
    if moved.status_code == 307:
        assert moved.headers["location"].startswith(f"{both.base_url}/mlx/")
    server = httpx.get(
        f"{both.server_url}/llm/openapi.json", headers=bearer(key), verify=False, trust_env=False
    )
    assert server.json()["servers"] == [{"url": "/llm"}]
