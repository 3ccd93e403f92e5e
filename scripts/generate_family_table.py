"""Write docs/families.md by measuring a tiny model of each family (some minutes).

`--check` only tells whether the written page's answers are still right.
"""

import importlib
import sys
from pathlib import Path

from mlx_manager.mlx_server.engine.device import prepare_device, prepare_process

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "families.md"


def main() -> None:
    """Write the page, or with `--check` exit with 1 and name the families whose answers differ."""
    prepare_process()
    prepare_device()
    sys.path.insert(0, str(ROOT / "backend" / "tests" / "engine"))
    table = importlib.import_module("family_table")  # after MLX is prepared
    rows = table.all_rows(lambda family: print(family, file=sys.stderr, flush=True))
    if sys.argv[1:] == ["--check"]:
        written = table.committed(PAGE.read_text())
        measured = {row.family: row.answers for row in rows}
        raise SystemExit(
            "".join(
                f"{family}: {written.get(family)} is written, {measured.get(family)} is measured\n"
                for family in sorted({*written, *measured})
                if written.get(family) != measured.get(family)
            )
            or 0
        )
    PAGE.write_text(table.page(rows))


if __name__ == "__main__":
    main()
