"""What is said about this installation on the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.doctor.finding import Level


class Versions(BaseModel):
    """Of the programs, and of what they stand on; null is what is not installed."""

    manager: str
    server: str | None = Field(description="of the one that runs; null while none answers")
    python: str
    mlx: str | None
    mlx_lm: str | None


class LicenceView(BaseModel):
    """A distribution that the program needs, as it describes itself."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: str
    licence: str | None = Field(description="an SPDX expression, or a short text")
    home_page: str | None


class AboutView(BaseModel):
    """What this installation is."""

    versions: Versions
    system: str = Field(description="the operating system with its release")
    machine: str = Field(description="the kind of processor")
    home: str = Field(description="the folder of data and logs")
    database: Literal["sqlite", "postgresql"]
    licences: list[LicenceView] = Field(description="by name")


class DoctorFinding(BaseModel):
    """One thing that was looked at."""

    check: str = Field(description="what was looked at, such as `memory`; may come more than once")
    level: Level = Field(description="a problem keeps something from working, a warning makes it worse")
    message: str = Field(description="what was found")
    advice: str = Field(description="what to do about it; empty where all is well")


class DoctorReport(BaseModel):
    """What `mlx-manager doctor` finds, the demo model included."""

    examined_at: datetime
    version: str
    status: Level = Field(description="the worst that was found")
    findings: list[DoctorFinding]
