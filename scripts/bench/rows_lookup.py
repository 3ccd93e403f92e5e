"""What prompt-lookup speculation gains a single stream whose text repeats itself."""

import json
from collections.abc import Awaitable, Callable

from bench.answers import BenchError
from bench.bench import Bench
from bench.client import ask
from bench.contenders import GREEDY, HttpServer
from bench.experiment import Arm, Experiment, Sample, Target, Value
from bench.fleet import OURS, Fleet
from bench.models import LARGE
from bench.vocabulary import Prompt

PHRASE_TOKENS = 16
REPEATS = 16
NEW_TOKENS = 128
DRAFTED = f"{OURS}, prompt lookup"


async def lookup(bench: Bench) -> None:
    """The 126 M model, where a step costs much more than its overhead."""
    with bench.fleet(LARGE) as fleet:
        options = {fleet.model.name: {"prompt_lookup": True}}
        plain = fleet.ours()
        drafted = fleet.ours({"MLX_SERVER_MODEL_OPTIONS": json.dumps(options)}, name=DRAFTED)
        texts: dict[tuple[int, str], str] = {}
        arms = [
            Arm(server.name, server.name, _single_stream(bench, fleet, server, texts))
            for server in (plain, drafted)
        ]
        targets = [
            Target(Value(DRAFTED), Value(OURS)),
            # Whichever of the two comes second in a round compares.
            *(
                Target(Value(name, "same_text"), None, 1, words="the same text as the other")
                for name in (OURS, DRAFTED)
            ),
        ]
        title = (
            f"one stream, a phrase of {PHRASE_TOKENS} tokens {REPEATS} times, {bench.scaled(NEW_TOKENS)} new"
        )
        await bench.measure(Experiment("repetitive text", title, LARGE.name, arms, targets), fleet)


def repetitive(fleet: Fleet, number: int) -> Prompt:
    """One phrase, over and over."""
    phrase = fleet.prompt(PHRASE_TOKENS, "lookup", number)
    return Prompt(phrase.text * REPEATS, phrase.ids * REPEATS)


def _single_stream(
    bench: Bench, fleet: Fleet, server: HttpServer, texts: dict[tuple[int, str], str]
) -> Callable[[int], Awaitable[Sample]]:
    max_tokens = bench.scaled(NEW_TOKENS)

    async def run(number: int) -> Sample:
        body = {"prompt": repetitive(fleet, number).text, "max_tokens": max_tokens, **GREEDY}
        answer = await ask(server.endpoint, body, keep_text=True)
        if answer.error or answer.completion_tokens != max_tokens:
            raise BenchError(f"{server.name}: {answer.error or f'{answer.completion_tokens} tokens'}")
        texts[number, server.name] = answer.text
        same = [text == answer.text for (round_, _), text in texts.items() if round_ == number]
        decode_s = answer.ended_s - answer.first_token_s
        return {
            "tokens_per_s": (answer.completion_tokens - 1) / decode_s,
            "ttft_s": answer.ttft_s,
            "same_text": float(all(same)),
        }

    return run
