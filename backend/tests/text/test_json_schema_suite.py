"""The JSON-Schema-Test-Suite: nothing invalid comes out of a grammar; what valid is kept out is explained."""

import os
import random
from pathlib import Path

import pytest
from json_schema_page import REASONS, all_verdicts, page
from json_schema_suite import DIALECTS, SUITE, Verdict, cases, judge

PAGE = Path(__file__).parents[3] / "docs" / "json-schema.md"
SEED = os.environ.get("MLX_TEST_SEED", "7")
# Draft 7 lets a validator decode content; here it is an annotation, as the newer draft demands.
PASSABLE = {("draft7", "optional/content")}

pytestmark = pytest.mark.skipif(
    not SUITE.is_dir(), reason="the JSON-Schema-Test-Suite is not beside this checkout"
)


def check(verdict: Verdict) -> None:
    where = f"{verdict.case.dialect.folder} {verdict.case.file}: {verdict.case.description}"
    if (verdict.case.dialect.folder, verdict.case.file) not in PASSABLE:
        assert not verdict.passed, where
    assert not verdict.invalid, where
    for instance, why in verdict.rejected:
        assert why in REASONS, f"{where}: {instance.description} is rejected without a reason"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.folder)
def test_a_sample_holds(dialect):
    for case in random.Random(SEED).sample(list(cases(dialect)), 120):
        check(judge(case, walks=3))


@pytest.mark.full
def test_the_whole_suite_holds_and_the_page_says_what_came_of_it():
    verdicts = all_verdicts()
    for verdict in verdicts:
        check(verdict)
    assert PAGE.read_text() == page(verdicts)
