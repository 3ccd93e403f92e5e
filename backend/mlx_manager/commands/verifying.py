"""Follows a verification of a model's files to its end."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mlx_manager.commands.progress import bytes_of
from mlx_manager.terminal import printable

if TYPE_CHECKING:
    from mlx_manager.commands.models import Rooms

_LOOK_EVERY_S: Final = 0.2


def verified(asked: "Rooms", model: str, path: str) -> Mapping[str, Any]:
    """How it ended; who does not wait for it ends it. Raises Refused."""
    found: Mapping[str, Any] = asked.json("POST", f"{path}/verify")
    own = f"/api/v1/library/verifications/{found['id']}"
    try:
        with bytes_of(f"Reading {model}") as shown:
            while found["status"] == "running":
                shown.update(done=found["done_bytes"], total=found["total_bytes"])
                time.sleep(_LOOK_EVERY_S)
                found = asked.json("GET", own)
    except KeyboardInterrupt:
        asked.json("DELETE", own)
        raise
    return found


def verdict(found: Mapping[str, Any]) -> str:
    """What was found, for a person."""
    lines = [f"{found['model_id']}: {_judgement(found)}"]
    odd = [file for file in found["files"] if file["result"] not in ("ok", "unknown")]
    lines += [f"  {file['result']}: {file['path']}" for file in odd]
    if found["why_not_hub"]:
        lines.append(f"  the hub was not asked: {found['why_not_hub']}")
    return printable("\n".join(lines))


def _judgement(found: Mapping[str, Any]) -> str:
    if found["status"] != "completed":
        return f"{found['status']}: {found['reason'] or 'it did not come to its end'}"
    num_right = sum(file["result"] == "ok" for file in found["files"])
    match found["is_intact"]:
        case None:
            return "nobody says what its files should be"
        case True:
            return f"intact, {num_right} files are as the {found['authority']} says"
        case _:
            return f"damaged, {len(found['damaged'])} of {len(found['files'])} files"
