"""Where models are looked for: the demo, the folders of the settings, the Hugging Face cache."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import mlx_manager
from mlx_manager.mlx_server.pool.small_files import dangles, entries, read_text

DEMO_ID: Final = "demo"
DEMO_PATH: Final = Path(mlx_manager.__file__).parent / "demo_model"
_REPO_PREFIX: Final = "models--"
_REF_BYTES: Final = 1024


class Candidate(NamedTuple):
    """A folder that may hold a model or an adapter.

    Attributes:
        is_downloading: whether files are on their way into it, or a download was broken off.
    """

    model_id: str
    path: Path
    is_downloading: bool = False


def hugging_face_cache() -> Path:
    """Where Hugging Face's programs keep what they download; as they do, the environment says so.

    A variable that is empty says nothing.
    """
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if not cache:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        home = os.environ.get("HF_HOME") or os.path.join(base, "huggingface")
        cache = os.path.join(home, "hub")
    return Path(os.path.expandvars(os.path.expanduser(cache)))


def candidates(folders: Sequence[Path], *, demo: Path, hub: Path | None) -> Iterator[Candidate]:
    """Every folder that may be a model or an adapter, in the order in which equal ids count.

    Args:
        folders: each a model's folder, or a folder of model folders, of them or of `owner/name` folders.
        hub: a Hugging Face cache.

    Raises:
        OSError: never; what cannot be read holds nothing.
    """
    yield Candidate(DEMO_ID, demo)
    for folder in folders:
        yield from _of_folder(folder)
    if hub is not None:
        yield from _of_hub(hub)


def _of_folder(folder: Path) -> Iterator[Candidate]:
    origin = os.path.realpath(folder)
    if _is_of_interest(folder):
        yield _candidate(os.path.basename(origin), folder)
        return
    for child in folders_in(folder):
        if _is_of_interest(child):
            yield _candidate(child.name, child)
        elif not f"{origin}/".startswith(f"{os.path.realpath(child)}/"):  # a link to where we come from
            for grandchild in folders_in(child):
                if _is_of_interest(grandchild):
                    yield _candidate(f"{child.name}/{grandchild.name}", grandchild)


def _candidate(model_id: str, folder: Path) -> Candidate:
    # Where Hugging Face's programs put the unfinished parts of what goes into a folder of the user's.
    downloads = folder / ".cache" / "huggingface" / "download"
    return Candidate(model_id, folder, _has_unfinished(downloads))


def _of_hub(hub: Path) -> Iterator[Candidate]:
    for repo in folders_in(hub):
        if not repo.name.startswith(_REPO_PREFIX):
            continue
        model_id = repo.name.removeprefix(_REPO_PREFIX).replace("--", "/")
        is_downloading = _has_unfinished(repo / "blobs")
        if (snapshot := _snapshot(repo)) is not None:
            yield Candidate(model_id, snapshot, is_downloading)
        elif is_downloading:
            yield Candidate(model_id, repo, is_downloading)


def _has_unfinished(folder: Path) -> bool:
    return any(entry.name.endswith(".incomplete") for entry in entries(folder))


def _snapshot(repo: Path) -> Path | None:
    """The revision that `main` stands for; where nobody has said so, the one that came last."""
    snapshots = {folder.name: folder for folder in folders_in(repo / "snapshots")}
    main = read_text(repo / "refs" / "main", _REF_BYTES).strip()
    return snapshots.get(main) or max(snapshots.values(), key=_changed_at, default=None)


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _is_of_interest(folder: Path) -> bool:
    files = (folder / "config.json", folder / "adapter_config.json")
    return any(os.path.isfile(file) or dangles(file) for file in files)


def folders_in(folder: Path) -> list[Path]:
    """The folders inside that are not hidden, by name; a link that leads nowhere is none."""
    return [child for child in entries(folder) if not child.name.startswith(".") and os.path.isdir(child)]
