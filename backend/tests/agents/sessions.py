"""All sessions."""

from typing import Final

import pytest

from tests.agents.ai_sdk import AI_SDK_SESSIONS
from tests.agents.chat_clients import CHAT_SESSIONS
from tests.agents.claude_code import CLAUDE_CODE_SESSIONS
from tests.agents.codex import CODEX_SESSIONS

each_session: Final = pytest.mark.parametrize(
    "session", [*CHAT_SESSIONS, *CODEX_SESSIONS, *CLAUDE_CODE_SESSIONS, *AI_SDK_SESSIONS], ids=str
)
