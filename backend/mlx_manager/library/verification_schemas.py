"""What is said about verifications on the wire."""

from datetime import datetime

from pydantic import BaseModel, Field

from mlx_manager.library.known_hashes import Authority
from mlx_manager.library.verification import FileResult, Verification, VerificationStatus


class FileResultView(BaseModel):
    """What was found of a file."""

    path: str
    result: FileResult = Field(
        description="`ok`; `differs`: damaged or changed; `missing`: left out, or lost; `unknown`: nobody "
        "says what it should be; `unreadable`"
    )


class VerificationView(BaseModel):
    """A comparison of a model's files with what they should be."""

    id: str
    model_id: str
    status: VerificationStatus
    authority: Authority | None = Field(
        description="who says what the files should be: `hub`, `download` (what was written down when they "
        "came), `nobody`; null before that is known"
    )
    why_not_hub: str | None = Field(description="why the hub was not asked or did not answer")
    reason: str | None = Field(description="why it has failed")
    total_bytes: int = Field(description="to be read; 0 before that is known")
    done_bytes: int
    is_intact: bool | None = Field(
        description="whether every file whose hash is known is right; missing ones do not count; null before "
        "the end, and where no hash is known"
    )
    damaged: list[str] = Field(description="files that differ or cannot be read")
    files: list[FileResultView] = Field(description="so far")
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, one: Verification) -> "VerificationView":
        """A verification's, as it is now."""
        results = dict(sorted(one.results.copy().items()))
        bad = (FileResult.DIFFERS, FileResult.UNREADABLE)
        damaged = [path for path, result in results.items() if result in bad]
        is_over = one.status is VerificationStatus.COMPLETED
        is_known = bool(damaged) or FileResult.OK in results.values()
        return cls(
            id=one.id,
            model_id=one.model_id,
            status=one.status,
            authority=one.authority,
            why_not_hub=one.why_not_hub,
            reason=one.reason,
            total_bytes=one.total_bytes,
            done_bytes=min(one.done_bytes, one.total_bytes),
            is_intact=not damaged if is_over and is_known else None,
            damaged=damaged,
            files=[FileResultView(path=path, result=result) for path, result in results.items()],
            started_at=one.started_at,
            ended_at=one.ended_at,
        )


class VerificationList(BaseModel):
    """The verifications since the manager started, the newest first."""

    data: list[VerificationView]
