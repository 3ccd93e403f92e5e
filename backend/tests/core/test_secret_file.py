"""A secret of the machine's own is made once, whoever asks first, and only its owner can read it."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlx_manager.core.security.secret_file import DamagedSecretFile, read_or_make_secret
from tests.live.server import clean_environment

ASK = "import sys, pathlib\nfrom mlx_manager.core.security.secret_file import read_or_make_secret\n"
ASK += "sys.stdin.readline(); print(read_or_make_secret(pathlib.Path(sys.argv[1])).hex())"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "session.key"
    secret = read_or_make_secret(path)
    assert len(secret) == 32
    assert (mode_of(path), mode_of(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    assert read_or_make_secret(path) == secret
    assert mode_of(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_two_processes_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "session.key"
    command = [sys.executable, "-c", ASK, str(path)]
    processes = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment({})
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
    secrets = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert secrets == [path.read_text().strip()] * 2


def test_many_threads_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        for number in range(50):
            path = tmp_path / f"secret {number}"
            found = list(threads.map(read_or_make_secret, [path] * 16))
            assert set(found) == {bytes.fromhex(path.read_text())}
    assert len(list(tmp_path.iterdir())) == 50


@pytest.mark.parametrize("content", [b"", b"not hex", b"ab" * 31, b"ab" * 33, b"\xff" * 64])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "session.key"
    path.write_bytes(content)
    with pytest.raises(DamagedSecretFile, match="restore it from a backup"):
        read_or_make_secret(path)
    assert path.read_bytes() == content
