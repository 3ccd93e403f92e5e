"""What is kept of grammars stays bounded, however many there are."""

import pytest
from guide_vocabulary import token_id, tokenizer, vocabulary

from mlx_manager.mlx_server.backends.grammar_checks import GrammarChecks
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.engine.guiding.compiler import GrammarCompiler
from mlx_manager.mlx_server.engine.guiding.desk import GuideDesk


@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=pytest.mark.full)])
def test_the_compiler_keeps_those_that_were_used_last(count: int) -> None:
    compiler = GrammarCompiler(vocabulary())
    for number in range(count):
        assert compiler.fault(f'start: "{number}"\n') == ""
        assert compiler.fault('start: "always"\n') == ""
    assert compiler.num_kept <= 256
    assert compiler.keeps('start: "always"\n')
    assert not compiler.keeps('start: "1"\n')


async def test_verdicts_are_remembered_and_forgotten() -> None:
    asked: list[list[str]] = []

    def send(command: wire.Check | wire.Vocabulary) -> None:
        if isinstance(command, wire.Check):
            asked.append(command.grammars)
            faults = ["it is odd" if len(text) % 2 else "" for text in command.grammars]
            checks.answered(wire.Checked(command.number, faults))

    checks = GrammarChecks(send)

    async def faults(*grammars: str) -> list[str]:
        return await checks.faults(grammars, tokenizer().to_str, [token_id("<eos>")])

    assert await faults("a", "ab", "a") == ["it is odd", "", "it is odd"]
    assert await faults("ab", "abc") == ["", "it is odd"]
    assert asked == [["a", "ab"], ["abc"]]
    for number in range(0, 10_000, 100):
        await faults(*(str(other) for other in range(number, number + 100)))
    assert checks.num_remembered <= 4096
    await faults("a")
    assert asked[-1] == ["a"]


def test_plans_are_bounded() -> None:
    ready = []
    desk = GuideDesk(300, lambda report: None, ready.append)
    desk.serve(wire.Vocabulary(tokenizer().to_str(), [token_id("<eos>")]))
    for number in range(300):
        submit = wire.Submit(
            number, [1], 5, [], 0.0, 0, 1.0, 0.0, 1, guide=wire.Guide(grammar=f'start: "{number}"\n')
        )
        desk.serve(submit)
    assert len(ready) == 300
    assert desk.num_plans <= 64
