"""docs/errors.md is what the code says."""

import subprocess
import sys

from tests.tooling.outside import ROOT


def test_error_reference_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate_error_docs.py"), "--check"]
    subprocess.run(command, check=True)


def test_every_code_is_in_the_reference() -> None:
    from mlx_manager.core.errors import ErrorCode

    text = (ROOT / "docs" / "errors.md").read_text()
    assert all(f"| `{code.value}` | {code.status} | " in text for code in ErrorCode)
