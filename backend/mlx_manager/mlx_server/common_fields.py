"""Names of fields that clients are known to send; any other is a caller's own, and no label."""

from typing import Final

_NAMES: Final = """
audio best_of cache_control.ttl chat_template chat_template_kwargs client_metadata container
context_management diagnostics echo enable_thinking extra_body extra_headers frequency_penalty
function_call functions guided_choice guided_grammar guided_json guided_regex include include_reasoning
inference_geo input input.content.prompt_cache_breakpoint input.encrypted_content input.phase
input.summary input.tools instructions keep_alive length_penalty logit_bias logprobs
max_completion_tokens max_tool_calls mcp_servers messages messages.audio messages.cache_control
messages.content messages.content.annotations messages.content.cache_control
messages.content.cache_control.ttl messages.content.caller messages.content.citations
messages.content.content.cache_control.ttl messages.content.image_url.detail messages.function_call
messages.id messages.name messages.reasoning messages.reasoning_content messages.reasoning_details
messages.refusal messages.role messages.tool_calls.index metadata min_p min_tokens mirostat mirostat_eta
mirostat_tau modalities moderation n n_keep n_probs options output_config output_config.effort
output_config.task_budget parallel_tool_calls prediction presence_penalty previous_response_id priority
prompt_cache_key prompt_cache_retention provider reasoning reasoning.context reasoning.effort
reasoning.generate_summary reasoning.summary reasoning_effort repeat_penalty repetition_penalty
response_format return_token_ids route safeguards safety_identifier seed service_tier
skip_special_tokens speed stop_sequences stop_token_ids store stream_options.include_obfuscation strict
suffix system system.cache_control.ttl text.verbosity thinking thinking.budget_tokens thinking.display
tool_choice tool_choice.disable_parallel_tool_use tool_resources tools tools.allowed_callers
tools.cache_control tools.cache_control.ttl tools.defer_loading tools.description
tools.eager_input_streaming tools.function.strict tools.input_examples tools.strict tools.tools
tools.tools.strict top_k top_logprobs transforms truncation typical_p usage use_beam_search user
user_profile_id verbosity web_search_options workspace_id
"""

COMMON_FIELDS: Final = frozenset(_NAMES.split())
"""Paths without positions, such as `messages.name`."""
