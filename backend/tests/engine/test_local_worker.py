"""A real worker process: work, cancels, full queues, deaths of either side, and failed loads."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from harness import assert_greedy
from tiny_models import CONFIGS, save_folder, tiny

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.backends import worker_stream
from mlx_manager.mlx_server.backends.base import Broken, Read, Token, TokenEvent, TokenJob
from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.backends.rate import Rate
from mlx_manager.mlx_server.backends.worker_process import WorkerProcess
from mlx_manager.mlx_server.backends.worker_stream import WorkerStream
from mlx_manager.mlx_server.domain.events import FinishReason
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.engine import wire

GREEDY = SamplingParams(temperature=0.0)
ENDLESS = 1_000_000


def job(prompt: list[int], max_tokens: int = 6, **fields: Any) -> TokenJob:
    values: dict[str, Any] = {"stop_ids": (), "sampling": GREEDY, "seed": 1}
    return TokenJob(prompt_ids=prompt, max_tokens=max_tokens, **(values | fields))


async def read(stream: WorkerStream) -> list[TokenEvent]:
    """Everything up to the end."""
    events: list[TokenEvent] = []
    while not any(
        isinstance(event, Broken) or (isinstance(event, Token) and event.finish) for event in events
    ):
        events += await stream.next()
    return events


def tokens(events: list[TokenEvent]) -> list[int]:
    return [event.token_id for event in events if isinstance(event, Token)]


def load_command(folder: Path, *, max_rows: int = 1) -> wire.Load:
    return wire.Load(str(folder), max_rows=max_rows, prefill_chunk_tokens=16)


@asynccontextmanager
async def worker_of(folder: Path, *, max_rows: int = 2, max_waiting: int = 2) -> AsyncIterator[LocalWorker]:
    worker = await LocalWorker.start()
    try:
        await worker.load(load_command(folder, max_rows=max_rows), max_waiting=max_waiting)
        yield worker
    finally:
        await worker.close()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_jobs_cancels_and_a_full_queue(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        assert worker.is_alive
        assert worker.vocab_size == 97
        assert worker.loaded.can_batch
        prompt = list(range(40))
        events = await read(worker.submit(job(prompt)))
        assert [event.done_tokens for event in events if isinstance(event, Read)] == [16, 32, 40]
        assert assert_greedy(tiny("llama"), prompt, tokens(events)) > 0
        assert isinstance(events[-1], Token)
        assert events[-1].finish is FinishReason.LENGTH

        running = [worker.submit(job([index], ENDLESS)) for index in range(4)]
        with pytest.raises(ApiError) as caught:
            worker.submit(job([1]))
        assert (caught.value.code, caught.value.retry_after_s) == (ErrorCode.QUEUE_FULL, 5)
        for stream in running:
            stream.cancel()
            stream.cancel()
        assert len(tokens(await read(worker.submit(job([5], 3))))) == 3

        failing = worker.submit(job([1], ENDLESS))
        failing.fail(Broken(ErrorCode.SHUTTING_DOWN, "enough"))
        assert (await read(failing))[-1] == Broken(ErrorCode.SHUTTING_DOWN, "enough")

        stop = tokens(events)[1]
        ended = await read(worker.submit(job(prompt, stop_ids=(stop,))))
        assert isinstance(ended[-1], Token)
        assert (ended[-1].token_id, ended[-1].finish) == (stop, FinishReason.STOP)


async def test_killed_while_jobs_run(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        streams = [worker.submit(job([index], ENDLESS)) for index in range(4)]
        await streams[0].next()
        os.kill(worker.pid, signal.SIGKILL)
        for stream in streams:
            end = (await read(stream))[-1]
            assert isinstance(end, Broken)
            assert end.code is ErrorCode.WORKER_DIED
            assert "signal 9" in end.message
        assert not worker.is_alive
        with pytest.raises(ApiError) as caught:
            worker.submit(job([1]))
        assert caught.value.code is ErrorCode.WORKER_DIED
        streams[0].cancel()
        await worker.close()
        await worker.close()


@pytest.mark.full
async def test_closed_while_jobs_run(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        stream = worker.submit(job([1], ENDLESS))
        await stream.next()
        await worker.close()
        end = (await read(stream))[-1]
        assert isinstance(end, Broken)
        assert end.code is ErrorCode.WORKER_DIED
        assert is_gone(worker.pid)
        await worker.close()


def corrupt(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)


def missing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def unknown_type(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIGS["llama"] | {"model_type": "no_such_family"}))


def other_shape(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(CONFIGS["llama"] | {"num_hidden_layers": 3}))


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (corrupt, r"(?i)safetensors|header|json"),
        pytest.param(missing, "safetensors", marks=pytest.mark.full),
        (unknown_type, "no_such_family"),
        pytest.param(other_shape, "layers", marks=pytest.mark.full),
        pytest.param(no_config, "config", marks=pytest.mark.full),
    ],
)
async def test_a_failed_load_says_why(tmp_path: Path, spoil: Callable[[Path], None], words: str) -> None:
    folder = save_folder(tmp_path / "spoilt")
    spoil(folder)
    worker = await LocalWorker.start()
    try:
        with pytest.raises(ApiError, match=words) as caught:
            await worker.load(load_command(folder), max_waiting=1)
        assert caught.value.code is ErrorCode.MODEL_LOAD_FAILED
        assert "spoilt cannot be loaded: " in caught.value.message
    finally:
        await worker.close()
    assert is_gone(worker.pid)


async def test_killed_while_it_loads(tmp_path: Path) -> None:
    worker = await LocalWorker.start()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(ApiError, match="signal 9") as caught:
        await worker.load(load_command(save_folder(tmp_path / "m")), max_waiting=1)
    assert caught.value.code is ErrorCode.MODEL_LOAD_FAILED
    await worker.close()


async def test_code_in_a_folder_is_never_run(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "m")
    (folder / "evil.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Model: pass\nModelArgs = Model"
    )
    (folder / "config.json").write_text(json.dumps(CONFIGS["llama"] | {"model_file": "evil.py"}))
    worker = await LocalWorker.start()
    with contextlib.suppress(ApiError):
        await worker.load(load_command(folder), max_waiting=1)
    await worker.close()
    assert not (tmp_path / "ran").exists()


async def test_garbage_from_a_worker_fails_its_jobs() -> None:
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    hello = wire.Hello(process.pid, "0.32", "cpu", 2**40, True)
    worker = LocalWorker(WorkerProcess(process, *await asyncio.open_connection(sock=ours)), hello)
    try:
        theirs.sendall(wire.encode_frame(wire.Loaded(1, 97, True, "", 0.0)))
        await worker.load(load_command(Path("m")), max_waiting=1)
        stream = worker.submit(job([1]))
        theirs.sendall((3).to_bytes(4, "big") + b"\xc1\xc1\xc1")
        async with asyncio.timeout(20):
            end = (await read(stream))[-1]
        assert isinstance(end, Broken)
    finally:
        theirs.close()
        await worker.close()


@contextlib.contextmanager
def bare_worker() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A worker process and the server's end of its socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        module = "mlx_manager.mlx_server.engine.worker"
        command = [sys.executable, "-m", module, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL)
    try:
        yield process, ours
    finally:
        ours.close()
        process.kill()
        process.wait()


def receive(connection: socket.socket) -> wire.Report:
    length = wire.frame_length(connection.recv(wire.HEADER_BYTES, socket.MSG_WAITALL))
    return wire.decode_report(connection.recv(length, socket.MSG_WAITALL))


@pytest.mark.full
def test_end_of_file_before_the_greeting_ends_the_worker() -> None:
    with bare_worker() as (process, connection):
        connection.close()
        assert process.wait(timeout=30) == 0


def test_end_of_file_ends_the_worker() -> None:
    with bare_worker() as (process, connection):
        receive(connection)
        connection.close()
        assert process.wait(timeout=30) == 0


def test_a_server_that_died_with_frames_unread_ends_the_worker() -> None:
    # The kernel then says "connection reset" and not "end of file".
    with bare_worker() as (process, connection):
        assert connection.recv(wire.HEADER_BYTES, socket.MSG_WAITALL)
        connection.close()
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xff\xff\xff", pytest.param((3).to_bytes(4, "big") + b"\xc1\xc1\xc1", marks=pytest.mark.full)],
)
def test_garbage_from_the_server_ends_the_worker(garbage: bytes) -> None:
    with bare_worker() as (process, connection):
        receive(connection)
        connection.sendall(garbage)
        assert process.wait(timeout=30) != 0


@pytest.mark.full
def test_interrupts_are_the_servers_business() -> None:
    with bare_worker() as (process, connection):
        hello = receive(connection)
        assert isinstance(hello, wire.Hello)
        assert hello.pid == process.pid
        assert hello.device_limit_bytes > 0
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)


PARENT = """
import asyncio, sys
from mlx_manager.mlx_server.backends.base import TokenJob
from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.domain.request import SamplingParams
from mlx_manager.mlx_server.engine.wire import Load

async def main():
    worker = await LocalWorker.start()
    await worker.load(Load(sys.argv[1], max_rows=1, prefill_chunk_tokens=16), max_waiting=1)
    stream = worker.submit(TokenJob([1], 1_000_000, [], SamplingParams(temperature=0.0), 1))
    await stream.next()
    print(worker.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_a_worker_whose_server_is_killed_goes_too(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "m")
    server = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    worker = psutil.Process(int(server.stdout.readline()))
    server.kill()
    server.wait()
    server.stdout.close()
    psutil.wait_procs([worker], timeout=60)
    assert is_gone(worker.pid)


async def test_a_job_that_cannot_be_sent_takes_no_place(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m"), max_rows=1, max_waiting=0) as worker:
        with pytest.raises(OverflowError):
            worker.submit(job([1], 2**70))
        assert len(tokens(await read(worker.submit(job([1], 2))))) == 2


async def test_a_worker_says_what_it_holds(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m"), max_rows=1) as worker:
        idle = await worker.ping()
        assert (idle.num_running, idle.num_waiting, idle.kv_bytes, idle.fault) == (0, 0, 0, "")
        assert idle.active_bytes > 0
        streams = [worker.submit(job([index], ENDLESS)) for index in range(2)]
        await streams[0].next()
        busy = await worker.ping()
        assert (busy.num_running, busy.num_waiting, busy.fault) == (1, 1, "")
        assert busy.kv_bytes > 0
        for stream in streams:
            stream.cancel()
        assert (await worker.ping()).kv_bytes == 0


async def test_budgets_change_while_jobs_run(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        assert worker.kv_budget_bytes == 0
        stream = worker.submit(job([1], ENDLESS))
        await stream.next()
        reading = asyncio.create_task(read(stream))
        needed = worker.row_bytes(ENDLESS + 1)
        asking = asyncio.create_task(worker.set_budget(kv_bytes=5, cache_bytes=7))
        await asyncio.sleep(0)
        assert worker.kv_budget_bytes == 5  # a job that is sent now comes after the change
        with pytest.raises(ApiError, match="Lower max_tokens"):
            worker.submit(job([1]))
        assert await asking == wire.Budgets(needed, 0)  # loaded without a prefix cache
        assert worker.kv_budget_bytes == needed
        other = worker.submit(job([2], 4))  # fits when the first is done
        pong = await worker.ping()
        assert (pong.num_running, pong.num_waiting) == (1, 1)
        reading.cancel()
        stream.cancel()
        assert len(tokens(await read(other))) == 4
        assert await worker.set_budget(kv_bytes=5, cache_bytes=0) == wire.Budgets(5, 0)
        assert await worker.set_budget(kv_bytes=10 * needed, cache_bytes=0) == wire.Budgets(10 * needed, 0)
        assert len(tokens(await read(worker.submit(job([1], 4))))) == 4


async def test_a_budget_that_the_worker_does_not_live_to_change(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        asking = [asyncio.create_task(worker.set_budget(kv_bytes=5, cache_bytes=0)) for _ in range(3)]
        pinging = asyncio.create_task(worker.ping())
        await asyncio.sleep(0)
        asking.pop().cancel()
        os.kill(worker.pid, signal.SIGKILL)
        for waiting in (*asking, pinging):
            with pytest.raises(ApiError, match="signal 9") as caught:
                await waiting
            assert caught.value.code is ErrorCode.WORKER_DIED
        with pytest.raises(ApiError) as caught:
            await worker.set_budget(kv_bytes=5, cache_bytes=0)
        assert caught.value.code is ErrorCode.WORKER_DIED


async def test_closing_tells_those_who_ask(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        asking = asyncio.create_task(worker.set_budget(kv_bytes=5, cache_bytes=0))
        pinging = asyncio.create_task(worker.ping())
        await asyncio.sleep(0)
        await worker.close()
        for waiting in (asking, pinging):
            with pytest.raises(ApiError) as caught:
                await waiting
            assert caught.value.code is ErrorCode.WORKER_DIED


async def test_a_load_tells_how_far_it_is_and_a_worker_what_it_takes(tmp_path: Path) -> None:
    worker = await LocalWorker.start()
    try:
        before, fractions = worker.footprint_bytes, list[float]()
        command = load_command(save_folder(tmp_path / "m"))
        await worker.load(command, max_waiting=1, on_progress=fractions.append)
        assert fractions == sorted(fractions)
        assert len(fractions) > 3
        assert fractions[-1] == pytest.approx(0.9)
        assert before is not None
        assert (worker.footprint_bytes or 0) > 10_000_000
        assert worker.tokens_per_second == 0
        worker._rate = Rate(lambda: 0.0)
        await read(worker.submit(job([1], 50)))
        assert worker.tokens_per_second == 10  # fifty within the last five seconds
    finally:
        await worker.close()
    assert worker.footprint_bytes is None


async def test_a_worker_that_hangs_is_ended_and_its_jobs_are_told(tmp_path: Path) -> None:
    worker = await LocalWorker.start()
    try:
        await worker.load(load_command(save_folder(tmp_path / "m")), max_waiting=1, hang_s=0.5)
        stream = worker.submit(job([1], ENDLESS))
        await stream.next()
        os.kill(worker.pid, signal.SIGSTOP)
        async with asyncio.timeout(60):
            end = (await read(stream))[-1]
        assert isinstance(end, Broken)
        assert end.code is ErrorCode.WORKER_DIED
        assert "said nothing for" in end.message
        assert not worker.is_alive
        with pytest.raises(ApiError):
            await worker.ping()
    finally:
        await worker.close()
    assert is_gone(worker.pid)


@pytest.mark.full
async def test_a_busy_worker_is_not_taken_for_a_hung_one(tmp_path: Path) -> None:
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        worker._tasks.append(asyncio.create_task(worker._watch(2.0)))
        stream = worker.submit(job([1], 3_000))
        async with asyncio.timeout(120):
            end = (await read(stream))[-1]
        assert isinstance(end, Token)
        assert worker.is_alive


async def test_a_reader_that_never_reads_loses_its_job_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The usual 4,096 tokens take a quarter of a minute to come.
    monkeypatch.setattr(worker_stream, "_MOST_UNREAD", 256)
    async with worker_of(save_folder(tmp_path / "m")) as worker:
        unread = worker.submit(job([1], ENDLESS))
        other = worker.submit(job([2], 500))
        async with asyncio.timeout(120):
            events = await read(other)
        assert len(tokens(events)) == 500
        events = await read(unread)
        assert len(events) <= 257
        assert isinstance(events[-1], Broken)
        assert events[-1].code is ErrorCode.READER_TOO_SLOW
        assert (await worker.ping()).num_running == 0


async def test_a_job_that_can_never_fit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    worker = await LocalWorker.start()
    try:
        command = wire.Load(
            str(save_folder(tmp_path / "m")), max_rows=2, prefill_chunk_tokens=16, kv_budget_bytes=2_000_000
        )
        await worker.load(command, max_waiting=2)
        with pytest.raises(ApiError, match=r"1000000 new ones need \d+ MB") as caught:
            worker.submit(job([1], 1_000_000))
        assert caught.value.code is ErrorCode.INSUFFICIENT_MEMORY
        assert len(tokens(await read(worker.submit(job([1], 4))))) == 4
    finally:
        await worker.close()
