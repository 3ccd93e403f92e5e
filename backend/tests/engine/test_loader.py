"""Loading: how far it is, and what need not be found out twice."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import msgspec
import numpy as np
import pytest
from mlx.utils import tree_flatten
from tiny_models import save_folder, tiny

from mlx_manager.mlx_server.engine import loader, probe_store
from mlx_manager.mlx_server.engine.ledger import KVSize, Window
from mlx_manager.mlx_server.engine.loader import load
from mlx_manager.mlx_server.engine.probe import ProbeResult
from mlx_manager.mlx_server.engine.probe_store import Findings, ProbeStore, probe_key
from mlx_manager.mlx_server.engine.wire import Load


def command(folder: Path, **fields: Any) -> Load:
    return Load(str(folder), max_rows=2, prefill_chunk_tokens=16, **fields)


@pytest.mark.parametrize("family", ["llama", "mixtral-4bit", "rwkv7"])
def test_weights_come_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str) -> None:
    folder = save_folder(tmp_path / "m", family)
    sizes, fractions = list[int](), list[float]()
    evaluate = mx.eval

    def note(*arrays: Any) -> None:
        sizes.append(sum(array.nbytes for _, array in tree_flatten(arrays)))
        evaluate(*arrays)

    monkeypatch.setattr(loader.mx, "eval", note)
    monkeypatch.setattr(loader, "probe_batching", lambda *_: ProbeResult(True, ""))
    loaded = load(command(folder), fractions.append)
    total, parts = loaded.weight_bytes, [size for size in sizes if size]
    largest = max(array.nbytes for _, array in tree_flatten(tiny(family).parameters()))
    assert sum(parts) == total
    assert max(parts) <= total / 16 + largest
    assert 3 < len(parts) <= 17
    assert len(fractions) == len(parts)
    assert fractions == pytest.approx([0.9 * done / total for done in np.cumsum(parts)])
    for (name, mine), (other, theirs) in zip(
        tree_flatten(loaded.model.parameters()), tree_flatten(tiny(family).parameters()), strict=True
    ):
        assert name == other
        assert np.array_equal(np.array(mine), np.array(theirs))


class Counted:
    """Counts the probes that are made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.probes = 0
        self.measured = 0
        probe, measure = loader.probe_batching, loader.measure_kv

        def count_probe(*arguments: Any) -> ProbeResult:
            self.probes += 1
            return probe(*arguments)

        def count_measure(*arguments: Any) -> KVSize:
            self.measured += 1
            return measure(*arguments)

        monkeypatch.setattr(loader, "probe_batching", count_probe)
        monkeypatch.setattr(loader, "measure_kv", count_measure)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def findings(folder: Path, **fields: Any) -> tuple[int, ProbeResult, KVSize]:
    loaded = load(command(folder, **fields))
    return loaded.vocab_size, loaded.probe, loaded.kv_size


@pytest.mark.parametrize("family", ["llama", "gemma3_text", "mamba2"])
def test_a_probe_is_made_once(tmp_path: Path, counted: Counted, family: str) -> None:
    folder, probes = save_folder(tmp_path / "m", family), tmp_path / "home" / "probes"
    first = findings(folder, probe_dir=str(probes))
    assert findings(folder, probe_dir=str(probes)) == first
    assert (counted.probes, counted.measured) == (1, 1)
    assert first[1].can_batch
    (file,) = probes.iterdir()
    assert stat.S_IMODE(probes.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    findings(folder)
    assert counted.probes == 2  # no folder: off


def test_what_decides_a_finding_names_it(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, probes = save_folder(tmp_path / "m", "llama_wide"), str(tmp_path / "probes")
    findings(folder, probe_dir=probes)
    assert "cannot be merged" in findings(folder, probe_dir=probes, kv_bits=8)[1].finding
    assert findings(folder, probe_dir=probes)[1].can_batch
    assert counted.probes == 2
    monkeypatch.setattr(probe_store, "PROBE_VERSION", probe_store.PROBE_VERSION + 1)
    findings(folder, probe_dir=probes)
    assert counted.probes == 3
    monkeypatch.setattr(probe_store, "version", lambda name: f"another {name}")
    findings(folder, probe_dir=probes)
    assert counted.probes == 4
    assert probe_key(folder, kv_bits=4) != probe_key(folder, kv_bits=8)


def test_other_weights_are_another_model(tmp_path: Path, counted: Counted) -> None:
    folder, probes = save_folder(tmp_path / "m"), str(tmp_path / "probes")
    findings(folder, probe_dir=probes)
    weights = {name: array + 0.5 for name, array in tree_flatten(tiny("llama").parameters())}
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
    findings(folder, probe_dir=probes)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"rope_theta": 500_000.0}))
    findings(folder, probe_dir=probes)
    assert counted.probes == 3


def test_weights_that_change_while_they_are_read_teach_nothing(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, probes = save_folder(tmp_path / "m"), tmp_path / "probes"
    load_model = loader.load_model

    def load_and_touch(*arguments: Any, **options: Any) -> Any:
        loaded = load_model(*arguments, **options)
        os.utime(folder / "model.safetensors", (1, 1))
        return loaded

    monkeypatch.setattr(loader, "load_model", load_and_touch)
    findings(folder, probe_dir=str(probes))
    assert not probes.exists()
    findings(folder, probe_dir=str(probes))
    assert (counted.probes, len(list(probes.iterdir()))) == (2, 1)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def binary(file: Path) -> None:
    file.write_bytes(b"\xff\x00" * 500)


def nested(file: Path) -> None:
    file.write_bytes(b'{"other":' + b"[" * 60_000)


def anothers(file: Path) -> None:
    file.write_text(file.read_text().replace(file.stem, "0" * 64))


def no_vocabulary(file: Path) -> None:
    file.write_text(file.read_text().replace('"vocab_size":97', '"vocab_size":-97'))


def other_vocabulary(file: Path) -> None:
    file.write_text(file.read_text().replace('"vocab_size":97', '"vocab_size":98'))


def negative_bytes(file: Path) -> None:
    found = json.loads(file.read_text())
    found["kv_size"][0] *= -1
    file.write_text(json.dumps(found))


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "damage",
    [emptied, cut_off, binary, nested, anothers, no_vocabulary, other_vocabulary, negative_bytes, a_folder],
)
def test_a_damaged_file_is_none(tmp_path: Path, counted: Counted, damage: Callable[[Path], None]) -> None:
    folder, probes = save_folder(tmp_path / "m"), tmp_path / "probes"
    first = findings(folder, probe_dir=str(probes))
    (file,) = probes.iterdir()
    before = file.read_bytes()
    damage(file)
    assert file.is_dir() or file.read_bytes() != before
    assert findings(folder, probe_dir=str(probes)) == first
    assert counted.probes == 2
    if damage is not a_folder:
        assert file.read_bytes() == before


def test_a_fault_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, probes = save_folder(tmp_path / "m"), tmp_path / "probes"

    def out_of_memory(*_: Any) -> None:
        raise RuntimeError("[metal::malloc] no more")

    with monkeypatch.context() as patch:
        patch.setattr("mlx_manager.mlx_server.engine.trial.Trial._step", out_of_memory)
        found = findings(folder, probe_dir=str(probes))[1]
        assert (found.can_batch, found.is_conclusive) == (False, False)
    with monkeypatch.context() as patch:
        patch.setattr("mlx_manager.mlx_server.engine.trial.Trial.read_together", out_of_memory)
        found = findings(folder, probe_dir=str(probes))[1]
        assert (found.can_batch, found.can_join_prefill, found.is_conclusive) == (True, False, False)
    assert not probes.exists()
    with monkeypatch.context() as patch:
        patch.setattr("mlx_manager.mlx_server.engine.trial.MAX_LOGIT_ERROR", -1.0)
        found = findings(folder, probe_dir=str(probes))[1]
    assert (found.can_batch, found.is_conclusive) == (False, True)
    assert findings(folder, probe_dir=str(probes))[1] == found


def test_a_folder_that_cannot_be_written_costs_a_probe_only(tmp_path: Path, counted: Counted) -> None:
    folder = save_folder(tmp_path / "m")
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert findings(folder, probe_dir=str(tmp_path / "file" / "probes"))[1].can_batch
    assert counted.probes == 2


FOUND = Findings("a" * 64, 97, ProbeResult(True, "batches 😀", True), KVSize(3, 5, (Window(7, 2, 256),)))


def test_no_more_than_so_many_are_kept_and_those_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_store, "MAX_FILES", 4)
    store = ProbeStore(tmp_path / "probes")
    for index in range(4):
        store.keep(msgspec.structs.replace(FOUND, key=f"{index:064}"))
        os.utime(tmp_path / "probes" / f"{index:064}.json", (index, index))
    for index in range(5):
        (tmp_path / "probes" / f"{index}.tmp").write_text("{")  # of a process that was killed
        os.utime(tmp_path / "probes" / f"{index}.tmp", (index, index))
    assert store.recall(f"{0:064}") is not None  # is in use, so not the oldest any more
    store.keep(FOUND)
    left = {path.name for path in (tmp_path / "probes").iterdir()}
    assert {name for name in left if name.endswith(".tmp")} == {"1.tmp", "2.tmp", "3.tmp", "4.tmp"}
    left = {name for name in left if name.endswith(".json")}
    assert left == {f"{number:064}.json" for number in (0, 2, 3)} | {f"{FOUND.key}.json"}
    assert store.recall(FOUND.key) == FOUND
    shutil.rmtree(tmp_path / "probes")
    assert store.recall(FOUND.key) is None


TWO = """
import sys
from pathlib import Path
from mlx_manager.mlx_server.engine.ledger import KVSize
from mlx_manager.mlx_server.engine import probe_store
probe_store.MAX_FILES = 2
store, mine = probe_store.ProbeStore(Path(sys.argv[1])), int(sys.argv[2])
probe = probe_store.ProbeResult(True, "x" * 20_000)
print("ready", flush=True)
sys.stdin.readline()
hits = 0
for number in range(300):
    key = str(number % 3)
    store.keep(probe_store.Findings(key, mine, probe, KVSize(mine, 0)))
    found = store.recall(key)
    if found is not None:
        assert found.kv_size == KVSize(found.vocab_size, 0) and found.probe == probe, found
        hits += 1
print(hits)
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO, str(tmp_path / "probes")]
    both = [
        subprocess.Popen(
            [*command, mine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mine in ("1", "2")
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "cannot be kept" not in errors
        assert int(output) > 0
    assert len(list((tmp_path / "probes").iterdir())) <= 3
