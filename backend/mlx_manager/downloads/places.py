"""Where files of a download are: while they come, and in Hugging Face's cache.

The cache's layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlx_manager.downloads.job import JobFile

# Hidden, so that nobody takes it for a model; within the cache, so that a rename publishes.
_STAGING: Final = ".mlx-manager"


def staging_folder(cache: Path, download_id: str) -> Path:
    """A download's own folder."""
    return cache / _STAGING / download_id


def repo_folder(cache: Path, repo_id: str) -> Path:
    """A model's folder in the cache; `details.check_names` has seen the id."""
    return cache / f"models--{repo_id.replace('/', '--')}"


def partial_file(staging: Path, file: JobFile) -> Path:
    """What has come of a file that is not verified."""
    return staging / f"{file.blob_name}.incomplete"


def verified_file(staging: Path, file: JobFile) -> Path:
    """A whole file whose hash was right."""
    return staging / file.blob_name


def cached_blob(repo: Path, file: JobFile) -> Path:
    """The content in the cache."""
    return repo / "blobs" / file.blob_name


def partial_bytes(staging: Path, files: Iterable[JobFile]) -> dict[str, int]:
    """How much of each file has come and is not verified, where there is any. Looks at the disk."""
    sizes: dict[str, int] = {}
    for file in files:
        try:
            sizes[file.path] = partial_file(staging, file).stat().st_size
        except OSError:
            continue
    return sizes


def remove_staging(cache: Path, download_id: str) -> None:
    """Throw away what has come of a download and is not published."""
    shutil.rmtree(staging_folder(cache, download_id), ignore_errors=True)
    with suppress(OSError):  # another download is under way
        (cache / _STAGING).rmdir()  # `hf cache` warns of a folder that it does not know


def make_staging(staging: Path) -> None:
    """Make a download's folder. Raises OSError."""
    for _ in range(10):  # another one's end may remove the folder above it meanwhile
        with suppress(FileNotFoundError):
            staging.mkdir(parents=True, exist_ok=True)
            return
    staging.mkdir(parents=True, exist_ok=True)


def orphans(cache: Path, known_ids: set[str]) -> list[str]:
    """Ids of downloads that have a folder and are not known."""
    try:
        return [each.name for each in (cache / _STAGING).iterdir() if each.name not in known_ids]
    except OSError:
        return []


def free_bytes(folder: Path) -> int:
    """Free space on the filesystem where the folder is or will be."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(existing).free
