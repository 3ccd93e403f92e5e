"""One tree of errors for both programs: a code, its HTTP status, and what it means to the caller.

docs/errors.md is generated from `ErrorCode`, so a code cannot exist without its explanation.
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Every error code that the wire can carry.

    Attributes:
        status: the HTTP status it is sent with.
        meaning: one sentence for the caller: what happened, and what to do about it.
    """

    status: int
    meaning: str

    def __new__(cls, code: str, status: int, meaning: str) -> "ErrorCode":
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        member.meaning = meaning
        return member

    INVALID_JSON = "invalid_json", 400, "The body is not a JSON object in UTF-8."
    INVALID_REQUEST = (
        "invalid_request",
        400,
        "A field is missing or has a value that is not allowed; `param` names it.",
    )
    UNSUPPORTED_FIELD = (
        "unsupported_field",
        400,
        "The field would change the answer and cannot be honoured yet; `param` names it. Leave it out.",
    )
    GRAMMAR_NOT_ENFORCEABLE = (
        "grammar_not_enforceable",
        400,
        "The schema, pattern or grammar is invalid or cannot be enforced as a whole; the message says why.",
    )
    CONTEXT_LENGTH_EXCEEDED = (
        "context_length_exceeded",
        400,
        "The prompt is longer than the model's context window. It is never truncated: shorten it.",
    )
    CHAT_TEMPLATE_MISSING = (
        "chat_template_missing",
        400,
        "The model's folder has no chat template, so it takes `/v1/completions` only.",
    )
    CHAT_TEMPLATE_FAILED = (
        "chat_template_failed",
        400,
        "The model's chat template refused these messages or took too long; the message says why.",
    )
    AUTHENTICATION_REQUIRED = (
        "authentication_required",
        401,
        "Send an API key as `Authorization: Bearer` or `x-api-key`, or sign in.",
    )
    INVALID_API_KEY = (
        "invalid_api_key",
        401,
        "The key or session is unknown, has expired, or was revoked.",
    )
    SIGN_IN_FAILED = "sign_in_failed", 401, "The name or the password is wrong."
    REFRESH_FAILED = (
        "refresh_failed",
        401,
        "The session is over: it expired, was revoked, or its refresh token was used twice. Sign in again.",
    )
    PERMISSION_DENIED = (
        "permission_denied",
        403,
        "The credential is valid and not good for this; the message says what it lacks.",
    )
    NOT_APPROVED = "not_approved", 403, "The user is known, and an administrator has yet to approve them."
    MODEL_NOT_ALLOWED = "model_not_allowed", 403, "The key may not ask for this model; it lists those it may."
    SETUP_NOT_ALLOWED = (
        "setup_not_allowed",
        403,
        "The first administrator is made on this machine, or with the token that the terminal shows.",
    )
    HOST_NOT_ALLOWED = (
        "host_not_allowed",
        403,
        "The Host header names another machine. Call the server by 127.0.0.1 or localhost.",
    )
    ORIGIN_NOT_ALLOWED = (
        "origin_not_allowed",
        403,
        "A web page from another site made this request. Pages on this machine alone may call the server.",
    )
    FORWARDED_NOT_TRUSTED = (
        "forwarded_not_trusted",
        401,
        "The request came through a proxy, so it is not trusted as local; send an API key.",
    )
    MODEL_NOT_FOUND = "model_not_found", 404, "No model has this id; `GET /v1/models` lists those there are."
    ROUTE_NOT_FOUND = (
        "route_not_found",
        404,
        "There is nothing at this path; `/openapi.json` lists the routes.",
    )
    NOT_FOUND = "not_found", 404, "There is no such thing, or it is somebody else's."
    METHOD_NOT_ALLOWED = "method_not_allowed", 405, "The path exists, but not for this HTTP method."
    MODEL_NAME_COLLIDES = (
        "model_name_collides",
        409,
        "The name is an alias and also a model's id, so it is refused; the message names both.",
    )
    ALREADY_EXISTS = "already_exists", 409, "Something of this name is there already."
    MODEL_IN_USE = (
        "model_in_use",
        409,
        "The model is loaded or answers requests now; unload it first, or wait until they have ended.",
    )
    UNSAFE_MODEL = (
        "unsafe_model",
        400,
        "The model has pickled weights or code of its own, which could do anything; allow it to get it.",
    )
    CONFLICT = "conflict", 409, "It cannot be done as things are; the message says what stands against it."
    BODY_TOO_LARGE = (
        "body_too_large",
        413,
        "The request's body is over the limit, `MLX_SERVER_MAX_REQUEST_BODY_MB`.",
    )
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported_media_type",
        415,
        "Send the body as `Content-Type: application/json`, plain or in gzip, zstd or deflate.",
    )
    QUEUE_FULL = (
        "queue_full",
        429,
        "Too many requests are waiting for this model; try again after `Retry-After`.",
    )
    RATE_LIMIT_EXCEEDED = (
        "rate_limit_exceeded",
        429,
        "The key has used up its requests for this minute or its tokens for today; see `Retry-After`.",
    )
    SIGN_IN_THROTTLED = (
        "sign_in_throttled",
        429,
        "Too many sign-ins have failed; try again after `Retry-After`.",
    )
    INTERNAL_ERROR = (
        "internal_error",
        500,
        "A fault of the server; its log has the details under the request's id.",
    )
    ENGINE_ERROR = "engine_error", 500, "The model's step failed for this request; others went on."
    WORKER_DIED = (
        "worker_died",
        500,
        "The model's worker process ended. The next request starts a new one: send this one again.",
    )
    READER_TOO_SLOW = (
        "reader_too_slow",
        500,
        "The client read its stream so slowly that too much of the answer was waiting for it.",
    )
    DEADLINE_EXCEEDED = (
        "deadline_exceeded",
        504,
        "The answer was not complete within the request's `timeout` or the server's own limit.",
    )
    MODEL_LOAD_FAILED = "model_load_failed", 503, "The model could not be loaded; the message says why."
    INSUFFICIENT_MEMORY = (
        "insufficient_memory",
        503,
        "The model needs more memory than the budget allows; the message gives both numbers.",
    )
    MEMORY_PRESSURE = (
        "memory_pressure",
        503,
        "Memory ran short, and the request that had begun last was ended; the message has the numbers.",
    )
    SERVER_UNAVAILABLE = (
        "server_unavailable",
        503,
        "The inference server does not run or does not answer; the manager says why under `/api/v1/server`.",
    )
    HUB_ACCESS_DENIED = (
        "hub_access_denied",
        403,
        "The hub does not let this token have it: accept the model's terms there, or set another token.",
    )
    HUB_NOT_FOUND = "hub_not_found", 404, "The hub has no such model, or none that this token may see."
    HUB_RATE_LIMITED = "hub_rate_limited", 429, "The hub wants fewer requests; try again after `Retry-After`."
    HUB_UNAVAILABLE = "hub_unavailable", 503, "The hub cannot be reached or failed; the message says how."
    HASH_MISMATCH = (
        "hash_mismatch",
        502,
        "What the hub sent is not what it said it would send; the file was thrown away.",
    )
    INSUFFICIENT_DISK = (
        "insufficient_disk",
        507,
        "The disk has too little room for it; the message gives both numbers.",
    )
    DATABASE_UNAVAILABLE = (
        "database_unavailable",
        503,
        "The database cannot be reached, so nobody's credential can be checked. Try again.",
    )
    CANCELLED = (
        "cancelled",
        409,
        "The request was ended before its answer was complete, by its owner or by an administrator.",
    )
    SHUTTING_DOWN = (
        "shutting_down",
        503,
        "The server is stopping and takes no new work; running work had its grace.",
    )


def code_named(name: object) -> ErrorCode | None:
    """The code that another program of ours has sent; None where it is none that this one knows."""
    return next((code for code in ErrorCode if code.value == name), None)


class ApiError(Exception):
    """A failure that the caller is told of, in the envelope of the dialect it speaks.

    Args:
        code: what went wrong; gives the HTTP status.
        message: one sentence for a person, with the numbers or names that matter.
        param: path of the field at fault, such as `messages.0.role`.
        retry_after_s: sent as `Retry-After` when set.
    """

    def __init__(
        self, code: ErrorCode, message: str, *, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s


def error_type(status: int) -> str:
    """OpenAI's `type` for an HTTP status, which both programs' envelopes have."""
    match status:
        case 401:
            return "authentication_error"
        case 403:
            return "permission_error"
        case 404:
            return "not_found_error"
        case 429:
            return "rate_limit_error"
        case _ if status < 500:
            return "invalid_request_error"
        case 503:
            return "service_unavailable_error"
        case _:
            return "server_error"
