"""All tables."""

from typing import Final

from tests.conformance.openai_chat import CHAT
from tests.conformance.openai_completions import COMPLETIONS
from tests.conformance.record import Endpoint

TABLES: Final[tuple[Endpoint, ...]] = (CHAT, COMPLETIONS)
