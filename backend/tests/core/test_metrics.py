"""HTTP requests are counted by route and never by path; the process is described; both formats are whole."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from mlx_manager.core.metrics import AppMetrics, MetricsMiddleware, exposition, route_of


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """Routes of every kind."""
    made = FastAPI()
    made.add_middleware(MetricsMiddleware)
    made.state.metrics = AppMetrics("mlx_test", "1.2.3")
    router = APIRouter(prefix="/v1")

    @router.get("/models/{model_id:path}")
    async def model(model_id: str) -> str:
        if model_id == "none":
            raise HTTPException(404)
        return model_id

    @made.get("/fails")
    async def fails() -> None:
        raise RuntimeError("oh")

    @made.get("/late")
    async def late() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"a"
            raise RuntimeError("late")

        return StreamingResponse(chunks())

    @made.get("/metrics")
    async def metrics(request: Request) -> Response:
        return await exposition(made.state.metrics, request)

    made.include_router(router)
    made.include_router(router, prefix="/again")
    made.mount("/files", StaticFiles(directory=tmp_path))
    return made


def client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def requests(app: FastAPI) -> dict[tuple[str, str, str], float]:
    """How often, by method, route and status."""
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for family in app.state.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "mlx_test_http_requests_total"
    }


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/v1/models/a/b", ("GET", "/v1/models/{model_id:path}", "200")),
        ("GET", "/again/v1/models/x", ("GET", "/again/v1/models/{model_id:path}", "200")),
        ("GET", "/v1/models/none", ("GET", "/v1/models/{model_id:path}", "404")),
        ("DELETE", "/v1/models/x", ("DELETE", "/v1/models/{model_id:path}", "405")),
        ("GET", "/no/such/path", ("GET", "other", "404")),
        ("GET", "/files/no-such-file", ("GET", "other", "404")),
        ("BREW", "/no/such/path", ("other", "other", "404")),
        ("GET", "/fails", ("GET", "/fails", "500")),
        ("GET", "/late", ("GET", "/late", "200")),
    ],
)
async def test_a_request_is_counted_by_its_route(
    app: FastAPI, method: str, path: str, wanted: tuple[str, str, str]
) -> None:
    async with client(app) as http:
        for _ in range(2):
            await http.request(method, path)
    assert requests(app) == {wanted: 2.0}


async def test_paths_make_no_series(app: FastAPI) -> None:
    async with client(app) as http:
        for number in range(50):
            await http.get(f"/v1/models/m{number}")
            await http.get(f"/{number}")
            await http.request(f"M{number}", "/v1/models/x")
    assert len(requests(app)) == 3
    assert sum(requests(app).values()) == 150


async def test_a_client_that_left_before_an_answer(app: FastAPI) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/", "app": app}
    await MetricsMiddleware(silent)(scope, None, None)  # type: ignore[arg-type]
    assert requests(app) == {("GET", "other", "499"): 1.0}


async def test_before_the_lifespan_nothing_is_counted(app: FastAPI) -> None:
    del app.state.metrics
    async with client(app) as http:
        assert (await http.get("/v1/models/x")).status_code == 200


async def test_the_histogram_agrees_with_the_counter(app: FastAPI) -> None:
    async with client(app) as http:
        for _ in range(3):
            await http.get("/v1/models/x")
        text = (await http.get("/metrics")).text
    (family,) = [
        family
        for family in text_string_to_metric_families(text)
        if family.name == "mlx_test_http_request_duration_seconds"
    ]
    values = {sample.name.rpartition("_")[2]: sample.value for sample in family.samples}
    assert values["count"] == values["bucket"] == 3  # the last bucket is +Inf
    assert 0 < values["sum"] < 60


@pytest.mark.parametrize("accept", ["", "text/plain", "application/openmetrics-text; version=1.0.0", "\xff"])
async def test_both_formats(app: FastAPI, accept: str) -> None:
    async with client(app) as http:
        response = await http.get("/metrics", headers=[(b"accept", accept.encode("latin-1"))])
    assert response.status_code == 200
    is_openmetrics = "openmetrics" in accept
    wanted = "application/openmetrics-text" if is_openmetrics else "text/plain"
    assert response.headers["content-type"].startswith(f"{wanted}; version=")
    parse = parse_openmetrics if is_openmetrics else text_string_to_metric_families
    families = {family.name: family for family in parse(response.text)}
    (build,) = families["mlx_build" if is_openmetrics else "mlx_build_info"].samples
    assert build.value == 1
    assert (build.labels["program"], build.labels["version"]) == ("mlx_test", "1.2.3")
    assert families["process_resident_memory_bytes"].samples[0].value > 2**20
    assert families["process_open_fds"].samples[0].value >= 3
    assert families["process_cpu_seconds"].samples[0].value > 0
    assert families["process_start_time_seconds"].samples[0].value == psutil.Process().create_time()


def test_the_route_of_nothing() -> None:
    assert route_of({"type": "http", "path": "/secret"}) == "other"


def test_two_programs_share_nothing() -> None:
    first, second = AppMetrics("mlx_test", "1"), AppMetrics("mlx_test", "1")
    first.note_http("GET", "/", 200, 0.1)
    names = [sample.name for family in second.registry.collect() for sample in family.samples]
    assert "mlx_test_http_requests_total" not in names
