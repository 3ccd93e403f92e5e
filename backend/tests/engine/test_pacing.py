"""Chunks that take about as long as the running rows can bear."""

import pytest

from mlx_manager.mlx_server.engine.pacing import Pacer


def cost(tokens: int, offset: int) -> float:
    """A machine's seconds for a chunk."""
    return 0.002 + 0.0001 * tokens + 1e-6 * tokens * (offset + tokens / 2)


def taught(step_s: float = 0.010) -> Pacer:
    pacer = Pacer(2048)
    for tokens, offset in [(32, 0), (100, 32), (256, 132), (400, 388)]:
        pacer.note_chunk(tokens, offset, cost(tokens, offset))
    pacer.note_steps(step_s, is_calm=True)
    return pacer


def test_alone_a_prompt_gets_whole_chunks() -> None:
    assert taught().chunk_tokens(0, is_decoding=False) == 2048
    assert Pacer(16).chunk_tokens(0, is_decoding=False) == 16


def test_before_anything_is_known_chunks_are_small() -> None:
    pacer = Pacer(2048)
    pacer.note_steps(0.01, is_calm=True)
    assert pacer.chunk_tokens(0, is_decoding=True) == 32


@pytest.mark.parametrize("offset", [0, 500, 4000, 30_000])
def test_a_chunk_takes_what_the_rows_can_bear(offset: int) -> None:
    tokens = taught().chunk_tokens(offset, is_decoding=True)
    assert tokens == 8 or 0.009 < cost(tokens, offset) <= 0.0121
    assert cost(8, offset) < 0.0121 or tokens == 8


def test_what_slower_steps_take_is_not_for_reading() -> None:
    pacer = taught()
    calm = pacer.chunk_tokens(0, is_decoding=True)
    for _ in range(40):
        pacer.note_steps(0.013, is_calm=False)
    slower = pacer.chunk_tokens(0, is_decoding=True)
    assert 0.0095 < cost(slower, 0) <= 0.0101 < 0.0115 < cost(calm, 0) <= 0.0121


def test_steps_of_more_rows_allow_larger_chunks_though_none_is_calm() -> None:
    pacer = taught()
    for _ in range(60):
        pacer.note_steps(0.100, is_calm=False)
    assert 0.070 < cost(pacer.chunk_tokens(0, is_decoding=True), 0) <= 0.0751


def test_chunks_shrink_as_attention_grows() -> None:
    pacer = taught()
    sizes = [pacer.chunk_tokens(offset, is_decoding=True) for offset in (0, 1000, 4000, 16_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 3 * sizes[-1]


def test_slow_steps_allow_larger_chunks() -> None:
    assert taught(0.1).chunk_tokens(0, is_decoding=True) > taught(0.01).chunk_tokens(0, is_decoding=True)


def test_nonsense_measurements_do_no_harm() -> None:
    pacer = Pacer(512)
    pacer.note_steps(0.01, is_calm=True)
    for tokens, offset in [(64, 0), (64, 64), (32, 128), (8, 160)]:
        pacer.note_chunk(tokens, offset, 0.0)
    assert 1 <= pacer.chunk_tokens(200, is_decoding=True) <= 512
    for index in range(60):  # a machine that gets slower the less it is asked
        pacer.note_chunk(200 - index, index, 1.0 + index)
    assert 1 <= pacer.chunk_tokens(200, is_decoding=True) <= 512


def test_little_knowledge_carries_only_so_far() -> None:
    pacer = Pacer(2048)
    pacer.note_steps(10.0, is_calm=True)
    pacer.note_chunk(31, 0, 0.010)
    assert pacer.chunk_tokens(0, is_decoding=True) == 62
    pacer.note_chunk(62, 0, 0.020)
    assert pacer.chunk_tokens(0, is_decoding=True) == 124


def test_rows_pause_for_as_many_short_prompts() -> None:
    pacer = taught()
    short = [(31, 0)] * 6
    assert pacer.num_in_pause(short, num_running=1) == 6
    assert pacer.num_in_pause(short, num_running=6) == 6
    assert pacer.num_in_pause(short, num_running=7) == 0
    assert pacer.num_in_pause(short[:1], num_running=0) == 0


def test_a_pause_is_no_longer_than_half_a_second() -> None:
    pacer = taught()
    prompts = [(100, 0)] * 60
    count = pacer.num_in_pause(prompts, num_running=1)
    assert count * cost(100, 0) <= 0.5001 < (count + 1) * cost(100, 0)
    assert pacer.num_in_pause(prompts, num_running=count + 1) == 0
    assert pacer.num_in_pause([(800, 2000)] * 2, num_running=1) == 0
    assert pacer.num_in_pause([(10, 0), (4000, 0)], num_running=1) == 0


def test_a_slow_model_pauses_for_forty_steps() -> None:
    prompts = [(400, 0)] * 60
    assert taught(0.010).num_in_pause(prompts, num_running=1) < taught(0.100).num_in_pause(prompts, 1)


def test_rows_get_as_much_time_before_they_pause_again() -> None:
    pacer = taught()
    short = [(31, 0)] * 6
    pacer.note_pause(0.025)
    pacer.note_steps(0.010, is_calm=True)
    pacer.note_steps(0.010, is_calm=True)
    assert pacer.num_in_pause(short, num_running=1) == 0
    pacer.note_steps(0.010, is_calm=True)
    assert pacer.num_in_pause(short, num_running=1) == 6


def test_nothing_is_paused_for_before_anything_is_known() -> None:
    assert Pacer(2048).num_in_pause([(8, 0)] * 4, num_running=1) == 0
