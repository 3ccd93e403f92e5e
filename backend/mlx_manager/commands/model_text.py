"""Models as text for a person. What others have written is made printable."""

from collections.abc import Mapping, Sequence
from typing import Any

from mlx_manager.terminal import amount, printable, table


def installed_row(model: Mapping[str, Any]) -> Sequence[str]:
    """A line of `models list`."""
    memory = model.get("memory") or {}
    return (
        printable(model["id"]),
        model["status"],
        amount(model["size_bytes"]),
        _count(model["parameters"]),
        _weights(model),
        _number(model["context_length"]),
        str(memory.get("verdict", "-")).replace("_", " "),
    )


def hub_row(model: Mapping[str, Any]) -> Sequence[str]:
    """A line of `models search`."""
    notes = [
        word
        for word, is_so in (
            ("installed", model.get("is_installed")),
            ("gated", model["is_gated"]),
            ("not MLX", not model["is_mlx"]),
        )
        if is_so
    ]
    return (
        printable(model["id"]),
        _number(model["downloads"]),
        amount(model["size_bytes"]),
        printable(model["quantization"] or "-"),
        (model["updated_at"] or "-")[:10],
        ", ".join(notes),
    )


def details(model: Mapping[str, Any]) -> str:
    """What `models show` shows."""
    memory = model.get("memory") or {}
    known = {
        "id": model["id"],
        "status": model["status"],
        "reason": model["reason"],
        "path": model["path"],
        "adapter": model["adapter_path"],
        "commit": model["commit"],
        "family": model["family"],
        "parameters": _count(model["parameters"]),
        "weights": _weights(model),
        "context": _number(model["context_length"]),
        "can": ", ".join(model["capabilities"]),
        "license": model["license"],
        "aliases": ", ".join(model["aliases"]),
        "size": amount(model["size_bytes"]),
        "files": str(len(model["files"])),
        "last used": None if (at := model["last_used_at"]) is None else f"{at[:19]}Z",
        "memory": memory.get("explanation"),
        "kept by": model["kept_by"],
    }
    rows = [(name, _one_line(value)) for name, value in known.items() if value not in (None, "", "-")]
    return table(rows[0], rows[1:])


def _weights(model: Mapping[str, Any]) -> str:
    packed = model.get("quantization")
    return "-" if packed is None else f"{packed['bits']}-bit"


def _count(number: int | None) -> str:
    """Weights for a person."""
    if number is None:
        return "-"
    for unit, size in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return str(number)


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _one_line(text: str) -> str:
    return printable(" ".join(str(text).split()))
