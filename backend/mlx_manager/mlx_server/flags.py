"""Command-line flags: one for each setting that is not a secret."""

import argparse
import os
from collections.abc import Sequence

from mlx_manager.core.settings import SettingSource
from mlx_manager.mlx_server.config import MLXServerSettings

# A process's arguments can be read by every user of the machine.
_SECRETS = {"logfire_token"}


def apply_flags(settings: MLXServerSettings, arguments: Sequence[str]) -> None:
    """Set what the flags state, over the environment. Ends the program with one line on a bad one."""
    parser = argparse.ArgumentParser(
        prog="python -m mlx_manager.mlx_server.main",
        description="Serve MLX models through OpenAI's API. Each flag overrides its MLX_SERVER_* variable.",
    )
    for name, field in MLXServerSettings.model_fields.items():
        if name not in _SECRETS:
            flag = "--" + name.replace("_", "-")
            parser.add_argument(flag, metavar="VALUE", help=f"default: {field.get_default()}")
    stated = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    if not stated:
        return
    # Read as the variables are, so that a value means the same in both places.
    for name, value in stated.items():
        os.environ[MLXServerSettings.env_prefix() + name.upper()] = value
    fresh = MLXServerSettings()
    for name in stated:
        setattr(settings, name, getattr(fresh, name))
    settings.note_source(stated.keys(), SettingSource.FLAG)
