"""`/api/v1/settings`: the settings of both programs, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from mlx_manager.dependencies import AdminDep
from mlx_manager.settings.schemas import SettingList, SettingsChange
from mlx_manager.settings.service import SettingsService

router = APIRouter(prefix="/api/v1/settings", tags=["settings"])


def _service(request: Request) -> SettingsService:
    service: SettingsService = request.app.state.settings_service
    return service


ServiceDep = Annotated[SettingsService, Depends(_service)]


@router.get("")
async def list_settings(service: ServiceDep) -> SettingList:
    """Every setting, what it is, and which source won: flag, environment, database or default."""
    return SettingList(data=await service.all())


@router.patch("")
async def change(body: SettingsChange, admin: AdminDep, service: ServiceDep) -> SettingList:
    """Store values, or take stored ones away; all of them or none. What can counts at once."""
    return SettingList(data=await service.change(body, admin.user_id))
