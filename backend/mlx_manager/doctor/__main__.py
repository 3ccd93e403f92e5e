"""`mlx-manager doctor [MODEL ...]`: examine this machine, its settings, and models on it."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from typing import Final

from mlx_manager.doctor.examination import Examination
from mlx_manager.doctor.finding import Finding, Level
from mlx_manager.doctor.report import Printer, Progress, as_json, count

_DEMO: Final = "demo"


async def run(arguments: argparse.Namespace) -> int:
    """Examine and print; returns the exit status."""
    progress = Progress()
    printer = None if arguments.json else Printer(sys.stdout)
    model_ids: Sequence[str] | None = None if arguments.all else arguments.models or [_DEMO]
    findings: list[Finding] = []
    examination = Examination(model_ids, is_offline=arguments.offline, show=progress.show)
    async for finding in examination.findings():
        findings.append(finding)
        progress.clear()
        if printer is not None:
            printer.show(finding)
    if printer is None:
        print(as_json(findings))
    else:
        printer.conclude(findings)
    return 1 if count(findings, Level.PROBLEM) else 0


def main() -> None:
    """Entry of the program. Ends with status 1 where there is a problem."""
    parser = argparse.ArgumentParser(
        prog="mlx-manager doctor",
        description="Examine this machine and what models can do on it; needs no running server.",
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="ids as /v1/models lists them")
    parser.add_argument("--all", action="store_true", help="every model there is")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--offline", action="store_true", help="do not ask the Hugging Face hub")
    arguments = parser.parse_args()
    logging.basicConfig(level="CRITICAL")
    sys.exit(asyncio.run(run(arguments)))


if __name__ == "__main__":
    main()
