"""What a request may ask for and no engine is told of yet."""

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest


def refuse_unheld(request: GenerationRequest) -> None:
    """Refuse what would be generated without being held to it. Raises ApiError that names the field."""
    paths = [] if request.answer_format is None else [request.answer_format.path]
    for prompt in request.prompts:
        if not isinstance(prompt, ChatPrompt):
            continue
        if prompt.tool_choice.is_required or prompt.tool_choice.names is not None:
            paths.append("tool_choice")
        for tool in prompt.tools:
            if tool.is_strict:
                paths.append(tool.schema_path)
            if tool.text_input is not None and tool.text_input.grammar is not None:
                paths.append(tool.text_input.grammar.path)
    if paths:
        raise ApiError(
            ErrorCode.UNSUPPORTED_FIELD, f"{paths[0]} is not supported yet; leave it out", param=paths[0]
        )
