"""Write docs/json-schema.md from the JSON-Schema-Test-Suite. `--check` tells if it is up to date."""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "json-schema.md"


def main() -> None:
    """Write the page, or with `--check` exit with 1 where it differs."""
    sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "backend" / "tests" / "text")]
    table = importlib.import_module("json_schema_page")
    text = table.page(table.all_verdicts())
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(not PAGE.is_file() or PAGE.read_text() != text)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
