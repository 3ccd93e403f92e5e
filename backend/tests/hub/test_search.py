"""The hub's models, filtered and sorted, page by page."""

from collections.abc import Iterator
from typing import Any

import pytest

from mlx_manager.hub.search import Query, Sort, search
from mlx_manager.hub.site import Site
from tests.hub_stand_in import HubStandIn, small_repository
from tests.hub_stand_in.__main__ import shown_repositories

QWEN = "mlx-community/Qwen3-0.6B-4bit"
LARGE_BYTES = 2**20


@pytest.fixture(scope="module")
def hub() -> Iterator[HubStandIn]:
    """A hub that these tests leave as it is."""
    with HubStandIn(shown_repositories(LARGE_BYTES)) as running:
        for number in range(7):
            running.add(small_repository(f"a/Model-{number}-4bit", downloads=number, likes=number % 3))
        yield running


def ids(hub: HubStandIn, **wanted: Any) -> list[str]:
    """Of every page."""
    found: list[str] = []
    cursor = None
    for _ in range(100):
        models, cursor = search(Site(hub.url), Query(**wanted), cursor)
        assert len(models) <= wanted.get("limit", 30)
        found += [model.repo_id for model in models]
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


def test_models_for_mlx_come_first_by_downloads(hub: HubStandIn) -> None:
    found = ids(hub)
    assert found[:3] == [QWEN, "mlx-community/Qwen3-0.6B-8bit", "mlx-community/demo-5m"]
    assert "someone/No-MLX" not in found
    assert "someone/No-MLX" in ids(hub, mlx_only=False)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"task": "automatic-speech-recognition"}, {"mlx-community/whisper-tiny"}),
        ({"family": "llama", "quantization": "4-bit"}, {"mlx-community/Large-4bit"}),
        ({"quantization": "8-bit"}, {"mlx-community/Qwen3-0.6B-8bit"}),
        ({"quantization": "bf16"}, {"mlx-community/gemma-3-1b-it-bf16"}),
        ({"min_size_bytes": LARGE_BYTES}, {"mlx-community/Large-4bit", "mlx-community/demo-5m"}),
        ({"max_size_bytes": 8192, "min_size_bytes": 8192}, {"mlx-community/Qwen3-0.6B-8bit"}),
        ({"max_size_bytes": 0}, set()),
        ({"search": "nothing-of-this-name"}, set()),
        ({"search": "qwen3 4bit"}, {QWEN}),
    ],
)
def test_filters(hub: HubStandIn, wanted: dict[str, Any], expected: set[str]) -> None:
    assert set(ids(hub, **wanted)) == expected


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_hold_each_model_once_in_one_order(hub: HubStandIn, sort: Sort, limit: int) -> None:
    every = ids(hub, sort=sort, limit=100)
    assert len(set(every)) == len(every) == 16
    assert ids(hub, sort=sort, limit=limit) == every
    filtered = ids(hub, sort=sort, limit=limit, quantization="4-bit")
    assert len(filtered) == 12
    assert [each for each in every if each in set(filtered)] == filtered


def test_by_name(hub: HubStandIn) -> None:
    found = ids(hub, sort=Sort.NAME, limit=2)
    assert found == sorted(found, key=lambda repo_id: repo_id.partition("/")[2].lower())


def test_where_filters_leave_little_a_page_ends_after_five_of_the_hubs() -> None:
    many = (small_repository(f"b/M{number}-4bit", num_bytes=64, downloads=number) for number in range(620))
    with HubStandIn([*many, small_repository(QWEN, bits=8)]) as hub:
        models, cursor = search(Site(hub.url), Query(quantization="8-bit"))
        assert models == []
        assert cursor is not None
        assert len(hub.asked) == 5
        assert ids(hub, quantization="8-bit") == [QWEN]
