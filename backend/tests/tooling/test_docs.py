"""What of docs/ is generated is what the code says."""

import subprocess
import sys

import pytest

from tests.tooling.outside import ROOT


@pytest.mark.parametrize(
    "script", ["generate_error_docs.py", "generate_conformance.py", "generate_settings_docs.py"]
)
def test_references_are_up_to_date(script: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    subprocess.run(command, check=True)


def test_every_code_is_in_the_reference() -> None:
    from mlx_manager.core.errors import ErrorCode

    text = (ROOT / "docs" / "errors.md").read_text()
    assert all(f"| `{code.value}` | {code.status} | " in text for code in ErrorCode)


def test_every_setting_is_in_the_reference() -> None:
    from mlx_manager.settings.catalogue import SETTINGS

    text = (ROOT / "docs" / "settings.md").read_text()
    assert all(text.count(f"| `{name}` | ") == 1 for name in SETTINGS)
