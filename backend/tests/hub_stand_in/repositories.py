"""Repositories of models: what the hub says of them, and their files."""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import mlx_manager

_DEMO: Final = Path(mlx_manager.__file__).parent / "demo_model"
# What git's large file storage keeps on the hub, by `.gitattributes`.
_LARGE: Final = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".npz", ".h5", ".model")
_ITEM_BYTES: Final = {"F32": 4, "U32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True)
class StoredFile:
    """A file and its hashes."""

    content: bytes
    is_large: bool

    @cached_property
    def sha256(self) -> str:
        """The name of a large file's content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        """What git keeps in place of a large file."""
        version = "https://git-lfs.github.com/spec/v1"
        return f"version {version}\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()

    @cached_property
    def blob_id(self) -> str:
        """Git's hash of what it keeps."""
        kept = self.pointer if self.is_large else self.content
        return hashlib.sha1(b"blob %d\0" % len(kept) + kept).hexdigest()

    @property
    def etag(self) -> str:
        """The hub's name for the content."""
        return self.sha256 if self.is_large else self.blob_id


@dataclass
class Repository:
    """A model on the hub.

    Attributes:
        gated: False, `auto` or `manual`; files of a gated one are for tokens it was granted to.
        names: other names by which files are listed, to be hostile with.
    """

    repo_id: str
    contents: Mapping[str, bytes]
    tags: tuple[str, ...] = ("mlx", "safetensors")
    pipeline_tag: str | None = "text-generation"
    library_name: str | None = "mlx"
    downloads: int = 0
    likes: int = 0
    created_at: str = "2026-01-02T03:04:05.000Z"
    last_modified: str = "2026-02-03T04:05:06.000Z"
    gated: bool | str = False
    is_private: bool = False
    granted_to: set[str] = field(default_factory=set)
    has_hashes: bool = True

    def __post_init__(self) -> None:
        self.files = {
            path: StoredFile(content, path.endswith(_LARGE)) for path, content in self.contents.items()
        }
        digest = hashlib.sha1(self.repo_id.encode())
        for path, file in sorted(self.files.items()):
            digest.update(f"{path} {file.blob_id}\n".encode())
        self.commit = digest.hexdigest()
        self.refs = {"main": self.commit}

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, a tag or a commit."""
        return self.refs.get(revision) or (revision if revision == self.commit else None)

    @cached_property
    def config(self) -> dict[str, Any]:
        """Its config.json, or an empty object."""
        try:
            parsed = json.loads(self.contents["config.json"])
        except (KeyError, ValueError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @cached_property
    def parameters(self) -> dict[str, int]:
        """How many numbers of each type its safetensors files have."""
        counts: dict[str, int] = {}
        for path, file in self.files.items():
            if not path.endswith(".safetensors"):
                continue
            (size,) = struct.unpack("<Q", file.content[:8])
            for name, tensor in json.loads(file.content[8 : 8 + size]).items():
                if name != "__metadata__":
                    start, end = tensor["data_offsets"]
                    dtype = tensor["dtype"]
                    counts[dtype] = counts.get(dtype, 0) + (end - start) // _ITEM_BYTES[dtype]
        return counts

    def siblings(self, *, with_blobs: bool) -> list[dict[str, Any]]:
        """Its files, as the hub lists them."""
        listed: list[dict[str, Any]] = []
        for path, file in sorted(self.files.items()):
            entry: dict[str, Any] = {"rfilename": path}
            if with_blobs and self.has_hashes:
                entry |= {"size": len(file.content), "blobId": file.blob_id}
                if file.is_large:
                    entry["lfs"] = {
                        "sha256": file.sha256,
                        "size": len(file.content),
                        "pointerSize": len(file.pointer),
                    }
            listed.append(entry)
        return listed

    def info(self) -> dict[str, Any]:
        """All that the hub says of it, but for its files."""
        author = self.repo_id.partition("/")[0]
        config = {key: self.config[key] for key in ("model_type", "architectures") if key in self.config}
        if "quantization" in self.config:
            config["quantization_config"] = self.config["quantization"]
        parameters = self.parameters
        return {
            "_id": self.commit[:24],
            "id": self.repo_id,
            "modelId": self.repo_id,
            "author": author,
            "sha": self.commit,
            "lastModified": self.last_modified,
            "createdAt": self.created_at,
            "private": self.is_private,
            "gated": self.gated,
            "disabled": False,
            "downloads": self.downloads,
            "likes": self.likes,
            "tags": list(self.tags),
            "pipeline_tag": self.pipeline_tag,
            "library_name": self.library_name,
            "config": config,
            "safetensors": {"parameters": parameters, "total": sum(parameters.values())},
            "usedStorage": sum(len(file.content) for file in self.files.values()),
        }


@cache
def _demo_contents() -> dict[str, bytes]:
    names = [file.name for file in _DEMO.iterdir() if file.is_file() and file.suffix != ".py"]
    return {name: (_DEMO / name).read_bytes() for name in names}


def demo_repository(repo_id: str = "mlx-community/demo-5m", **about: Any) -> Repository:
    """The demo model, which can be served once it is downloaded."""
    about = {"tags": ("mlx", "safetensors", "llama", "en"), "downloads": 900, "likes": 12} | about
    return Repository(repo_id, _demo_contents(), **about)


def small_repository(
    repo_id: str,
    *,
    family: str = "qwen3",
    bits: int | None = 4,
    num_bytes: int = 4096,
    more: Mapping[str, bytes] | None = None,
    without: tuple[str, ...] = (),
    **about: Any,
) -> Repository:
    """A model in form: its weights are `num_bytes` of numbers that mean nothing.

    Args:
        more: files over those that it has.
        without: files that it does not have.
    """
    config: dict[str, Any] = {
        "model_type": family,
        "architectures": [f"{family.title()}ForCausalLM"],
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "vocab_size": 256,
        "max_position_embeddings": 32768,
    }
    tags = ["mlx", "safetensors", family, "license:apache-2.0"]
    if bits is not None:
        config["quantization"] = {"bits": bits, "group_size": 64}
        tags.append(f"{bits}-bit")
    contents = {
        "README.md": f"---\nlicense: apache-2.0\ntags:\n- mlx\n---\n# {repo_id}\nA small model.\n".encode(),
        "config.json": json.dumps(config, indent=2).encode(),
        "tokenizer_config.json": b'{"model_max_length": 32768}',
        "tokenizer.json": b'{"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}',
        "model.safetensors": weights(num_bytes, "U32" if bits else "BF16", seed=repo_id),
        ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
    } | dict(more or {})
    contents = {path: content for path, content in contents.items() if path not in without}
    return Repository(repo_id, contents, tags=tuple(about.pop("tags", tags)), **about)


def weights(num_bytes: int, dtype: str = "BF16", *, seed: str = "") -> bytes:
    """A file of safetensors with one tensor of so many bytes, which no two offsets have alike."""
    count = num_bytes // _ITEM_BYTES[dtype]
    size = count * _ITEM_BYTES[dtype]
    header = json.dumps(
        {"model.weight": {"dtype": dtype, "shape": [count], "data_offsets": [0, size]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + hashlib.shake_256(seed.encode()).digest(size)
