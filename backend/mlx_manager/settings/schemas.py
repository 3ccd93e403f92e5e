"""Settings on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mlx_manager.core.settings import SettingSource
from mlx_manager.server.service import Program


class SettingView(BaseModel):
    """One setting of either program."""

    name: str = Field(description="the variable that sets it in the environment; its name here, too")
    program: Program
    value: Any = Field(description="what counts now, as the program has it; null for none")
    source: SettingSource = Field(description="which source won")
    stored: Any = Field(description="what is stored; null where `is_stored` is false")
    is_stored: bool
    default: Any
    description: str
    value_schema: dict[str, Any] = Field(description="JSON schema of the value")
    is_storable: bool = Field(description="false for what is read before there is a database, and secrets")
    is_live: bool = Field(description="a change counts at once; else after the next start of the program")
    needs_restart: bool = Field(description="what is stored will count after the next start of the program")


class SettingList(BaseModel):
    """Every setting of both programs."""

    data: list[SettingView]


class SettingsChange(BaseModel):
    """Settings by their names. All of them are taken, or none."""

    model_config = ConfigDict(extra="forbid")

    set: dict[str, Any] = Field(default_factory=dict, description="values to store")
    reset: list[str] = Field(default_factory=list, description="settings whose stored value is to go")
