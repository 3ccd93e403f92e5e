"""Tokens per second of several streams: the small and the large model against the limit and the weak peer."""

from collections.abc import Callable, Mapping, Sequence

from bench.bench import Bench
from bench.contenders import Load
from bench.experiment import Experiment, Target, Value
from bench.fleet import LIMIT, MLX_LM, OURS, Fleet
from bench.models import LARGE, SMALL, ModelSpec
from bench.samples import arm_of

CROWD = 200
# From here on failed requests are counted; beyond it mlx_lm.server's accept queue of five is too short.
MANY = 32
# At this number also with connections that stand before the clock starts: what a server's accept queue costs.
CONNECTED = 16


def loads(
    fleet: Fleet, count: int, prompt_tokens: int, max_tokens: int, *, in_burst: bool
) -> Callable[[int], Load]:
    """A round's load: the same for every contender, new prompts each round."""

    def load(number: int) -> Load:
        prompts = fleet.prompts(count, prompt_tokens, "throughput", count, in_burst, number)
        return Load(prompts, max_tokens, in_burst=in_burst)

    return load


async def small(bench: Bench) -> None:
    """The 5 M model, where what a server adds shows most."""
    failures = Target(Value(OURS, "num_failed"), None, 0, is_minimum=False, words="requests that failed")
    targets = {
        1: [_against_limit(0.90), _against_peer(None)],
        4: [_against_limit(0.90), _against_peer(None)],
        16: [_against_limit(0.90), _against_peer(1.6)],
        MANY: [_against_limit(0.85), _against_peer(None), failures],
        bench.scaled(CROWD): [failures, _against_limit(None)],
    }
    await _throughput(bench, SMALL, 32, bench.scaled(128), targets)


async def large(bench: Bench) -> None:
    """The 126 M model, where the computation is most of the time."""
    targets = {clients: [_against_limit(0.97), _against_peer(None)] for clients in (1, 8)}
    await _throughput(bench, LARGE, 128, bench.scaled(64), targets)


def _against_limit(bound: float | None) -> Target:
    return Target(Value(OURS), Value(LIMIT), bound)


def _against_peer(bound: float | None) -> Target:
    return Target(Value(OURS), Value(MLX_LM), bound)


async def _throughput(
    bench: Bench,
    spec: ModelSpec,
    prompt_tokens: int,
    max_tokens: int,
    targets: Mapping[int, Sequence[Target]],
) -> None:
    with bench.fleet(spec) as fleet:
        contenders = bench.contenders(fleet)
        for clients, wanted in targets.items():
            load = loads(fleet, clients, prompt_tokens, max_tokens, in_burst=True)
            arms = [
                # Of ours, where failures are what is counted; of others, whose failures are theirs.
                arm_of(one, load, may_fail=clients >= MANY or one.name != OURS)
                for one in contenders
                if clients <= MANY or one.name != MLX_LM
            ]
            title = f"{_clients(clients)}, {prompt_tokens}-token prompts, {max_tokens} new"
            told = [Target(Value(guest.name), Value(LIMIT)) for guest in bench.guests]
            await bench.measure(
                Experiment(_clients(clients), title, spec.name, arms, [*wanted, *told]), fleet
            )
            if clients == CONNECTED:
                load = loads(fleet, clients, prompt_tokens, max_tokens, in_burst=False)
                arms = [arm_of(one, load, may_fail=one.name != OURS) for one in contenders]
                told = [_against_limit(None), _against_peer(None)]
                title += ", connected beforehand"
                await bench.measure(
                    Experiment(f"{_clients(clients)}, connected", title, spec.name, arms, told), fleet
                )


def _clients(count: int) -> str:
    return f"{count} client{'s' * (count > 1)}"
