"""Write backend/requirements.lock: every dependency, the dev extra included, pinned and hashed.

    make lock                          # after a change of backend/pyproject.toml: keeps what still fits
    make lock LOCK_ARGS=--upgrade      # moves every package to its newest release

Needs uv (a developer's tool: `make install` reads the lock with pip alone). One universal lock serves
every platform and Python below, and is proved against each of them before the old one is replaced.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "backend/pyproject.toml"
LOCK = "backend/requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("x86_64-manylinux_2_35", "aarch64-manylinux_2_35", "aarch64-apple-darwin")

HEADER = """\
# Every dependency of backend/pyproject.toml with the dev extra, pinned and hashed.
# Python 3.11 to 3.13, Linux (x86_64, aarch64) and macOS 14 or newer (arm64).
# Written by `make lock`; do not edit.
"""

# What decides how packages are fetched may come from the environment; what decides which may not
# (an extra index, a folder of wheels, constraints): the lock must come out the same everywhere.
KEPT_SETTINGS = {"UV_DEFAULT_INDEX", "UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS"}


def clean_environment() -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT_SETTINGS or not name.startswith(("UV_", "PIP_"))
    }
    env["MACOSX_DEPLOYMENT_TARGET"] = "14.0"  # uv assumes 13, for which there is no wheel of mlx
    return env


def compile_with(uv: str, *arguments: str) -> None:
    command = [uv, "--no-config", "pip", "compile", "--quiet", "--no-header", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), check=False, text=True, stdout=subprocess.PIPE
    )
    if result.returncode != 0:
        sys.exit(f"lock: failed: {' '.join(command)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write backend/requirements.lock")
    parser.add_argument("--upgrade", action="store_true", help="move every package to its newest release")
    arguments = parser.parse_args()
    uv = shutil.which(os.environ.get("UV", "uv"))
    if uv is None:
        sys.exit("lock: uv was not found; install it (https://docs.astral.sh/uv) or set UV=/path/to/uv")

    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "requirements.lock")
        if (ROOT / LOCK).exists() and not arguments.upgrade:
            shutil.copyfile(ROOT / LOCK, new)  # uv keeps the pins it finds in its output file
        compile_with(
            uv,
            *("--universal", "--python-version", PYTHONS[0], "--extra", "dev", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", PROJECT, "--output-file", str(new)),
        )
        for python in PYTHONS:
            for platform in PLATFORMS:
                print(f"lock: checking Python {python} on {platform}", flush=True)
                compile_with(
                    uv,
                    *("--python-version", python, "--python-platform", platform),
                    *("--only-binary", ":all:", "--no-annotate", str(new)),
                )
        text = new.read_text()
    if unwanted := re.findall(r"^(?:torch|nvidia-\S*|mlx-cuda\S*)==\S+|\w+://\S+", text, re.MULTILINE):
        sys.exit(f"lock: refused, it would hold {', '.join(unwanted)}")
    (ROOT / LOCK).write_text(HEADER + text)
    print(f"lock: {LOCK}: {len(re.findall(r'^[a-z0-9].*==', text, re.MULTILINE))} packages")


if __name__ == "__main__":
    main()
