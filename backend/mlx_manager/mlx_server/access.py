"""Who may call the inference server: its one table of routes, and its settings of access."""

from typing import Final

from mlx_manager.core.access.rules import Rule, Wanted

RULES: Final = (
    Rule("/health", Wanted.NOTHING, is_exact=True),
    Rule("/admin", Wanted.ADMIN),
    Rule("/metrics", Wanted.ADMIN, is_exact=True),
    Rule("/v1", Wanted.INFERENCE),
    Rule("/tokenize", Wanted.INFERENCE, is_exact=True),
    Rule("/detokenize", Wanted.INFERENCE, is_exact=True),
    Rule("/apply-template", Wanted.INFERENCE, is_exact=True),
    # They name models and ask their engines.
    Rule("/ready", Wanted.ANYBODY, is_exact=True),
    Rule("/health/engine", Wanted.ANYBODY, is_exact=True),
    Rule("/openapi.json", Wanted.ANYBODY, is_exact=True),
)
