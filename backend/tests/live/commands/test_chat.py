"""`mlx-manager run` at a terminal, and without a server."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.live.commands.terminal import CTRL_C, CTRL_D, AtTerminal
from tests.live.server import DEADLINE_S, ENDLESS, Server, clean_environment, wait_until

LISTENING = re.compile(r"MLX Server listening on (http://\S+)")


def chat(server: Server, model: str, *options: str) -> AtTerminal:
    return AtTerminal(("run", model, *options), {"MLX_MANAGER_HOME": str(server.home)})


def test_a_chat(server: Server) -> None:
    with chat(server, "demo", "--verbose", "--set", "temperature=0") as terminal:
        terminal.wait_for("/help says")
        terminal.wait_for(">>> ")
        terminal.type("Hello\n")
        first = terminal.wait_for("ended by stop")
        assert "tokens/s" in first
        prompt_tokens = int(re.findall(r"prompt (\d+) tokens", first)[0])
        terminal.wait_for(">>> ")
        terminal.type('"""And\nthen?"""\n')
        second = terminal.wait_for("ended by")
        assert "... " in second
        # What was said before is said again to the model.
        assert int(re.findall(r"prompt (\d+) tokens", second)[0]) > prompt_tokens + 5
        terminal.wait_for(">>> ")
        terminal.type("/clear\n")
        terminal.wait_for("forgotten")
        terminal.wait_for(">>> ")
        terminal.type("Hello\n")
        assert f"prompt {prompt_tokens} tokens" in terminal.wait_for("ended by")
        terminal.wait_for(">>> ")
        terminal.type(CTRL_D)
        assert terminal.wait_for_end() == 0
    assert not (server.home / ".history").exists()


def test_commands_of_a_chat(server: Server) -> None:
    with chat(server, "demo", "--verbose") as terminal:
        for typed, says in (
            ("/help", "/system TEXT"),
            ("/set", "nothing is set"),
            ("/set max_tokens 3", ">>> "),
            ("/set", "max_tokens 3"),
            ("/set model other", "cannot be set"),
            ("/set temperature", "/set NAME VALUE"),
            ("/unset nothing", "is not set"),
            ("/system", "system prompt: none"),
            ("/system Be brief.", "system prompt: Be brief."),
            ("/nonsense", "there is no /nonsense"),
            ("Hello", "answer 3 tokens"),
            ("/set temperature hot", ">>> "),
            ("Hello", "temperature: "),
            ("/unset temperature", ">>> "),
            ("Hello", "ended by length"),
        ):
            terminal.type(f"{typed}\n")
            terminal.wait_for(f"{typed}\r\n")
            terminal.wait_for(says)
        terminal.type("/bye\n")
        assert terminal.wait_for_end() == 0


@pytest.mark.full  # another one stops an answer that was asked for by itself
def test_ctrl_c_stops_the_answer_and_not_the_chat(server: Server) -> None:
    with chat(server, ENDLESS, "--set", "max_tokens=60000") as terminal:
        terminal.wait_for(">>> ")
        terminal.type("Go on\n")
        wait_until(lambda: len(terminal.screen) > 300, f"some of it is shown:\n{terminal.screen}")
        terminal.type(CTRL_C)
        terminal.wait_for("(stopped)")
        server.wait_idle()
        terminal.wait_for(">>> ")
        terminal.type(CTRL_C)
        terminal.wait_for("Ctrl-D or /bye leaves")
        terminal.type("/set max_tokens 3\n")
        terminal.wait_for("/set max_tokens 3\r\n")
        terminal.type("Again\n")
        terminal.wait_for("cut off")
        terminal.type(CTRL_D)
        assert terminal.wait_for_end() == 0


def own_server(process: "subprocess.Popen[str]") -> psutil.Process | None:
    """The server that a command has started."""
    for child in psutil.Process(process.pid).children():
        if "mlx_manager.mlx_server.main" in " ".join(child.cmdline()):
            return child
    return None


def test_without_a_server_it_has_one_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "mlx_manager", "run", "demo", "What is MLX Manager?", "--json"],
        # Its own port and address do not count: the port may be taken.
        env=clean_environment({"MLX_MANAGER_HOME": str(home), "MLX_SERVER_HOST": "0.0.0.0"}),
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_S,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert "MLX Manager" in json.loads(done.stdout)["content"]
    assert "one is started, and ends with this command" in done.stderr
    log = (home / "logs" / "server.log").read_text()
    found = LISTENING.search(log)
    assert found is not None
    assert found[1].startswith("http://127.0.0.1:")
    assert not list((home / "run").glob("*.json"))


def test_its_server_ends_with_it(tmp_path: Path) -> None:
    """Also where the command is told to end while it waits."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlx_manager", "run", "demo", "Hello", "--set", "max_tokens=1"],
        env=clean_environment({"MLX_MANAGER_HOME": str(tmp_path / "home")}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = wait_until(lambda: own_server(process), "the server is started")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 128 + signal.SIGTERM
    wait_until(lambda: not server.is_running(), "the server has ended")


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mlx_manager", "run", "demo", "Hello"],
        env=clean_environment({"MLX_MANAGER_HOME": str(tmp_path), "MLX_SERVER_MAX_MODELS": "none"}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "MLX_SERVER_MAX_MODELS" in done.stderr.splitlines()[-1]
