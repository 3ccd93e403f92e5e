"""What programs log to their logs, a command keeps to itself."""

import logging
import os


def be_quiet() -> None:
    """Before code of the programs runs within a command: what goes wrong is in its answers."""
    logging.basicConfig(level="CRITICAL")
    # Of transformers, which reads templates here: nothing needs PyTorch.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
