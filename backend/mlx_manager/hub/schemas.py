"""What is said about the hub's models on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from mlx_manager.hub.tokens import TokenSource
from mlx_manager.library.memory_schemas import MemoryView
from mlx_manager.users.schemas import Body


class HubModelView(BaseModel):
    """A model on the hub, as a list shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="repo_id", description="`owner/name`, which a download is asked for by")
    author: str
    downloads: int = Field(description="in the last 30 days")
    likes: int
    created_at: datetime | None
    updated_at: datetime | None
    tags: list[str]
    task: str | None = Field(description="what the hub calls its pipeline, such as `text-generation`")
    family: str | None = Field(description="config.json's `model_type`, such as `qwen3`")
    quantization: str | None = Field(
        description="such as `4-bit`, `mxfp4` or `bf16`; null where it is not told"
    )
    size_bytes: int | None = Field(description="of its weights; null where the hub does not tell")
    is_gated: bool
    is_mlx: bool
    licence: str | None
    is_installed: bool | None = Field(description="whether it is here already; null where that is not known")


class HubModelList(BaseModel):
    """A page of models. One with fewer than were asked for, even with none, may have a next one."""

    data: list[HubModelView]
    next_cursor: str | None


class HubFileView(BaseModel):
    """A file of a model."""

    model_config = ConfigDict(from_attributes=True)

    path: str
    size_bytes: int
    sha256: str | None = Field(description="of its content where it is large")
    git_sha1: str | None = Field(description="git's hash of it as a blob where it is small")
    is_wanted: bool = Field(description="whether a download takes it")


class RefusalView(BaseModel):
    """Why a download refuses a model unless it is allowed."""

    needs_pickle: bool = Field(description="its weights are pickled only; `allow_pickle` lets them come")
    needs_code: bool = Field(description="it has Python of its own; `allow_code` lets it come")
    reasons: list[str] = Field(description="for a person; empty where nothing is refused")


class HubModelDetails(HubModelView):
    """One model at one revision."""

    revision: str
    commit_hash: str
    gated: Literal["auto", "manual"] | None
    has_access: bool = Field(description="whether the token that counts may read its files")
    files: list[HubFileView]
    download_bytes: int = Field(description="of all files that a download takes, with nothing allowed")
    context_length: int | None = Field(description="the most tokens of a prompt and its answer")
    config: dict[str, Any] = Field(description="config.json")
    card: str | None = Field(description="Markdown of strangers, without its front matter; may hold HTML")
    card_data: dict[str, Any] = Field(description="the card's front matter")
    is_card_cut: bool = Field(
        description="whether the card was longer than 256 KiB, of which this is the start"
    )
    refusal: RefusalView
    memory_fit: MemoryView | None = Field(description="null where it cannot be estimated")


class HubTokenView(BaseModel):
    """What is known of the token that the hub is asked with; never the token."""

    is_set: bool
    source: TokenSource | None = Field(description="the environment's `HF_TOKEN` counts before the database")
    user_name: str | None = Field(description="whose it is; null where the hub does not say")
    fault: str | None = Field(description="why it is not known whose it is")


class NewHubToken(Body):
    """A token of the hub's, which is asked whose it is before it is kept."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=512)]
