"""Other dialects' conversations, compared with the chat completion that says the same."""

from typing import Any

from tests.conformance.record import Ask, Effect, Field


def reads_as(*messages: dict[str, Any], **fields: Any) -> Effect:
    """The model reads what it reads of a chat completion, and answers alike; without the field it does not.

    Args:
        messages: the chat completion's.
        fields: more of its body.
    """

    def check(ask: Ask, field: Field) -> None:
        reply = ask.asked(field)
        assert reply.status == 200, reply.body
        assert field.wire_name not in reply.ignored
        chat = {"model": "demo", "messages": list(messages), **fields}
        assert reply.num_read == ask.post("/apply-template", chat)["count"]
        assert (reply.num_read, reply.text) != (ask.plain().num_read, ask.plain().text)
        if reply.text:
            short = {"max_tokens": reply.num_drawn, "temperature": 0}
            answer = ask.post("/v1/chat/completions", {**chat, **short})
            assert answer["choices"][0]["message"]["content"] == reply.text

    return check
