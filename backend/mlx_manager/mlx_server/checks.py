"""What of a request can only be checked against the model's own vocabulary and window."""

from collections.abc import Sequence

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.models import Capability, ModelDescription
from mlx_manager.mlx_server.domain.request import ChatPrompt, GenerationRequest, InfillPrompt
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.text.tokenizer import EncodedPrompt


def check_prompt(prompt_ids: list[int], resident: Resident, *, param: str) -> None:
    """Refuse a prompt that the model cannot read. Nothing is ever cut off.

    Raises:
        ApiError: it is empty, holds an id outside the vocabulary, or leaves no room for one new token.
    """
    if not prompt_ids:
        raise ApiError(ErrorCode.INVALID_REQUEST, "the prompt is empty", param=param)
    vocab_size = resident.worker.vocab_size
    if (largest := max(prompt_ids)) >= vocab_size:
        message = f"token id {largest} is outside the model's vocabulary of {vocab_size}"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=param)
    window = resident.description.context_length
    if window is not None and len(prompt_ids) >= window:
        raise ApiError(
            ErrorCode.CONTEXT_LENGTH_EXCEEDED,
            f"prompt is too long: {len(prompt_ids)} tokens > {window - 1} maximum "
            f"(the context is {window} tokens, and the answer needs one)",
            param=param,
        )


def check_kinds(request: GenerationRequest, description: ModelDescription) -> None:
    """Refuse what the model's files say it cannot answer, before it is loaded. Raises ApiError."""
    kinds = {type(prompt) for prompt in request.prompts}
    if ChatPrompt in kinds and not description.has_chat_template:
        raise ApiError(
            ErrorCode.CHAT_TEMPLATE_MISSING,
            f"{description.model_id} has no chat template, so it takes no messages; "
            "it continues text: POST /v1/completions",
            param=request.prompt_field,
        )
    if InfillPrompt in kinds and Capability.INFILL not in description.capabilities:
        raise ApiError(
            ErrorCode.UNSUPPORTED_FIELD,
            f"{description.model_id} has no tokens that mark a gap to fill; leave suffix out",
            param="suffix",
        )


def check_bias(request: GenerationRequest, resident: Resident) -> None:
    """Refuse a bias on what the model cannot draw. Raises ApiError."""
    vocab_size = resident.worker.vocab_size
    if (largest := max(request.sampling.logit_bias or (), default=0)) >= vocab_size:
        message = f"token id {largest} is outside the model's vocabulary of {vocab_size}"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="logit_bias")


def check_choices(request: GenerationRequest, resident: Resident) -> None:
    """Refuse more choices than the model's queue could ever take. Raises ApiError."""
    wanted = len(request.prompts) * request.num_choices
    if wanted > resident.worker.max_jobs:
        message = (
            f"{wanted} choices at once are more than the {resident.worker.max_jobs} that this server takes"
        )
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="n")


def check_tools(request: GenerationRequest, prompts: Sequence[EncodedPrompt]) -> None:
    """Refuse tools where the calls that the model would write cannot be read. Raises ApiError."""
    for stated, encoded in zip(request.prompts, prompts, strict=True):
        if isinstance(stated, ChatPrompt) and stated.tools and encoded.tool_format is None:
            message = "the calls that this model writes cannot be told from its text; leave tools out"
            raise ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param="tools")


def check_formats(request: GenerationRequest) -> None:
    """Refuse what contradicts an answer that is held to something. Raises ApiError."""
    chats = [prompt for prompt in request.prompts if isinstance(prompt, ChatPrompt)]
    is_forced = any(chat.tool_choice.is_required for chat in chats)
    if request.answer_format is None and not is_forced:
        return
    path = "tool_choice" if request.answer_format is None else request.answer_format.path
    if request.ignore_eos:
        message = f"ignore_eos: an answer that {path} shapes ends where that says; leave one of them out"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param="ignore_eos")
    if any(chat.continues_last for chat in chats):
        message = f"{path} shapes a whole answer, and this request goes on with one that has begun"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=path)
    if is_forced and request.answer_format is not None:
        message = f"{path} and a tool_choice that forces a call contradict each other"
        raise ApiError(ErrorCode.INVALID_REQUEST, message, param=path)
