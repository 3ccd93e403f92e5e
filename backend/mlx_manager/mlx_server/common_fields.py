"""Names of fields that clients are known to send; any other is a caller's own, and no label."""

from typing import Final

_NAMES: Final = """
audio best_of chat_template chat_template_kwargs context_management echo enable_thinking extra_body
extra_headers frequency_penalty function_call functions guided_choice guided_grammar guided_json
guided_regex include include_reasoning inference_geo instructions keep_alive length_penalty logit_bias
logprobs max_completion_tokens max_tool_calls mcp_servers messages.audio messages.cache_control
messages.content.annotations messages.content.cache_control messages.content.citations
messages.content.image_url.detail messages.function_call messages.id messages.name messages.reasoning
messages.reasoning_content messages.reasoning_details messages.refusal messages.tool_calls.index
metadata min_p min_tokens mirostat mirostat_eta mirostat_tau modalities moderation n n_keep n_probs
options parallel_tool_calls prediction presence_penalty previous_response_id priority prompt_cache_key
prompt_cache_retention provider reasoning reasoning_effort repeat_penalty repetition_penalty
response_format return_token_ids route safety_identifier seed service_tier skip_special_tokens
stop_sequences stop_token_ids store stream_options.include_obfuscation strict suffix system thinking
tool_choice tool_resources tools tools.cache_control tools.function.strict top_k transforms truncation
typical_p usage use_beam_search user verbosity web_search_options
client_metadata input input.content.prompt_cache_breakpoint input.encrypted_content input.phase
input.summary input.tools reasoning.context reasoning.effort reasoning.generate_summary
reasoning.summary text.verbosity tools.defer_loading tools.description tools.strict tools.tools
tools.tools.strict top_logprobs
"""

COMMON_FIELDS: Final = frozenset(_NAMES.split())
"""Paths without positions, such as `messages.name`."""
