"""Starts a download, or finds the one that is under way, and follows it to its end."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mlx_manager.commands.progress import bytes_of
from mlx_manager.terminal import amount, fail, note, printable

if TYPE_CHECKING:
    from mlx_manager.commands.models import Rooms
    from mlx_manager.commands.progress import Shown

_LOOK_EVERY_S: Final = 0.25
_UNDER_WAY: Final = ("queued", "running", "paused", "waiting")
_ROUTE: Final = "/api/v1/downloads"


def begin(asked: "Rooms", wanted: Mapping[str, Any], *, is_own: bool) -> Mapping[str, Any]:
    """The new download; or the one that is under way for the same, which goes on.

    Args:
        is_own: whether it runs in this process, where nothing else is to come before it.

    Raises:
        Refused: it may not be, such as one that the hub does not have.
    """
    from mlx_manager.api_client import Refused

    try:
        download: Mapping[str, Any] = asked.json("POST", _ROUTE, wanted)
    except Refused as error:
        if error.code != "already_exists":
            raise
        found = _under_way(asked, wanted)
        if found is None:  # it has ended meanwhile
            raise
        note(f"it is under way already: {found['status']}")
        if found["status"] == "paused":
            found = asked.json("POST", f"{_ROUTE}/{found['id']}/resume")
        elif found["status"] == "waiting":
            found = asked.json("POST", f"{_ROUTE}/{found['id']}/retry")
        download = found
    if is_own and download["status"] == "queued":
        download = _put_first(asked, download)
    return download


def follow(asked: "Rooms", download: Mapping[str, Any], *, is_own: bool) -> Mapping[str, Any]:
    """Show its progress until it is there. Whatever else becomes of it ends the command.

    Raises:
        Refused: the manager does not answer any more.
    """
    try:
        with bytes_of(printable(download["repo_id"])) as shown:
            while download["status"] in _UNDER_WAY:
                _show(download, shown)
                if download["status"] == "paused":
                    break
                time.sleep(_LOOK_EVERY_S)
                download = asked.json("GET", f"{_ROUTE}/{download['id']}")
    except KeyboardInterrupt:
        if is_own:
            note("stopped; what has come is kept, and the next pull or the manager goes on from there")
        else:
            note("the download goes on in the manager")
        raise
    match download["status"]:
        case "completed":
            return download
        case "failed":
            fail(download["error"]["message"] if download["error"] else "it failed")
        case "paused":
            fail("somebody has paused it; pull it again to let it go on")
        case _:
            fail(f"it was {download['status']}")


def summary(download: Mapping[str, Any]) -> str:
    """Where it is, for a person."""
    name, size = download["repo_id"], amount(download["total_bytes"])
    if download["status"] == "completed":
        return printable(f"{name}: {download['num_files']} files, {size}")
    return printable(f"{name}: {download['status']}, {size}; {download['id']}")


def _show(download: Mapping[str, Any], shown: "Shown") -> None:
    what = download["repo_id"]
    match download["status"]:
        case "queued":
            what += ", waiting for its turn"
        case "waiting":
            reason = download["error"]["message"] if download["error"] else "it failed"
            what += f", tried again soon: {reason}"
    shown.update(
        what=printable(" ".join(what.split())), done=download["done_bytes"], total=download["total_bytes"]
    )


def _under_way(asked: "Rooms", wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for download in asked.json("GET", _ROUTE)["data"]:
        is_same = all(download[name] == wanted[name] for name in ("repo_id", "revision"))
        if is_same and download["status"] in _UNDER_WAY:
            found: Mapping[str, Any] = download
            return found
    return None


def _put_first(asked: "Rooms", download: Mapping[str, Any]) -> Mapping[str, Any]:
    from mlx_manager.api_client import Refused

    try:
        first: Mapping[str, Any] = asked.json("POST", f"{_ROUTE}/{download['id']}/first")
    except Refused as error:
        if error.code != "conflict":
            raise
        return download  # it runs already
    return first
