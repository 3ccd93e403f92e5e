"""What honoured fields do, in whatever dialect: each check fails if the server drops the field."""

from typing import Any
from uuid import uuid4

from tests.conformance.record import Ask, Effect, Field


def changes(ask: Ask, field: Field) -> None:
    """Answers are others with the field; not each draw need differ."""

    def differs(model: str, seed: int) -> bool:
        others = ask.wild | ask.length(48) | {"model": model, "seed": seed}
        with_it = ask.asked(field, **others)
        assert with_it.status == 200, with_it.body
        return with_it.text != ask.plain(**others).text

    # What does not end says more than it was taught, and is less sure of it.
    assert any(differs(model, seed) for model in ("demo", "endless") for seed in (5, 6, 7))


def limits(ask: Ask, field: Field) -> None:
    """So many tokens and no more."""
    for count in (1, 3):
        reply = ask.asked(field, count)
        assert (reply.num_drawn, reply.is_cut) == (count, True)
    assert ask.plain().num_drawn > 3


def cools(ask: Ask, field: Field) -> None:
    """The higher, the wilder; 0 is always the same."""
    assert ask.asked(field, 0, seed=1).text == ask.asked(field, 0, seed=2).text
    hot = ask.wild["temperature"]
    assert ask.asked(field, hot, seed=5).text != ask.asked(field, 0, seed=5).text


def narrows(ask: Ask, field: Field) -> None:
    """As narrow as it can be, a wild draw takes the likeliest tokens only."""
    greedy = ask.plain(temperature=0).text
    assert ask.plain(**ask.wild).text != greedy
    assert ask.asked(field, **ask.wild).text == greedy


def seeds(ask: Ask, field: Field) -> None:
    """A seed gives one answer; seeds differ."""
    draws = [ask.asked(field, seed, temperature=ask.wild["temperature"]).text for seed in (7, 7, 8)]
    assert draws[0] == draws[1] != draws[2]


def biases(ask: Ask, field: Field) -> None:
    """One token, made certain, is all there is."""
    (token,) = ask.post("/tokenize", {"model": "demo", "prompt": "Z", "add_special_tokens": False})["tokens"]
    reply = ask.asked(field, {str(token): 100})
    assert reply.text == "Z" * reply.num_drawn
    assert reply.text != ask.plain().text


def stops(ask: Ask, field: Field) -> None:
    """The text ends before the string."""
    words = ask.plain().text.split()
    reply = ask.asked(field, [words[2]])
    assert reply.text.split() == words[:2]
    assert not reply.is_cut


def goes_on(ask: Ask, field: Field) -> None:
    """The token that ends a text does not."""
    ended = ask.plain(**ask.length(300))
    assert not ended.is_cut
    longer = ask.asked(field, **ask.length(ended.num_drawn + 5))
    assert (longer.num_drawn, longer.is_cut) == (ended.num_drawn + 5, True)


def streams(ask: Ask, field: Field) -> None:
    """The answer comes in pieces that add up to it."""
    reply = ask.asked(field, True)
    assert reply.content_type.startswith("text/event-stream")
    assert reply.text == ask.plain().text
    assert len(reply.events) > 3
    assert ask.asked(field, False).content_type.startswith("application/json")


def repeats(ask: Ask, field: Field) -> None:
    """Many choices, each with a seed of its own."""
    choices = ask.asked(field, 3, **ask.wild).body["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    texts = [choice["text"] if "text" in choice else choice["message"]["content"] for choice in choices]
    assert texts[1] == ask.plain(**ask.wild | {"seed": ask.wild["seed"] + 1}).text
    assert len(ask.plain().body["choices"]) == 1


def needs_a_model(ask: Ask, field: Field) -> None:
    """Only models that there are answer."""
    assert ask.asked(field, "nobody").status == 404
    assert ask.asked(field, "demo").status == 200


def adds(key: str, **others: Any) -> Effect:
    """The answer has a key that it has not without the field."""

    def check(ask: Ask, field: Field) -> None:
        assert ask.asked(field, **others).body.get(key)
        assert not ask.plain(**others).body.get(key)

    return check


def is_salted(ask: Ask, field: Field) -> None:
    """What was read under one salt is not found under another."""
    one, other = f"salt {uuid4()}", f"salt {uuid4()}"
    first = ask.cached(ask.asked(field, one))
    assert ask.cached(ask.asked(field, one)) > first
    assert ask.cached(ask.asked(field, other)) == first == 0


def calls_once(ask: Ask, field: Field) -> None:
    """The answer ends with its first call; else the model is still asked whether it has said all."""
    without = {name: value for name, value in field.within.items() if name != field.name.partition(".")[0]}
    once, freely = ask.asked(field), ask.plain(**without)
    assert (once.status, once.ignored) == (200, ())
    assert once.num_drawn == freely.num_drawn - 1


def comes_last(ask: Ask, field: Field) -> None:
    """An interactive request that comes later begins earlier."""
    assert ask.race(ask.body(field, "background"), ask.body(field, "interactive")) == [1, 0]


def times_out(ask: Ask, field: Field) -> None:
    """What takes longer ends with 504."""
    endless = {"model": "endless", **ask.length(1000)}
    reply = ask.asked(field, 0.05, **endless)
    assert reply.status == 504
    assert ask.asked(field, 60).status == 200


def unloads(ask: Ask, field: Field) -> None:
    """A model that is not to be kept is gone soon after."""
    assert ask.asked(field, 0, model="endless", **ask.length(1)).status == 200
    ask.wait_until(lambda: ask.get("/v1/models/endless")["status"] == "unloaded", "the model is unloaded")
