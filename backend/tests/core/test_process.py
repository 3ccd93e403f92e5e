"""The limit of open files."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from mlx_manager.core.process import raise_descriptor_limit
soft, hard = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(raise_descriptor_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(256, 1024), (1024, 1024), (100, 200), (64, 64)])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(soft), str(hard)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(hard)] * 3
