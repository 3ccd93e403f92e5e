"""A chat in the terminal. What is said stays in memory and goes with the command."""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mlx_manager.commands.answering import show_answer
from mlx_manager.commands.conversation import Conversation, field_of
from mlx_manager.terminal import note

if TYPE_CHECKING:
    from mlx_manager.api_client import ApiClient

_QUOTES: Final = '"""'
_HELP: Final = """\
/clear              forget what was said
/system TEXT        set the system prompt; without a text: show it
/set NAME VALUE     set a field of requests, such as: /set temperature 0.2
/set                show what is set
/unset NAME         take it back
/bye                leave, as does Ctrl-D
\"\"\"                 begins and ends a text of several lines
Ctrl-C              stops the answer"""


class Chat:
    """Reads what somebody says, and shows what the model answers.

    Args:
        is_verbose: whether tokens and times are told.
    """

    def __init__(self, client: "ApiClient", conversation: Conversation, *, is_verbose: bool) -> None:
        self._client = client
        self._conversation = conversation
        self._is_verbose = is_verbose

    def talk(self) -> None:
        """Until somebody leaves."""
        with suppress(ImportError):  # lines can be edited where Python has it
            import readline

            readline.set_auto_history(True)
        note(f"{self._conversation.model}: /help says what can be done here, Ctrl-D leaves.")
        while True:
            try:
                said = self._read()
            except KeyboardInterrupt:
                note("\nCtrl-D or /bye leaves.")
                continue
            except EOFError:
                note("")
                return
            except UnicodeDecodeError:
                note("that is not text in UTF-8")
                continue
            if said.startswith("/"):
                if said.split()[0] == "/bye":
                    return
                self._command(said)
            elif said.strip():
                self._ask(said)

    def _read(self) -> str:
        line = input(">>> ")
        if not line.startswith(_QUOTES):
            return line
        text = line.removeprefix(_QUOTES)
        while not text.rstrip().endswith(_QUOTES):
            text += "\n" + input("... ")
        return text.rstrip().removesuffix(_QUOTES)

    def _ask(self, said: str) -> None:
        from mlx_manager.api_client import Refused

        try:
            show_answer(self._client, self._conversation, said, is_verbose=self._is_verbose)
        except KeyboardInterrupt:
            note("(stopped)")
        except Refused as error:
            note(" ".join(error.message.split()))

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        match name:
            case "/help" | "/?":
                note(_HELP)
            case "/clear":
                self._conversation.clear()
                note("forgotten")
            case "/system":
                self._conversation.system = rest or self._conversation.system
                note(f"system prompt: {self._conversation.system or 'none'}")
            case "/set":
                self._set(rest)
            case "/unset":
                if self._conversation.fields.pop(rest, None) is None:
                    note(f"{rest!r} is not set")
            case _:
                note(f"there is no {name}; /help says what there is")

    def _set(self, stated: str) -> None:
        fields = self._conversation.fields
        if not stated:
            note("\n".join(f"{name} {value!r}" for name, value in fields.items()) or "nothing is set")
            return
        name, _, value = stated.partition(" ")
        try:
            if not value.strip():
                raise ValueError("write /set NAME VALUE")
            name, fields[name] = field_of(name, value.strip())
        except ValueError as error:
            note(str(error))
