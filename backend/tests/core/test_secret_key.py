"""The encryption key: made once, kept in the keychain or a private file, and never replaced by accident."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlx_manager.core.security import secret_key
from mlx_manager.core.security.sealing import SealingKey, seal, unseal
from mlx_manager.core.security.secret_key import (
    SERVICE,
    SecretKeyError,
    encryption_key,
    keep,
    key_file,
    rotate,
    system_keychain,
)

PROGRAM = """
import sys
from pathlib import Path
from mlx_manager.core.security.secret_key import encryption_key
sys.stdin.readline()
print(encryption_key(Path(sys.argv[1])).text, end="")
"""


class StandInKeychain:
    """Has keyring's interface, and can be locked."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.is_locked = False
        self.keeps = True

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        if self.keeps:
            self.entries[service, username] = password

    def _check(self) -> None:
        if self.is_locked:
            raise RuntimeError("User interaction is not allowed.")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_without_a_keychain_it_is_a_private_file(home: Path) -> None:
    key = encryption_key(home)
    file = key_file(home)
    assert file == home / "secrets" / "encryption.key"
    assert [path.stat().st_mode & 0o777 for path in (home, file.parent, file)] == [0o700, 0o700, 0o600]
    assert encryption_key(home) == key == SealingKey.parse(file.read_text())
    assert not list(file.parent.glob(".*.partial"))


def test_with_a_keychain_there_is_no_file(home: Path) -> None:
    keychain = StandInKeychain()
    key = encryption_key(home, keychain)
    assert list(keychain.entries) == [(SERVICE, str(home))]
    assert encryption_key(home, keychain) == key
    assert not key_file(home).exists()


def test_two_homes_have_a_key_each(home: Path, tmp_path: Path) -> None:
    keychain = StandInKeychain()
    assert encryption_key(home, keychain) != encryption_key(tmp_path / "other", keychain)


@pytest.mark.parametrize("fault", ["locked", "keeps nothing"])
def test_a_keychain_that_fails_gives_way_to_the_file(home: Path, fault: str) -> None:
    keychain = StandInKeychain()
    keychain.is_locked, keychain.keeps = fault == "locked", False
    key = encryption_key(home, keychain)
    assert key_file(home).is_file()
    assert encryption_key(home, keychain) == encryption_key(home) == key


def test_a_keychain_that_was_locked_for_a_while_loses_nothing(home: Path) -> None:
    keychain = StandInKeychain()
    before = seal("before", encryption_key(home, keychain))
    keychain.is_locked = True
    meanwhile = seal("meanwhile", encryption_key(home, keychain))
    keychain.is_locked = False
    key = encryption_key(home, keychain)
    assert (unseal(before, key), unseal(meanwhile, key)) == ("before", "meanwhile")


def test_a_restored_file_counts_before_the_keychain(home: Path) -> None:
    keychain = StandInKeychain()
    encryption_key(home, keychain)
    restored = SealingKey.new()
    key_file(home).write_text(restored.text)
    key_file(home).chmod(0o644)
    found = encryption_key(home, keychain)
    assert found.keys[0] == restored.keys[0]
    assert unseal(seal("x", found), restored) == "x"
    assert key_file(home).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe"])
def test_a_damaged_file_is_named_and_kept(home: Path, content: bytes) -> None:
    encryption_key(home)
    key_file(home).write_bytes(content)
    with pytest.raises(SecretKeyError, match=r"encryption\.key is not a key"):
        encryption_key(home)
    assert key_file(home).read_bytes() == content


def test_a_damaged_entry_of_the_keychain_is_kept(home: Path) -> None:
    keychain = StandInKeychain()
    keychain.entries[SERVICE, str(home)] = "not a key"
    with pytest.raises(SecretKeyError, match="keychain"):
        encryption_key(home, keychain)
    assert keychain.entries[SERVICE, str(home)] == "not a key"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SecretKeyError, match=r"encryption\.key: "):
        encryption_key(tmp_path / "home")


def test_processes_that_start_at_once_have_one_key(home: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    texts = {process.communicate()[0] for process in running}
    assert texts == {encryption_key(home).text}


@pytest.mark.parametrize("has_keychain", [False, True])
def test_threads_that_ask_at_once_have_one_key(home: Path, has_keychain: bool) -> None:
    keychain = StandInKeychain() if has_keychain else None
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: encryption_key(home, keychain), range(32)))
    assert len(set(found)) == 1


@pytest.mark.parametrize("has_keychain", [False, True])
def test_rotation(home: Path, has_keychain: bool) -> None:
    keychain = StandInKeychain() if has_keychain else None
    old = encryption_key(home, keychain)
    new = rotate(home, keychain)
    assert new.keys[1:] == old.keys
    assert encryption_key(home, keychain) == new
    assert key_file(home).exists() is not has_keychain
    keep(home, new.newest(), keychain)
    assert encryption_key(home, keychain).keys == new.keys[:1]


def test_a_half_written_file_of_before_is_no_obstacle(home: Path) -> None:
    key_file(home).parent.mkdir(parents=True)
    (home / "secrets" / ".encryption.key.partial").write_text("half")
    assert encryption_key(home) == encryption_key(home)


def test_other_systems_have_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_key.sys, "platform", "linux")
    assert system_keychain() is None


@pytest.fixture
def real_entry(home: Path) -> Iterator[None]:
    """Deletes what the test has put into the real keychain."""
    yield
    import keyring  # type: ignore[import-not-found,unused-ignore]

    with contextlib.suppress(Exception):
        keyring.delete_password(SERVICE, str(home.resolve()))


@pytest.mark.skipif(sys.platform != "darwin", reason="the keychain is macOS's")
@pytest.mark.usefixtures("real_entry")
def test_the_real_keychain(home: Path) -> None:
    if "PYTHON_KEYRING_BACKEND" in os.environ:
        pytest.skip("another backend than the keychain is set")
    keychain = system_keychain()
    assert keychain is not None
    key = encryption_key(home, keychain)
    if key_file(home).exists():
        pytest.skip("the keychain is locked, or this session may not use it")
    assert encryption_key(home, keychain) == key
    assert keychain.get_password(SERVICE, str(home.resolve())) == key.text
