"""The `mlx-manager` command: starts a program, or runs a command on the database."""

import sys

from mlx_manager.programs import PROGRAMS, become


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] and sys.argv[1] in PROGRAMS:
        # Before anything is imported: what these take is their own affair, and so is how fast they start.
        become(sys.argv[1], sys.argv[2:])
    from mlx_manager.commands import app

    app(prog_name="mlx-manager")
