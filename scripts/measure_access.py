"""Measure what it costs to ask who calls, and write docs/access.json.

    .venv/bin/python scripts/measure_access.py            # under a minute
    .venv/bin/python scripts/measure_access.py --out DIR  # somewhere else

Two servers, one open and one closed, take turns at answering the same requests, each over one connection that
stays; and the part that looks at credentials is called by itself, with a real database that others write to
meanwhile. The machine should do nothing else.
"""

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench import machine
from bench.processes import Child, address_of, wait_until

from mlx_manager.core.access.authenticator import Authenticator
from mlx_manager.core.access.credentials import Credential, Source
from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.principal import OWNER_ID
from mlx_manager.db.credentials import DatabaseCredentials
from mlx_manager.db.migrate import prepare
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, StoredSecret

OUT = Path(__file__).resolve().parents[1] / "docs"
ROUNDS = 7
REQUESTS = 500
CALLS = 5000
DEADLINE_S = 60.0


async def make_key(home: Path) -> str:
    """A key in a new database."""
    key = new_key()
    async with Database(f"sqlite+aiosqlite:///{home / 'mlx-manager.db'}") as database:
        await prepare(database, home)
        async with database.session() as session:
            session.add(ApiKey(user_id=OWNER_ID, name="bench", digest=key.digest, hint=key.hint))
    return key.key


async def alone(home: Path, key: str) -> dict[str, float]:
    """Microseconds of a look at a known key: in peace, and while another connection writes all the time."""
    url = f"sqlite+aiosqlite:///{home / 'mlx-manager.db'}"
    async with Database(url) as database:
        credentials = DatabaseCredentials(database)
        authenticator = Authenticator(credentials, lambda _: None)
        credential = Credential(key, Source.HEADER)
        await authenticator.identify(credential)
        quiet = await _median_us(authenticator, credential)
        done = threading.Event()
        writer = threading.Thread(target=lambda: asyncio.run(_write_until(url, done)))
        writer.start()
        busy = await _median_us(authenticator, credential)
        done.set()
        writer.join()
        credentials.close()
    return {"quiet_us": quiet, "beside_writes_us": busy}


async def _median_us(authenticator: Authenticator, credential: Credential) -> float:
    taken = []
    for _ in range(CALLS):
        started = time.perf_counter()
        assert await authenticator.identify(credential) is not None
        taken.append(time.perf_counter() - started)
        await asyncio.sleep(0)
    return statistics.median(taken) * 1e6


async def _write_until(url: str, done: threading.Event) -> None:
    async with Database(url) as database:
        number = 0
        while not done.is_set():
            async with database.session() as session:
                session.add(StoredSecret(name=f"bench-{number}", sealed="x"))
            number += 1


@contextmanager
def connected(url: str, key: str) -> Iterator[Callable[[], float]]:
    """A function that sends one request and returns the seconds until its whole answer is here."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE_S)
    headers = {"Authorization": f"Bearer {key}"}

    def ask() -> float:
        started = time.perf_counter()
        connection.request("GET", "/ready", headers=headers)
        response = connection.getresponse()
        response.read()
        taken = time.perf_counter() - started
        if response.status not in (200, 503):
            raise SystemExit(f"the answer was {response.status}")
        return taken

    try:
        yield ask
    finally:
        connection.close()


def over_http(home: Path, key: str) -> dict[str, list[float]]:
    """Medians of each round in milliseconds, of an open server and of a closed one, in turns."""
    medians: dict[str, list[float]] = {"open": [], "closed": []}
    with ExitStack() as stack:
        asks = {}
        for name in medians:
            folder = home if name == "closed" else Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = {
                "MLX_SERVER_PORT": "0",
                "MLX_MANAGER_HOME": str(folder),
                "MLX_SERVER_PRELOAD": "[]",
                "MLX_SERVER_SPARE_WORKER": "false",
            }
            if name == "closed":
                settings["MLX_SERVER_REQUIRE_AUTH"] = "true"
            url = stack.enter_context(served(settings))
            asks[name] = stack.enter_context(connected(url, key if name == "closed" else "any"))
            for _ in range(REQUESTS):
                asks[name]()
        for _ in range(ROUNDS):
            taken: dict[str, list[float]] = {name: [] for name in medians}
            for _ in range(REQUESTS):
                for name, ask in asks.items():
                    taken[name].append(ask())
            for name, seconds in taken.items():
                medians[name].append(statistics.median(seconds) * 1e3)
    return medians


@contextmanager
def served(settings: dict[str, str]) -> Iterator[str]:
    """The address of a server that has no model in memory."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        child = Child([sys.executable, "-m", "mlx_manager.mlx_server.main"], log, settings)
        try:
            yield wait_until(lambda: address_of(child), "the server listens", DEADLINE_S)
        finally:
            child.end()


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=OUT, help="the folder for access.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        key = asyncio.run(make_key(home))
        identify = asyncio.run(alone(home, key))
        medians = over_http(home, key)
    added = [closed - opened for closed, opened in zip(medians["closed"], medians["open"], strict=True)]
    result = {
        **machine.describe(),
        "requests_per_round": REQUESTS,
        "identify": identify,
        "http_median_ms": medians,
        "added_by_a_key_ms": {"median": statistics.median(added), "rounds": added},
    }
    text = json.dumps(result, indent=2)
    print(text)
    (arguments.out / "access.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
