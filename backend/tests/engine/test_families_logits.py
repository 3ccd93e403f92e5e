"""For every family: batched logits equal serial ones, or the probe finds that they do not."""

import copy
import importlib.util
import re
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.models.cache as mlx_caches
import pytest
from families import CHUNKS_MATTER, FAMILIES, NOT_RUN, ONE_ROW
from family_table import ENGINE_CHUNK, MAX_LOGIT_ERROR, chunk_of, committed, measure
from mlx_lm.utils import MODEL_REMAPPING
from teacher_forced import Batch, Script, as_numpy, heads, largest, merged, read, scripts
from tiny_models import config_of, tiny

from mlx_manager.mlx_server.engine.trial import leaves

PAGE = Path(__file__).resolve().parents[3] / "docs" / "families.md"


@pytest.mark.sample(2)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_probe_and_the_long_test_agree(family: str) -> None:
    row = measure(family)
    assert row.probe.can_batch == (family not in ONE_ROW), row.probe.finding
    if row.probe.can_batch:
        assert row.batched.value <= MAX_LOGIT_ERROR, row.batched.where
        assert row.probe.can_join_prefill, row.probe.finding
        assert row.joint.value <= MAX_LOGIT_ERROR, row.joint.where
    else:  # and rightly so
        assert not row.batched.value <= MAX_LOGIT_ERROR
    assert row.answers == committed(PAGE.read_text())[family]


@pytest.mark.sample(3)
@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in ONE_ROW])
@pytest.mark.parametrize("num_steps", [1, 9, 22])
def test_a_row_taken_out_of_a_batch_goes_on_alone(family: str, num_steps: int) -> None:
    model = tiny(family)
    batch = Batch(model)
    for head in heads(model, scripts(model, steps=24)[3:], last_alone=False, chunk=chunk_of(family)):
        batch.join(merged(head.cache), [(head.script, head.done)])
    for _ in range(num_steps):
        batch.step()
    assert len(batch.rows) == 5
    for index, (script, done) in enumerate(batch.rows):
        fed, wanted = script.forced[done - 1 :], script.logits[done:]
        # Token by token, and all at once as the next turn of a chat is read.
        for each in ([[token] for token in fed], [fed] if family not in CHUNKS_MATTER else []):
            own = [layer.extract(index) for layer in batch.cache]
            logits = [row for ids in each for row in as_numpy(model(mx.array([ids]), cache=own))[0]]
            assert all(
                largest(ours, theirs) <= MAX_LOGIT_ERROR for ours, theirs in zip(logits, wanted, strict=False)
            )


def answer(model: Any, script: Script, chunk: int) -> Any:
    """The logits after a prompt that is read in such chunks."""
    return as_numpy(model(mx.array([script.prompt[-1:]]), cache=read(model, script.prompt[:-1], chunk)))[
        0, -1
    ]


@pytest.mark.sample(4)
@pytest.mark.parametrize("family", FAMILIES)
def test_chunks_do_not_matter_but_where_it_is_said(family: str) -> None:
    model = tiny(family)
    found = max(largest(answer(model, row, ENGINE_CHUNK), row.logits[0]) for row in scripts(model, steps=0))
    assert (found > MAX_LOGIT_ERROR) == (family in CHUNKS_MATTER)


@pytest.mark.sample(6)
@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in ONE_ROW])
def test_whatever_a_cache_holds_matters(family: str) -> None:
    # Where a lost state did not change the logits, equal logits would prove nothing.
    model = tiny(family)
    held = read(model, list(range(11, 60)))
    whole = after(model, held)
    for index, leaf in enumerate(leaves(held)):
        for part in parts(leaf):
            lost = copy.deepcopy(held)
            blank(list(leaves(lost))[index], part)
            assert largest(after(model, lost), whole) > MAX_LOGIT_ERROR, (index, part)


def after(model: Any, cache: list[Any]) -> Any:
    """The logits after one more token; the cache stays as it is."""
    return as_numpy(model(mx.array([[5]]), cache=copy.deepcopy(cache)))[0, -1]


def parts(leaf: Any) -> list[Any]:
    """Where a cache holds its arrays. The values beside an index's keys are there for their shape only."""
    if isinstance(leaf, mlx_caches.ArraysCache):
        return [part for part, array in enumerate(leaf.cache) if array is not None]
    return [part for part in ("keys", "values") if not leaf.empty() and getattr(leaf, part).any().item()]


def blank(leaf: Any, part: Any) -> None:
    """Lose one of a cache's arrays."""
    if isinstance(leaf, mlx_caches.ArraysCache):
        leaf.cache[part] = mx.zeros_like(leaf.cache[part])
    else:
        setattr(leaf, part, mx.zeros_like(getattr(leaf, part)))


def test_the_page_has_every_family_and_no_other() -> None:
    assert set(committed(PAGE.read_text())) == set(FAMILIES)
    assert all(f"- {family}: {why}\n" in PAGE.read_text() for family, why in NOT_RUN.items())


def test_no_family_of_mlx_lm_is_left_out() -> None:
    spec = importlib.util.find_spec("mlx_lm.models")
    assert spec is not None
    assert spec.submodule_search_locations
    files = Path(spec.submodule_search_locations[0]).glob("*.py")
    theirs = {file.stem for file in files if re.search(r"^class Model\(", file.read_text(), re.MULTILINE)}
    ours = {config_of(family)["model_type"] for family in FAMILIES}
    assert theirs - {MODEL_REMAPPING.get(one, one) for one in ours} == NOT_RUN.keys()


def test_every_cache_of_mlx_lm_is_merged_somewhere_or_cannot_be() -> None:
    used = set(re.findall(r"\w+Cache\b|CacheList", " ".join(measured_kinds())))
    alone = {"ConcatenateKVCache", "QuantizedKVCache", "ChunkedKVCache"}
    theirs = {name for name, kind in vars(mlx_caches).items() if name.endswith(("Cache", "CacheList"))}
    batched = {name for name in theirs if name.startswith("Batch")}
    assert theirs - batched - alone - {"_BaseCache", "CacheList", "LRUPromptCache"} <= used
    assert not any(hasattr(vars(mlx_caches)[name], "merge") for name in alone)


def measured_kinds() -> list[str]:
    """The caches column of the committed page."""
    return [line.split("|")[2] for line in PAGE.read_text().splitlines() if line.startswith("| ")]
