"""What is said about installed models on the wire. Bytes are integers; null is what is not known."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.library.deletion import Deleted
from mlx_manager.library.disk_use import ModelFile
from mlx_manager.library.installed import ModelSource
from mlx_manager.library.listing import LibraryModel
from mlx_manager.library.machine import MachineMemory
from mlx_manager.library.memory_schemas import MachineView, MemoryView
from mlx_manager.library.views import view_fields
from mlx_manager.mlx_server.domain.models import Capability


class QuantizationView(BaseModel):
    """How weights are packed."""

    model_config = ConfigDict(from_attributes=True)

    bits: int
    group_size: int
    mode: str


class LibraryModelView(BaseModel):
    """An installed model; of one that cannot be used `reason` says why."""

    id: str = Field(description="the name that requests use")
    path: str
    adapter_path: str | None = Field(description="a LoRA adapter that is applied to it")
    source: ModelSource
    commit: str | None = Field(description="of the hub's repository, where it is in the Hugging Face cache")
    status: str = Field(
        description="`unloaded`, `loading`, `loaded`, `draining`, `failed`, `incomplete` where files are "
        "missing, `unknown` where the server does not run"
    )
    progress: float | None = Field(description="of a load, from 0 to 1")
    reason: str | None = Field(description="why it has failed or cannot be used")
    pinned: bool | None = Field(description="whether it stays in memory; null where no server says it")
    leases: int | None = Field(description="requests that use it now")
    waiting: int | None = Field(description="requests that wait for it")
    family: str | None
    parameters: int | None
    quantization: QuantizationView | None = Field(description="null where its weights are not packed")
    context_length: int | None
    capabilities: list[Capability]
    license: str | None
    tool_format: str | None = Field(description="how it writes tool calls")
    reasoning_format: str | None = Field(description="how it writes its reasoning")
    size_bytes: int = Field(description="what it takes on the disk; files under two names count once")
    aliases: list[str]
    duplicates: list[str] = Field(description="folders that are hidden because of the same id")
    last_used_at: datetime | None
    memory: MemoryView | None = Field(description="whether it fits; null where it cannot be used")
    can_delete: bool
    kept_by: str | None = Field(description="why it cannot be deleted now")
    kept_by_code: str | None = Field(description="the error that deleting it would give")

    @classmethod
    def of(cls, model: LibraryModel) -> "LibraryModelView":
        """A model's."""
        return cls(**view_fields(model), memory=_memory(model))


def _memory(model: LibraryModel) -> MemoryView | None:
    return None if model.fit is None else MemoryView.of(model.fit)


class ModelFileView(BaseModel):
    """A file of a model."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(description="within the model's folder")
    size_bytes: int | None = Field(description="null where it is a link that leads nowhere")


class LibraryModelDetail(LibraryModelView):
    """An installed model with its files and its card."""

    files: list[ModelFileView]
    card: str | None = Field(description="its README.md, or the beginning of it; untrusted markdown")
    card_is_cut: bool
    machine: MachineView

    @classmethod
    def with_files(
        cls,
        model: LibraryModel,
        files: list[ModelFile],
        card: tuple[str | None, bool],
        machine: MachineMemory,
    ) -> "LibraryModelDetail":
        """A model's."""
        return cls(
            **view_fields(model),
            memory=_memory(model),
            files=[ModelFileView.model_validate(file) for file in files],
            card=card[0],
            card_is_cut=card[1],
            machine=MachineView.of(machine),
        )


class LibraryModelList(BaseModel):
    """Installed models, and the machine that their fit was reckoned for."""

    data: list[LibraryModelView]
    machine: MachineView


class DeletedModel(BaseModel):
    """A model that is gone."""

    id: str
    path: str = Field(description="the folder that was removed")
    freed_bytes: int

    @classmethod
    def of(cls, deleted: Deleted) -> "DeletedModel":
        """A deletion's."""
        return cls(id=deleted.model_id, path=str(deleted.path), freed_bytes=deleted.freed_bytes)
