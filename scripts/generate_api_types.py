"""Write the types of the web UI's API client from the two programs' OpenAPI documents.

    python scripts/generate_api_types.py            # rewrite frontend/src/lib/api/{manager,server}.d.ts
    python scripts/generate_api_types.py --check    # say whether they are current; exit code 1 if not

It needs Node and frontend/node_modules (`make ui`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from fastapi import FastAPI

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "backend"))  # this checkout's code, wherever the package is installed from

from mlx_manager.main import app as manager  # noqa: E402
from mlx_manager.mlx_server.main import app as server  # noqa: E402

FRONTEND = ROOT / "frontend"
GENERATOR = FRONTEND / "node_modules" / ".bin" / "openapi-typescript"
HEADER = "// Made by `make docs` from the program's OpenAPI document. Do not edit.\n"


def types_of(app: FastAPI) -> str:
    """The TypeScript declarations of everything that the program's API takes and gives."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as document:
        json.dump(app.openapi(), document)
        document.flush()
        command = [str(GENERATOR), document.name, "--default-non-nullable=false"]
        made = subprocess.run(command, check=True, capture_output=True, text=True, cwd=FRONTEND)
    # Its own head says how it was called, which is not the same on every machine.
    return HEADER + made.stdout.partition("*/\n")[2].lstrip("\n")


def main() -> int:
    """Write or compare both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where one is stale")
    is_check = parser.parse_args().check
    stale = []
    for name, app in (("manager", manager), ("server", server)):
        file = FRONTEND / "src" / "lib" / "api" / f"{name}.d.ts"
        text = types_of(app)
        if is_check and (not file.is_file() or file.read_text() != text):
            stale.append(file.name)
        elif not is_check:
            file.write_text(text)
    if stale:
        print(f"{' and '.join(stale)}: not as the programs' documents are; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
