"""`make test` runs a seeded sample of the long matrices, `make test-all` all of them."""

import os
import random
from collections import defaultdict

import pytest

SEED = os.environ.get("MLX_TEST_SEED", "7")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sample", action="store_true", help="take a seeded sample of what is marked `sample`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of each test marked `sample(count)` keep that many of its parametrisations."""
    if not config.getoption("--sample"):
        return
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample") is not None:
            groups[item.nodeid.partition("[")[0]].append(item)
    dropped: set[pytest.Item] = set()
    for name, members in groups.items():
        marker = members[0].get_closest_marker("sample")
        assert marker is not None
        count = min(marker.args[0], len(members))
        kept = random.Random(f"{SEED} {name}").sample(members, count)
        dropped.update(set(members) - set(kept))
    if dropped:
        config.hook.pytest_deselected(items=list(dropped))
        items[:] = [item for item in items if item not in dropped]
