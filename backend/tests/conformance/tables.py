"""All tables."""

from typing import Final

from tests.conformance.anthropic_messages import COUNT_TOKENS, MESSAGES_ENDPOINT
from tests.conformance.openai_chat import CHAT
from tests.conformance.openai_completions import COMPLETIONS
from tests.conformance.openai_responses import RESPONSES
from tests.conformance.record import Endpoint
from tests.conformance.tokens import APPLY_TEMPLATE, DETOKENIZE, TOKENIZE

TABLES: Final[tuple[Endpoint, ...]] = (
    CHAT,
    COMPLETIONS,
    MESSAGES_ENDPOINT,
    COUNT_TOKENS,
    RESPONSES,
    APPLY_TEMPLATE,
    TOKENIZE,
    DETOKENIZE,
)
