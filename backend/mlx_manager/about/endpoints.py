"""`/api/v1/about`: for everybody; the doctor is for administrators (`access.RULES`)."""

import asyncio
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from mlx_manager import __version__
from mlx_manager.about.examining import Examining
from mlx_manager.about.licences import licences
from mlx_manager.about.schemas import AboutView, DoctorReport, LicenceView, Versions
from mlx_manager.core.paths import home_dir
from mlx_manager.dependencies import AccountsDep, AdminDep, PrincipalDep
from mlx_manager.server.service import ServerService

router = APIRouter(prefix="/api/v1/about", tags=["about"])


class About:
    """What endpoints of this room ask for: `app.state.about`."""

    def __init__(self, server: ServerService, examining: Examining) -> None:
        self.server = server
        self.examining = examining
        self._licences: list[LicenceView] | None = None

    async def licences(self) -> list[LicenceView]:
        """What is installed does not change while the program runs; reading it takes a while."""
        if self._licences is None:
            found = await asyncio.to_thread(licences)
            self._licences = [LicenceView.model_validate(one) for one in found]
        return self._licences


def _about(request: Request) -> About:
    about: About = request.app.state.about
    return about


AboutDep = Annotated[About, Depends(_about)]


@router.get("")
async def show(_: PrincipalDep, about: AboutDep, accounts: AccountsDep) -> AboutView:
    """Versions, where the data is, and the licences of what the program needs."""
    server = await about.server.view()
    return AboutView(
        versions=Versions(
            manager=__version__,
            server=server.version if server.readiness is not None else None,
            python=platform.python_version(),
            mlx=_version("mlx"),
            mlx_lm=_version("mlx-lm"),
        ),
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        home=str(home_dir()),
        database="sqlite" if accounts.database.is_sqlite else "postgresql",
        licences=await about.licences(),
    )


@router.get("/doctor")
async def read_report(_: AdminDep, about: AboutDep) -> DoctorReport:
    """What the doctor found last; where it has not looked yet it does, which takes seconds."""
    return await about.examining.report()


@router.post("/doctor")
async def examine(_: AdminDep, about: AboutDep) -> DoctorReport:
    """Let the doctor look anew, and answer when it has; one examination at a time for everybody."""
    return await about.examining.examine()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
