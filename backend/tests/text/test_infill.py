"""A text with a gap becomes what each family of models was trained on."""

import json
from pathlib import Path

import pytest

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import InfillPrompt
from mlx_manager.mlx_server.text.infill import INFILL_MARKS, InfillMarks, arrange, find_marks
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from tests.text.text_tokenizers import byte_level_bare


def ids_of(*marks: InfillMarks) -> dict[str, int]:
    tokens = dict.fromkeys(token for one in marks for token in one.tokens)
    return {token: 1000 + index for index, token in enumerate(tokens)}


@pytest.mark.parametrize("marks", INFILL_MARKS, ids=lambda marks: marks.prefix)
def test_each_format_is_found_by_its_tokens(marks: InfillMarks) -> None:
    known = ids_of(marks)
    assert find_marks(known.get) == marks
    for token in marks.tokens:
        others = {name: token_id for name, token_id in known.items() if name != token}
        assert find_marks(others.get) is None


def test_the_parts_stand_where_the_format_has_them() -> None:
    qwen, codestral = INFILL_MARKS[0], next(one for one in INFILL_MARKS if one.prefix == "[PREFIX]")
    known = ids_of(qwen)
    assert arrange(qwen, [1, 2], [3], known.get) == [1000, 1, 2, 1001, 3, 1002]
    known = ids_of(codestral)
    assert arrange(codestral, [1, 2], [3], known.get) == [1001, 3, 1000, 1, 2]


def with_marks(folder: Path, marks: InfillMarks | None) -> Tokenizer:
    """A byte-level tokenizer, id N being byte N, with these tokens after it."""
    state = json.loads(byte_level_bare().to_str())
    names = ("<eos>", *(marks.tokens if marks is not None else ()))
    state["added_tokens"] = [
        {
            "id": 256 + index,
            "content": name,
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
        for index, name in enumerate(names)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(state))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<eos>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return Tokenizer.load(folder)


def test_a_tokenizer_encodes_the_parts_by_themselves(tmp_path: Path) -> None:
    tokenizer = with_marks(tmp_path, INFILL_MARKS[1])
    prompt = tokenizer.encode(InfillPrompt("ab", "c"))
    assert prompt.token_ids == [257, ord("a"), ord("b"), 258, ord("c"), 259]
    assert tokenizer.encode(InfillPrompt("", "c")).token_ids == [257, 258, ord("c"), 259]


def test_a_tokenizer_without_such_tokens_refuses(tmp_path: Path) -> None:
    with pytest.raises(ApiError) as caught:
        with_marks(tmp_path, None).encode(InfillPrompt("a", "b"))
    assert (caught.value.code, caught.value.param) == (ErrorCode.UNSUPPORTED_FIELD, "suffix")
