"""Writes answers: asks the server, stores what comes, and then shows it to whoever listens."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Final, Self, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from mlx_manager.chats import storing
from mlx_manager.chats.answer import Answer, Job
from mlx_manager.chats.bounds import MAX_ANSWERS
from mlx_manager.chats.changes import ChangeHub, ChangeKind
from mlx_manager.chats.message_schemas import MessageError
from mlx_manager.chats.messages import view_message
from mlx_manager.chats.pieces import Piece
from mlx_manager.chats.progress import ProgressWatch
from mlx_manager.chats.prompt import read_prompt
from mlx_manager.chats.server_stream import AnswerEnd, read_answer
from mlx_manager.chats.storing import Outcome
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables.chats import MessageStatus
from mlx_manager.server.client import ServerClient, refusal
from mlx_manager.server.server_events import ServerEvents

logger = logging.getLogger(__name__)

T = TypeVar("T")
FLUSH_S: Final = 0.1
"""What comes is collected for so long, stored, and then shown."""
_BEAT_S: Final = 1.0
_RETRY_S: Final = 1.0
# A manager says every second of what it writes that it does. On SQLite all are on one machine, with one
# clock; those that share a PostgreSQL may have clocks that differ.
_SILENT_S: Final = 3.0
_SILENT_ELSEWHERE_S: Final = 30.0
_PATH: Final = "/v1/chat/completions"


class ChatWriter:
    """All answers that this program writes. An async context manager: leaving it ends them.

    Args:
        server: whom answers are asked of, each on its caller's account.
        server_events: which tell how far the answers are.
        silent_s: a message that is being written, and of which nobody has said so for so long, is given up;
            None is by the kind of database.

    Attributes:
        changes: what has changed of whose chats.
    """

    def __init__(
        self,
        database: Database,
        server: ServerClient,
        server_events: ServerEvents,
        silent_s: float | None = None,
    ) -> None:
        self.changes = ChangeHub()
        self._database = database
        self._server = server
        self._answers: dict[str, Answer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reserved: Counter[str] = Counter()
        self._storing = asyncio.Lock()
        # A connection that breaks in a commit leaves open whether it was one.
        self._may_be_stored = False
        self._progress = ProgressWatch(server_events)
        usual_s = _SILENT_S if database.is_sqlite else _SILENT_ELSEWHERE_S
        self._silent = timedelta(seconds=usual_s if silent_s is None else silent_s)
        self._loops: list[asyncio.Task[None]] = []
        self._has_answers = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._loops = [
            asyncio.create_task(self._go_round(FLUSH_S, self._flush)),
            asyncio.create_task(self._go_round(_BEAT_S, self._beat)),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for message_id in list(self._answers):
            self._cancel(message_id, MessageStatus.INTERRUPTED)
        if self._tasks:
            # The database may be away; what is stored is not lost, and the next start ends it.
            await asyncio.wait(self._tasks.values(), timeout=5 * _RETRY_S)
        for task in [*self._loops, *self._tasks.values()]:
            task.cancel()
        await asyncio.gather(*self._loops, *self._tasks.values(), return_exceptions=True)

    def reserve(self, user_id: str) -> None:
        """Take room for an answer, to be started or released. Raises ApiError where there is none."""
        if self._reserved[user_id] >= MAX_ANSWERS:
            message = f"{MAX_ANSWERS} answers are being written for you; stop one, or wait for its end"
            raise ApiError(ErrorCode.QUEUE_FULL, message, retry_after_s=2)
        self._reserved[user_id] += 1

    def release(self, user_id: str) -> None:
        """Give room back."""
        self._reserved[user_id] -= 1
        if not self._reserved[user_id]:
            del self._reserved[user_id]

    def start(self, job: Job, pieces: list[Piece] | None = None) -> None:
        """Begin to write a message that is stored; its room was reserved."""
        answer = Answer(job, pieces)
        self._answers[job.message_id] = answer
        self._has_answers.set()
        task = asyncio.create_task(self._write(answer))
        self._tasks[job.message_id] = task
        task.add_done_callback(lambda _: self._forget(answer))
        self._progress.watch(answer)

    def find(self, message_id: str) -> Answer | None:
        """An answer that this program writes now."""
        return self._answers.get(message_id)

    async def stop(self, message_id: str) -> None:
        """Stop an answer, whoever writes it, and wait until its end is stored. Nothing where it has ended."""
        if (answer := self._answers.get(message_id)) is not None:
            self._cancel(message_id, MessageStatus.STOPPED)
            await answer.wait_until_over()
            return
        # Another manager's: that one finds it ended when it stores the next piece.
        async with self._database.session() as session:
            await storing.end_message(session, message_id, Outcome(MessageStatus.STOPPED))

    def drop_chats(self, chat_ids: set[str]) -> None:
        """These chats were deleted: nothing more is written in them."""
        for answer in list(self._answers.values()):
            if answer.job.chat_id in chat_ids:
                self._cancel(answer.job.message_id, MessageStatus.STOPPED)

    def _cancel(self, message_id: str, end_as: MessageStatus) -> None:
        answer = self._answers[message_id]
        if answer.is_ending or answer.is_cancelled:
            return
        answer.is_cancelled, answer.end_as = True, end_as
        if answer.has_begun:
            self._tasks[message_id].cancel()

    def _forget(self, answer: Answer) -> None:
        job = answer.job
        del self._answers[job.message_id], self._tasks[job.message_id]
        if not self._answers:
            self._has_answers.clear()
        self.release(job.user_id)
        self._progress.forget(job.message_id)

    async def _write(self, answer: Answer) -> None:
        answer.has_begun = True
        try:
            outcome = Outcome(answer.end_as) if answer.is_cancelled else await self._ask(answer)
        except asyncio.CancelledError:
            outcome = Outcome(answer.end_as)
        except ApiError as error:
            fault = MessageError(code=error.code.value, message=error.message, param=error.param)
            outcome = Outcome(MessageStatus.FAILED, error=fault)
        except Exception:
            logger.exception("%s: writing it failed", answer.job.message_id)
            fault = MessageError(
                code=ErrorCode.INTERNAL_ERROR.value, message="a fault of the manager; see its log"
            )
            outcome = Outcome(MessageStatus.FAILED, error=fault)
        answer.is_ending = True
        await self._until_stored(lambda: self._end(answer, outcome))

    async def _ask(self, answer: Answer) -> Outcome:
        job = answer.job
        async with self._database.reading() as session:
            prompt = await read_prompt(session, job.chat_id, job.system_prompt, job.last_id)
        body = job.body | {
            "messages": prompt,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        headers = job.headers | {"X-Request-Id": job.message_id}
        async with self._server.stream("POST", _PATH, body, headers=headers) as response:
            if response.is_error:
                await response.aread()
                raise refusal(response)
            async with aclosing(read_answer(response.aiter_bytes())) as events:
                async for event in events:
                    if isinstance(event, AnswerEnd):
                        return Outcome(MessageStatus.COMPLETE, event.finish_reason, event.usage)
                    answer.take(event.kind, event.part)
        raise AssertionError("a stream ends with its end or an error")

    async def _end(self, answer: Answer, outcome: Outcome) -> None:
        """Store how an answer ended, and tell."""
        job = answer.job
        async with self._storing:
            rest = answer.unsaved()
            async with self._database.session() as session:
                pieces = [*answer.pieces, *rest]
                message, is_ours = await storing.end_message(session, job.message_id, outcome, pieces)
                view = None if message is None else await view_message(session, message)
            if is_ours:
                answer.publish(rest)
            answer.end(view)
        if view is not None:
            self.changes.tell(job.user_id, ChangeKind.MESSAGE_CHANGED, job.chat_id, job.message_id)

    async def _flush(self) -> None:
        """Store what has come, then show it."""
        await self._has_answers.wait()
        async with self._storing:
            waiting = {name: answer for name, answer in self._answers.items() if answer.has_unsaved}
            if not waiting:
                return
            new = {name: answer.unsaved() for name, answer in waiting.items()}
            was_lost, self._may_be_stored = self._may_be_stored, True
            async with self._database.session() as session:
                written = await storing.beat(session, waiting.keys())
                for name, answer in waiting.items() if was_lost else ():
                    await storing.drop_pieces(session, name, len(answer.pieces))
                rows = [(name, piece) for name in written for piece in new[name]]
                await storing.store_pieces(session, rows)
            self._may_be_stored = False
            for name, answer in waiting.items():
                if name in written:
                    answer.publish(new[name])
        for name in waiting.keys() - written:
            self._lose(name)

    async def _beat(self) -> None:
        """Say what is written here, and see to what should not be written any more."""
        ours = {name: answer.job.user_id for name, answer in self._answers.items()}
        forsaken = await self._find_forsaken()
        if not ours and not forsaken:
            return
        outcome = Outcome(MessageStatus.INTERRUPTED)
        async with self._database.session() as session:
            written = await storing.beat(session, ours.keys()) if ours else set()
            out = await storing.kept_out(session, set(ours.values())) if ours else set()
            ended = [row for row in forsaken if (await storing.end_message(session, row[0], outcome))[1]]
        for message_id, chat_id, user_id in ended:
            self.changes.tell(user_id, ChangeKind.MESSAGE_CHANGED, chat_id, message_id)
        for name, user_id in ours.items():
            if name not in written or user_id in out:
                self._lose(name)

    async def _find_forsaken(self) -> list[tuple[str, str, str]]:
        async with self._database.reading() as session:
            return await storing.find_forsaken(session, utc_now() - self._silent, self._answers.keys())

    def _lose(self, message_id: str) -> None:
        """It was deleted or ended elsewhere, or its user may not come in any more."""
        if message_id in self._answers:
            self._cancel(message_id, MessageStatus.STOPPED)

    async def _go_round(self, period_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._until_stored(work)
            await asyncio.sleep(period_s)

    async def _until_stored(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, again and again while the database is away."""
        while True:
            try:
                return await work()
            except (SQLAlchemyError, OSError) as error:
                # Not its text: that holds the statement's values.
                logger.error("chats cannot be stored now: %s", type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            except Exception:
                logger.exception("storing chats failed")
                await asyncio.sleep(_RETRY_S)
