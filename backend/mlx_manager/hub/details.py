"""All that is known of one model before it is downloaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.hub.about import HubModel, model_of, quantization_of
from mlx_manager.hub.card import MAX_CARD_BYTES, Card, card_of
from mlx_manager.hub.files import HubFile, choose
from mlx_manager.hub.plain_json import parse_plain
from mlx_manager.hub.site import Site, read_bytes, read_json

_REPO_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_MAX_CONFIG_BYTES: Final = 2**20
# Files in which a model names code of its own.
_CONFIGS: Final = ("config.json", "tokenizer_config.json")
_MAX_TOKENIZER_CONFIG_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Details:
    """A model and its small files.

    Attributes:
        commit_hash: of the revision that was asked for.
        has_access: whether this token may read its files.
        config: config.json; empty where there is none or it may not be read.
        configs: every file that was read in which a model can name code of its own.
        card: None where there is none or it may not be read.
    """

    model: HubModel
    commit_hash: str
    has_access: bool
    config: Mapping[str, Any]
    configs: tuple[Mapping[str, Any], ...]
    card: Card | None

    @property
    def quantization(self) -> str | None:
        """By the whole configuration, which says more than the hub's summary."""
        return quantization_of(self.config, (), "") or self.model.quantization

    @property
    def family(self) -> str | None:
        """config.json's `model_type`."""
        stated = self.config.get("model_type")
        return stated if isinstance(stated, str) else self.model.family

    @property
    def context_length(self) -> int | None:
        """The most tokens that a prompt and its answer may have."""
        text = self.config.get("text_config")
        for config in (text if isinstance(text, Mapping) else {}, self.config):
            length = config.get("max_position_embeddings")
            if isinstance(length, int) and length > 0:
                return length
        return None

    @property
    def licence(self) -> str | None:
        """As the card says it, else a tag."""
        data = self.card.data if self.card is not None else {}
        for key in ("license", "license_name"):
            if isinstance(data.get(key), str) and data[key] != "other":
                return str(data[key])[:256]
        return self.model.licence


def check_names(repo_id: str, revision: str) -> None:
    """Raises ApiError where these cannot be names on the hub; what passes is safe in a path."""
    if not _REPO_ID.fullmatch(repo_id) or ".." in repo_id or "--" in repo_id:
        raise ApiError(ErrorCode.INVALID_REQUEST, "repo_id: must be `owner/name`", param="repo_id")
    parts = revision.split("/")
    if not _REVISION.fullmatch(revision) or any(part in ("", ".", "..") for part in parts):
        message = "revision: must be a branch, a tag or a commit"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="revision")


def details_of(site: Site, repo_id: str, revision: str = "main", *, with_card: bool = True) -> Details:
    """What the hub says of a model at a revision. Blocks.

    Raises:
        ApiError: there is no such model, or the hub fails. That its files may not be read raises nothing.
    """
    check_names(repo_id, revision)
    path = f"/api/models/{repo_id}/revision/{quote(revision, safe='')}"
    answer, _ = read_json(site, path, {"blobs": "true"})
    model = model_of(answer)
    if model is None or model.commit_hash is None or not _COMMIT.fullmatch(model.commit_hash):
        message = f"{site.endpoint} does not say which commit {revision!r} of {repo_id} is"
        raise ApiError(ErrorCode.HUB_UNAVAILABLE, message)
    try:
        check_names(model.repo_id, revision)  # another one where it was renamed
    except ApiError:
        message = f"{site.endpoint} calls {repo_id} by a name that is none"
        raise ApiError(ErrorCode.HUB_UNAVAILABLE, message) from None
    try:
        return _with_files(site, model, model.commit_hash, with_card=with_card)
    except ApiError as error:
        if error.code is not ErrorCode.HUB_ACCESS_DENIED:
            raise
        return Details(model, model.commit_hash, False, {}, (), None)


def _with_files(site: Site, model: HubModel, commit_hash: str, *, with_card: bool) -> Details:
    listed = {file.path: file for file in model.files}

    def content(path: str, limit_bytes: int) -> bytes | None:
        if path not in listed:
            return None
        return read_bytes(site, site.file_url(model.repo_id, commit_hash, path), limit_bytes)

    config = _object(content("config.json", _MAX_CONFIG_BYTES))
    configs = (config, _object(content("tokenizer_config.json", _MAX_TOKENIZER_CONFIG_BYTES)))
    card = content("README.md", MAX_CARD_BYTES + 1) if with_card else None
    return Details(model, commit_hash, True, config, configs, None if card is None else card_of(card))


def _object(content: bytes | None) -> Mapping[str, Any]:
    try:
        parsed = parse_plain(content or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def wanted_files(details: Details, *, allows_pickle: bool, allows_code: bool) -> list[HubFile]:
    """What is downloaded of it.

    Raises:
        ApiError: it is unsafe and not allowed, has no weights for MLX, or the hub tells no hashes.
    """
    repo_id = details.model.repo_id
    choice = choose(
        details.model.files, details.configs, allows_pickle=allows_pickle, allows_code=allows_code
    )
    is_refused = (
        (choice.needs_pickle and not allows_pickle)
        or (choice.needs_code and not allows_code)
        or not all(file.is_safe for file in details.model.files)
    )
    if is_refused:
        raise ApiError(ErrorCode.UNSAFE_MODEL, f"{repo_id}: {'; '.join(choice.refusals)}", param="repo_id")
    if not choice.has_weights:
        raise ApiError(
            ErrorCode.INVALID_REQUEST,
            f"{repo_id} has no weights in safetensors, which MLX reads",
            param="repo_id",
        )
    if nameless := [file.path for file in choice.wanted if not file.has_hash]:
        message = f"the hub does not say the hash of {nameless[0]}, so it could not be verified"
        raise ApiError(ErrorCode.HUB_UNAVAILABLE, message)
    return list(choice.wanted)
