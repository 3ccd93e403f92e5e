"""Where things are on this machine."""

import os
from pathlib import Path


def home_dir() -> Path:
    """The folder that holds everything of ours: `MLX_MANAGER_HOME`, else `~/.mlx-manager`."""
    configured = os.environ.get("MLX_MANAGER_HOME")
    return Path(configured).expanduser() if configured else Path.home() / ".mlx-manager"


def ensure_private(folder: Path) -> Path:
    """Create the folder and what is missing above it, readable by its owner alone, and return it."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    return folder


def ensure_home() -> Path:
    """Create the home folder, readable by its owner alone, and return it."""
    home = home_dir()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)  # also where it was there before
    return home
