"""For every family: batched logits equal serial ones, or the probe finds that they do not."""

import importlib.util
import re
from pathlib import Path

import mlx_lm.models.cache as mlx_caches
import pytest
from families import FAMILIES, NOT_RUN, ONE_ROW
from family_table import MAX_LOGIT_ERROR, committed, measure
from mlx_lm.utils import MODEL_REMAPPING
from teacher_forced import scripts
from tiny_models import config_of, tiny

PAGE = Path(__file__).resolve().parents[3] / "docs" / "families.md"


@pytest.mark.sample(3)
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


@pytest.mark.sample(6)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_that_forgot_its_prompt_would_answer_otherwise(family: str) -> None:
    # Of two prompts with one last token; where the state did not matter the rest would prove nothing.
    short, other = scripts(tiny(family), [[11, 12, 13, 5], [41, 42, 43, 5]], steps=0)
    assert abs(short.logits[0] - other.logits[0])[: config_of(family)["vocab_size"] // 2].max() > 0.05


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
