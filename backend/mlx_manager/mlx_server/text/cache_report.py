"""Why a prompt was not found in the prefix cache, or not all of it, in terms that people read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mlx_manager.mlx_server.backends.base import Restored
from mlx_manager.mlx_server.domain.events import CacheReport
from mlx_manager.mlx_server.domain.request import Boundary
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt, Tokenizer

_SHOWN_TOKENS: Final = 16


def cache_report(prompt: EncodedPrompt, restored: Restored, tokenizer: Tokenizer) -> CacheReport:
    """Where a prompt left what the prefix cache held.

    Args:
        prompt: encoded with all boundaries, so that the message can be told.
        restored: what the engine said of it.
    """
    matched = restored.matched_tokens
    return replace(
        cache_facts(len(prompt.token_ids), prompt.boundaries, restored),
        prompt_text=tokenizer.show(prompt.token_ids[matched : matched + _SHOWN_TOKENS]),
        stored_text=tokenizer.show(restored.stored_ids[:_SHOWN_TOKENS]),
    )


def cache_facts(num_tokens: int, boundaries: Sequence[Boundary], restored: Restored) -> CacheReport:
    """The same without any text.

    Args:
        num_tokens: of the prompt.
        boundaries: ends of its messages, ascending.
    """
    matched = restored.matched_tokens
    has_more = matched < num_tokens
    message = next((end for end in boundaries if end.position > matched), None) if has_more else None
    return CacheReport(
        cached_tokens=restored.cached_tokens,
        matched_tokens=matched,
        prompt_tokens=num_tokens,
        prompt_text="",
        stored_text="",
        message_index=None if message is None else message.message_index,
        role=None if message is None else message.role,
        diverged_at=matched if has_more and restored.stored_ids else None,
    )
