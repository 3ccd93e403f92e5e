"""Who may use a home folder beside whom."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlx_manager.core.home_use import HomeInUse, hold_home, require_unused

HOLDER = """
import sys
from pathlib import Path
from mlx_manager.core.home_use import hold_home
with hold_home(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_programs_share_it_and_a_restore_does_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with (
        hold_home(home),
        hold_home(home),
        pytest.raises(HomeInUse, match="stop it first"),
        require_unused(home),
    ):
        pass
    with require_unused(home):
        with pytest.raises(HomeInUse, match="being restored"), hold_home(home):
            pass
        with pytest.raises(HomeInUse), require_unused(home):
            pass
    with hold_home(home):
        pass
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "in-use.lock").stat().st_mode) == 0o600


def test_a_program_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(HomeInUse), require_unused(tmp_path):
            pass
        process.kill()
        process.wait()
    with require_unused(tmp_path):
        pass
