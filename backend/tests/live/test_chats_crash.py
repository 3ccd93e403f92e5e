"""Live: manager and server are killed while an answer is written."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chats.talking import Listener, Talk
from tests.live.manager import Manager
from tests.live.server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, endless_dir: Path) -> Iterator[Server]:
    """A server for managers that come and go; the last test ends it."""
    env = {"MLX_SERVER_MODEL_DIRS": json.dumps([str(endless_dir)])}
    with Server(tmp_path_factory.mktemp("crash"), env) as running:
        yield running


def kill(manager: Manager) -> None:
    """As a power cut would, for the process."""
    manager.process.kill()
    manager.process.wait()


def begin(talk: Talk, num_pieces: int) -> tuple[str, str, Listener]:
    """A chat and its answer, of which so many pieces were seen."""
    chat = talk.endless()
    answer = talk.send(chat, "Say something that never ends")["answer"]["id"]
    listener = talk.listen(chat, answer)
    listener.wait_pieces(num_pieces)
    return chat, answer, listener


def num_pieces_stored(server: Server) -> int:
    with closing(sqlite3.connect(server.home / "mlx-manager.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM chat_pieces").fetchone()[0])


def test_a_manager_that_is_killed_loses_nothing_that_was_seen(server: Server, tmp_path: Path) -> None:
    with Manager(tmp_path, server.home) as manager:
        talk = Talk(manager.client)
        chat, answer, listener = begin(talk, 8)
        other_chat = talk.endless()
        sent = [talk.send(other_chat, f"Question {number}", parent_id=None) for number in range(3)]
        kill(manager)
        listener.wait()
    seen = listener.pieces
    assert listener.events[-1].name != "end"
    server.wait_idle()
    with Manager(tmp_path, server.home) as manager:
        talk = Talk(manager.client)
        # Whoever listened connects again, and says what was seen last.
        again = talk.listen(chat, answer, headers={"Last-Event-ID": str(seen[-1]["number"])})
        end = again.wait()
        assert end.name == "end"
        whole = talk.message(chat, answer)
        assert end.data == whole
        assert (whole["status"], whole["error"]) == ("interrupted", None)
        assert [piece["number"] for piece in seen] == list(range(len(seen)))
        assert whole["content"].startswith(listener.text)
        assert whole["content"] == listener.text + again.text or not again.pieces
        shown = talk.call("GET", f"/{chat}")["messages"]
        assert [message["id"] for message in shown] == [whole["parent_id"], answer]
        # What was acknowledged a moment before is there, too.
        for number, pair in enumerate(sent):
            assert talk.message(other_chat, pair["message"]["id"])["content"] == f"Question {number}"
            assert talk.ended(other_chat, pair["answer"]["id"])["status"] == "interrupted"
        view = talk.call("GET", f"/{other_chat}")
        assert (view["shown_message_id"], view["title"]) == (sent[-1]["answer"]["id"], "Question 0")
        # What was cut off is gone on with, in the same message.
        talk.call("POST", f"/{chat}/messages/{answer}/continue", {}, 201)
        talk.listen(chat, answer, after=len(seen)).wait_pieces(1)
        assert talk.stop(chat, answer)["content"].startswith(whole["content"])
    assert num_pieces_stored(server) == 0
    server.wait_idle()


def test_a_manager_that_is_stopped_ends_what_it_writes(server: Server, tmp_path: Path) -> None:
    with Manager(tmp_path, server.home) as manager:
        _, answer, listener = begin(Talk(manager.client), 2)
        manager.end()
        assert manager.process.returncode == 0
        listener.wait()
    with closing(sqlite3.connect(server.home / "mlx-manager.db")) as connection:
        query = "SELECT status, content FROM chat_messages WHERE id = ?"
        [(status, content)] = connection.execute(query, (answer,)).fetchall()
    assert status == "interrupted"
    assert content.startswith(listener.text)
    assert num_pieces_stored(server) == 0
    server.wait_idle()


def test_a_server_that_is_killed_loses_nothing_that_was_written(server: Server, tmp_path: Path) -> None:
    with Manager(tmp_path, server.home) as manager:
        talk = Talk(manager.client)
        chat, answer, listener = begin(talk, 6)
        server.workers()  # to be seen to end
        server.process.kill()
        server.process.wait()
        end = listener.wait()
        assert end.name == "end"
        whole = end.data
        assert whole == talk.message(chat, answer)
        assert (whole["status"], whole["error"]["code"]) == ("failed", "server_unavailable")
        assert whole["content"] == listener.text
        # The chat goes on; without a server the next answer fails at once, and can be made again.
        later = talk.ask(chat, "Are you there?")
        assert (later["status"], later["content"]) == ("failed", "")
        assert later["error"]["code"] == "server_unavailable"
        assert len(talk.call("GET", f"/{chat}")["messages"]) == 4
