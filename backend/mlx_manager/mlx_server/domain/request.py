"""What every dialect's request becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final

from mlx_manager.mlx_server.domain.formats import AnswerFormat
from mlx_manager.mlx_server.domain.tools import ToolCall, ToolChoice, ToolDefinition

# Beyond these a repetition penalty leaves nothing of a model's logits; 0 would divide by zero.
MIN_REPETITION_PENALTY: Final = 0.01
MAX_REPETITION_PENALTY: Final = 10.0


class Priority(StrEnum):
    """Whether somebody waits for the answer."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The end of a message in a tokenised prompt.

    Attributes:
        position: tokens up to and with the message.
        role: system, user or assistant; a tool's message counts as the user's.
        message_index: of the last message that ends there.
    """

    position: int
    role: str
    message_index: int


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next token is drawn, applied in this order: bias, penalties, temperature, top_k, top_p, min_p.

    Attributes:
        logit_bias: added to the logits of these token ids.
        repetition_penalty: divides positive and multiplies negative logits of tokens in prompt and output.
        presence_penalty: subtracted once from the logit of each token drawn before (OpenAI's meaning).
        frequency_penalty: subtracted from a token's logit as often as it was drawn before.
        temperature: 0 is greedy.
        top_k: keep this many of the likeliest tokens; 0 keeps all.
        top_p: keep the likeliest tokens until their probabilities sum to this; 1 keeps all.
        min_p: keep tokens at least this times as likely as the likeliest; 0 keeps all.
        seed: the same seed gives the same tokens, alone and in any batch; None draws one.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0


@dataclass(frozen=True, slots=True)
class SamplingOverrides:
    """The sampling fields that a request stated; None leaves the model's own default."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    seed: int | None = None
    logit_bias: Mapping[int, float] | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None

    def over(self, defaults: SamplingParams) -> SamplingParams:
        """The defaults with every stated field replaced."""
        names = [entry.name for entry in fields(self)]
        stated = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(defaults, **stated)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation.

    Attributes:
        role: system, user, assistant or tool.
        content: the turn's text; empty where the wire had null.
        name: the speaker's name, given to the template.
        tool_call_id: the call that a tool's message answers.
        tool_calls: calls that an assistant's message made.
        reasoning: what an assistant's message thought before it, where the client sent that back.
        cache_marks: characters of the content after which the client wants a prefix kept, ascending.
        path: where the wire had it, such as `messages.3`.
        reasoning_path: where the wire had its reasoning.
    """

    role: str
    content: str
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    cache_marks: tuple[int, ...] = ()
    path: str = ""
    reasoning_path: str = ""


@dataclass(frozen=True, slots=True)
class TemplateHint:
    """A wish that the model's chat template may know how to grant.

    Attributes:
        path: the wire's field, named to the client where the template knows none of the variables.
        variables: what to set; those that the template does not read are left out.
    """

    path: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A conversation, rendered by the model's own chat template.

    Attributes:
        template_kwargs: variables for the template, stated by the client as such.
        tools: what the model may call.
        continues_last: whether the answer goes on with the last message, which is an assistant's, instead
            of beginning a turn.
        tool_choice: what of the tools may be called, and whether one must.
    """

    messages: tuple[ChatMessage, ...]
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[ToolDefinition, ...] = ()
    hints: tuple[TemplateHint, ...] = ()
    continues_last: bool = False
    tool_choice: ToolChoice = field(default_factory=ToolChoice)


@dataclass(frozen=True, slots=True)
class TextPrompt:
    """Plain text to continue."""

    text: str


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """Token ids to continue, exactly as given."""

    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InfillPrompt:
    """Text with a gap to fill, for models that have tokens to mark it."""

    prefix: str
    suffix: str


Prompt = ChatPrompt | TextPrompt | TokenPrompt | InfillPrompt


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One thing to generate, whatever the dialect it came in.

    Attributes:
        request_id: the `x-request-id`, for logs.
        model: the id as the client wrote it.
        prompts: what to answer; several of them in text completions only.
        num_choices: answers to each prompt. Choice number `prompt * num_choices + n` is the prompt's nth.
        prompt_field: the wire's field that the prompts came in, for errors.
        echo: whether each answer begins with its prompt's text.
        max_tokens: most new tokens of each choice, or None for the server's default.
        stop: strings that end the text and are not part of it.
        top_logprobs: None asks for no logprobs; 0 for the drawn token's alone, n for the n likeliest, too.
        parallel_calls: whether an answer may call more than one tool.
        answer_format: what each answer must be; None leaves it free.
        reasoning_budget: most tokens that the model may reason for; None leaves that to it.
        reasoning_budget_path: where the wire had that; named to the client where the model does not reason.
        tenant: whose request it is: until keys exist a hash of the credential that was sent.
        cache_salt: keeps this request's prefixes apart from those of other salts.
        ignore_eos: whether the tokens that end a sequence are drawn over; the length alone ends it then.
        explain_cache: whether the answer is to say where the prompt left what the prefix cache held.
        keep_alive_s: how long the model is to stay in memory unused after this, infinity for ever; None
            leaves that to the settings.
        timeout_s: most seconds from arrival to the last token, or None for the server's own limit.
    """

    request_id: str
    model: str
    prompts: tuple[Prompt, ...]
    num_choices: int = 1
    prompt_field: str = "messages"
    echo: bool = False
    max_tokens: int | None = None
    sampling: SamplingOverrides = SamplingOverrides()
    stop: tuple[str, ...] = ()
    top_logprobs: int | None = None
    parallel_calls: bool = True
    answer_format: AnswerFormat | None = None
    reasoning_budget: int | None = None
    reasoning_budget_path: str = ""
    tenant: str = ""
    priority: Priority = Priority.INTERACTIVE
    cache_salt: str = ""
    ignore_eos: bool = False
    explain_cache: bool = False
    timeout_s: float | None = None
    keep_alive_s: float | None = None
