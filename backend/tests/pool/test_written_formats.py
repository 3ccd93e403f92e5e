"""How models write calls and reasoning is told by their templates, without loading them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.pool.model_files import describe
from mlx_manager.mlx_server.pool.sources import DEMO_PATH
from mlx_manager.mlx_server.pool.written_formats import FormatFinder, WrittenFormats


@pytest.fixture
def demo() -> ModelDescription:
    found = describe("demo", DEMO_PATH)
    assert isinstance(found, ModelDescription)
    return found


def with_template(demo: ModelDescription, folder: Path, template: str) -> ModelDescription:
    """The demo's description with a folder whose template is this."""
    (folder / "chat_template.jinja").write_text(template)
    return replace(demo, path=folder, revision=template)


def test_the_demo(demo: ModelDescription) -> None:
    assert FormatFinder().find(demo).calls == "json_in_tags"


def test_a_template_that_never_ends_tells_nothing(demo: ModelDescription, tmp_path: Path) -> None:
    forever = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    endless = f"{{% if tools %}}{forever}{{% endif %}}"
    found = FormatFinder().find(
        with_template(demo, tmp_path, endless + "<think>{{ messages[0].content }}</think>")
    )
    assert found == WrittenFormats()


def test_a_template_without_tools_has_no_format_of_calls(demo: ModelDescription, tmp_path: Path) -> None:
    plain = "{% for message in messages %}{{ message.content }}{% endfor %}"
    finder = FormatFinder()
    assert finder.find(with_template(demo, tmp_path, plain)) == WrittenFormats()
    # Changed files are another revision.
    hermes = "{{ tools }}{% for message in messages %}{{ message.content }}<tool_call>"
    written = "{% for c in message.tool_calls %}{{ c.function | tojson }}{% endfor %}</tool_call>{% endfor %}"
    assert finder.find(with_template(demo, tmp_path, hermes + written)).calls == "json_in_tags"
