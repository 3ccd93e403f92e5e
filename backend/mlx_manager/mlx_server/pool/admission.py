"""Who gets a model next: requests wait here until theirs is in memory and there is room for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Resident
from mlx_manager.mlx_server.pool.estimate import Need
from mlx_manager.mlx_server.pool.eviction import Candidate, victims
from mlx_manager.mlx_server.pool.refusals import stopping, too_large, waited_too_long
from mlx_manager.mlx_server.pool.residents import Residents

# A model that others wait to replace takes new requests for at least so long, and for so many times what
# loading it took: two models in demand then take turns of a sensible length.
_LEAST_TURN_S: Final = 1.0
_TURN_LOADS: Final = 2.0


@dataclass(slots=True, eq=False)
class Waiter:
    """A request that waits for a model.

    Attributes:
        granted: the resident model, with a lease on it, or why there is none.
        arrived_at: when it began to wait.
        has_shrunk: whether others were asked to give back what their caches do not use.
    """

    entry: ModelEntry
    granted: "asyncio.Future[Resident]"
    arrived_at: float
    has_shrunk: bool = False
    deadline: asyncio.TimerHandle = field(init=False)


class Admission:
    """Grants, loads and makes room, in the order in which requests came.

    `settle` is called after every change. Nobody who needs room is overtaken by another who does; a
    resident model goes on taking requests for a while, but not for ever, while someone waits for its
    room.

    Args:
        released: called when a lease has ended.

    Attributes:
        is_held: whether memory is so short that only what needs none may begin.
    """

    def __init__(
        self, settings: MLXServerSettings, residents: Residents, released: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._released = released
        self._residents = residents
        self._waiters: list[Waiter] = []
        self._closed = False
        self._wake: asyncio.Handle | None = None
        self._wake_at = 0.0
        self._meeting: asyncio.Task[None] | None = None
        self.is_held = False

    @property
    def is_closed(self) -> bool:
        """Whether the server is stopping."""
        return self._closed

    @property
    def has_waiters(self) -> bool:
        """Whether requests wait for a model."""
        return bool(self._waiters)

    def num_waiting(self, entry: ModelEntry) -> int:
        """Requests that wait for a model."""
        return sum(waiter.entry is entry for waiter in self._waiters)

    def has_room(self, entry: ModelEntry) -> bool:
        """Whether the model is in memory or could be loaded without anything being unloaded for it."""
        residents = self._residents
        if entry.key in residents.ledger.reservations:
            return True
        free = residents.ledger.free_bytes + residents.spare_bytes
        has_place = residents.num_places_taken < self._settings.max_models
        return has_place and residents.need(entry).within(free) is not None

    async def acquire(self, entry: ModelEntry) -> Resident:
        """A lease on the model: `release` ends it.

        Raises:
            ApiError: it cannot be loaded, its room did not become free in time, or the server is stopping.
        """
        loop = asyncio.get_running_loop()
        waiter = Waiter(entry, loop.create_future(), loop.time())
        if self._closed:
            raise stopping()
        self._waiters.append(waiter)
        waiter.deadline = loop.call_later(self._settings.load_wait_s, self._give_up, waiter)
        try:
            self.settle()
            return await waiter.granted
        except asyncio.CancelledError:
            if waiter.granted.done() and not waiter.granted.cancelled() and not waiter.granted.exception():
                self.release(entry, waiter.granted.result(), None)
            raise
        finally:
            waiter.deadline.cancel()
            self._waiters.remove(waiter)
            self.settle()

    def release(self, entry: ModelEntry, resident: Resident, keep_alive_s: float | None) -> None:
        """End a lease; the last one starts the time after which the model goes.

        Args:
            keep_alive_s: that time, where the request named one; the last such request counts.
        """
        loop = asyncio.get_running_loop()
        if keep_alive_s is not None:
            entry.keep_alive_s = keep_alive_s
        resident.leases -= 1
        resident.last_used = loop.time()
        if not resident.leases:
            if entry.state is ModelState.DRAINING:
                resident.free_to_go.set()
            elif entry.resident is resident:
                self.start_expiry(entry)
        self._released()
        self.settle()

    def start_expiry(self, entry: ModelEntry) -> None:
        """Let a model that nobody uses go when its time is over."""
        entry.stop_expiry()
        if entry.is_pinned or entry.leases or entry.state is not ModelState.LOADED:
            return
        options = self._residents.loader.options(entry.description)
        defaults = (options.idle_unload_s, self._settings.idle_unload_s)
        seconds = next((each for each in (entry.keep_alive_s, *defaults) if each is not None), None)
        if seconds is not None and seconds != float("inf"):
            loop = asyncio.get_running_loop()
            entry.expires_at = loop.time() + seconds
            entry.expiry = loop.call_at(entry.expires_at, self._expire, entry)

    def send_away(self, entry: ModelEntry, error: ApiError) -> None:
        """Tell all who wait for a model that they wait in vain."""
        for waiter in self._waiters:
            if waiter.entry is entry and not waiter.granted.done():
                waiter.granted.set_exception(error)

    def refuse(self) -> None:
        """Grant nothing more; who waits is told that the server stops."""
        self._closed = True
        if self._meeting is not None:
            self._meeting.cancel()
        for waiter in self._waiters:
            if not waiter.granted.done():
                waiter.granted.set_exception(stopping())

    def settle(self) -> None:
        """Do what can be done now for those who wait."""
        if self._closed or not self._waiters:
            return
        if self._residents.loader.device_bytes is None:
            self._meeting = self._meeting or asyncio.create_task(self._meet_device())
            return
        self._residents.refresh_budget()
        blocked: Waiter | None = None
        for waiter in list(self._waiters):
            if waiter.granted.done():
                continue
            entry = waiter.entry
            if entry.state is ModelState.FAILED:
                waiter.granted.set_exception(ApiError(ErrorCode.MODEL_LOAD_FAILED, entry.reason))
            elif self.is_held and any(resident.leases for _, resident in self._residents.loaded()):
                blocked = blocked or waiter
            elif entry.state is ModelState.LOADED:
                if blocked is None or not self._must_yield(entry, blocked):
                    self._grant(waiter)
            elif entry.state is ModelState.UNLOADED and blocked is None and not self._try_load(waiter):
                blocked = waiter
        if blocked is not None:
            self._make_room(blocked)

    async def _meet_device(self) -> None:
        """Before the first load a worker says what the device is."""
        try:
            await self._residents.loader.meet_device()
        except ApiError as error:
            for waiter in self._waiters:
                if not waiter.granted.done():
                    waiter.granted.set_exception(error)
        finally:
            self._meeting = None
            self.settle()

    def _grant(self, waiter: Waiter) -> None:
        resident = waiter.entry.resident
        assert resident is not None
        if resident.worker.is_alive:  # else its watcher is about to say that it has died
            waiter.entry.stop_expiry()
            resident.leases += 1
            waiter.granted.set_result(resident)

    def _must_yield(self, entry: ModelEntry, blocked: Waiter) -> bool:
        """Whether a resident model's turn is over because another waits for its room."""
        if entry.is_pinned or entry.resident is None:
            return False
        turn_s = max(_LEAST_TURN_S, _TURN_LOADS * entry.load_s)
        over_at = max(blocked.arrived_at, entry.resident.loaded_at) + turn_s
        if asyncio.get_running_loop().time() < over_at:
            self._settle_at(over_at)
            return False
        return True

    def _try_load(self, waiter: Waiter) -> bool:
        """Begin to load; False where room must be waited for."""
        entry, residents = waiter.entry, self._residents
        now = asyncio.get_running_loop().time()
        if (start_at := entry.deaths.may_start_at(now)) > now:
            self._settle_at(start_at)
            return True
        need = residents.need(entry)
        if need.least.total > residents.ledger.budget_bytes:
            self._refuse(entry, need)
            return True
        if not self.has_room(entry):
            return False
        reservation = need.within(residents.ledger.free_bytes + residents.spare_bytes)
        assert reservation is not None
        residents.begin_load(entry, reservation)
        return True

    def _make_room(self, blocked: Waiter) -> None:
        """For the first who waits: ask for unused cache memory back, then unload what may go."""
        residents = self._residents
        if blocked.entry.state is not ModelState.UNLOADED:
            return
        need = residents.need(blocked.entry)
        free = residents.ledger.free_bytes + residents.spare_bytes
        leaving = [one for one in residents.entries.values() if one.state is ModelState.DRAINING]
        missing_places = 1 + residents.num_places_taken - len(leaving) - self._settings.max_models
        missing_bytes = (
            need.least.total - free - sum(residents.ledger.reservations[one.key].total for one in leaving)
        )
        if residents.is_shrinking or (missing_places <= 0 and missing_bytes <= 0):
            return
        if missing_places <= 0 and not blocked.has_shrunk:
            blocked.has_shrunk = True
            residents.begin_shrink()
            return
        chosen = victims(self.candidates(blocked), missing_bytes=missing_bytes, missing_places=missing_places)
        for key in chosen or ():
            residents.begin_unload(residents.entries[str(key)])

    def candidates(self, blocked: Waiter | None = None) -> list[Candidate]:
        """The models in memory, and which of them may go.

        Args:
            blocked: for whose sake also those may go that others wait for, once their turn is over.
        """
        wanted = {id(waiter.entry) for waiter in self._waiters if not waiter.granted.done()}
        return [
            Candidate(
                entry.key,
                self._residents.ledger.reservations[entry.key].total,
                resident.last_used,
                may_go=not (
                    resident.leases
                    or entry.is_pinned
                    or (id(entry) in wanted and not (blocked and self._must_yield(entry, blocked)))
                ),
            )
            for entry, resident in self._residents.loaded()
        ]

    def _refuse(self, entry: ModelEntry, need: Need) -> None:
        """Tell all who wait for a model that it is larger than the whole budget."""
        self.send_away(entry, too_large(entry, need, self._residents.ledger.budget_bytes))

    def _give_up(self, waiter: Waiter) -> None:
        """The deadline of one who waits for room; a load that is under way is waited for."""
        if waiter.granted.done():
            return
        if waiter.entry.state is ModelState.LOADING:
            loop = asyncio.get_running_loop()
            waiter.deadline = loop.call_later(_LEAST_TURN_S, self._give_up, waiter)
            return
        error = waited_too_long(waiter.entry, self._residents, self._settings)
        waiter.granted.set_exception(error)

    def _expire(self, entry: ModelEntry) -> None:
        if not entry.leases and not entry.is_pinned:
            self._residents.begin_unload(entry, is_eviction=False)

    def _settle_at(self, when: float) -> None:
        """Look again then, at the latest."""
        loop = asyncio.get_running_loop()
        if self._wake is not None:
            if loop.time() < self._wake_at <= when:
                return
            self._wake.cancel()
        self._wake, self._wake_at = loop.call_at(when, self.settle), when
