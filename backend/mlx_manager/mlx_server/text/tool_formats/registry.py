"""The formats that are known, and the order in which they are tried.

Sources: the chat templates of the models themselves, and what their cards say of calls.
"""

from typing import Final

from mlx_manager.mlx_server.text.tool_formats.base import ToolFormat
from mlx_manager.mlx_server.text.tool_formats.gemma_calls import GemmaCalls
from mlx_manager.mlx_server.text.tool_formats.harmony import HARMONY
from mlx_manager.mlx_server.text.tool_formats.json_calls import JsonCalls, Member
from mlx_manager.mlx_server.text.tool_formats.named_calls import NamedCalls
from mlx_manager.mlx_server.text.tool_formats.python_calls import PythonCalls
from mlx_manager.mlx_server.text.tool_formats.xml_calls import XmlCalls


def _deepseek(words: str) -> str:
    """One of DeepSeek's marks, which are written with a wide bar and a low block."""
    return f"<\uff5c{words.replace(' ', chr(0x2581))}\uff5c>"


_SECTION: Final = (_deepseek("tool calls begin"), _deepseek("tool calls end"))
_CALL, _SEPARATOR, _CALL_END = map(_deepseek, ("tool call begin", "tool sep", "tool call end"))

# Hermes, Qwen 2.5 and 3, SmolLM3, the demo.
JSON_IN_TAGS: Final = JsonCalls("json_in_tags", "<tool_call>", "</tool_call>")
# Qwen3-Coder, Qwen3.5, Nemotron 3, Step 3.5.
QWEN3_CODER: Final = XmlCalls(
    "qwen3_coder_xml",
    "<tool_call>",
    "</tool_call>",
    function=("<function=", ">"),
    function_end="</function>",
    key=("<parameter=", ">"),
    value="",
    value_end="</parameter>",
    is_padded=True,
)
SEED_OSS: Final = XmlCalls(
    "seed_oss",
    "<seed:tool_call>",
    "</seed:tool_call>",
    function=("<function=", ">"),
    function_end="</function>",
    key=("<parameter=", ">"),
    value="",
    value_end="</parameter>",
    is_padded=False,
)
# GLM 4.5 and later.
GLM: Final = XmlCalls(
    "glm",
    "<tool_call>",
    "</tool_call>",
    function=("", ""),
    function_end="",
    key=("<arg_key>", "</arg_key>"),
    value="<arg_value>",
    value_end="</arg_value>",
    is_padded=False,
)
KIMI_K2: Final = NamedCalls(
    "kimi_k2",
    call="<|tool_call_begin|>",
    after_name="<|tool_call_argument_begin|>",
    closing="<|tool_call_end|>",
    section=("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    prefix="functions.",
    suffix=(":", "[0-9]{1,3}"),
)
DEEPSEEK_V31: Final = NamedCalls(
    "deepseek", call=_CALL, after_name=_SEPARATOR, closing=_CALL_END, section=_SECTION
)
# DeepSeek V3 and R1.
DEEPSEEK_R1: Final = NamedCalls(
    "deepseek_r1",
    call=f"{_CALL}function{_SEPARATOR}",
    after_name="\n```json\n",
    closing=f"\n```{_CALL_END}",
    section=_SECTION,
)
# Mistral's tokenizers from version 11 on.
MISTRAL: Final = NamedCalls(
    "mistral",
    call="[TOOL_CALLS]",
    after_name="[ARGS]",
    suffix=("[CALL_ID]", "[a-zA-Z0-9]{9}"),
)
# Mistral's tokenizers before that.
MISTRAL_LIST: Final = JsonCalls(
    "mistral_list", "[TOOL_CALLS]", is_list=True, tail=Member("id", "[a-zA-Z0-9]{9}")
)
FUNCTIONARY: Final = NamedCalls("functionary", call="<function=", after_name=">", closing="</function>")
COMMAND_R7B: Final = JsonCalls(
    "command_r7b",
    "<|START_ACTION|>",
    "<|END_ACTION|>",
    is_list=True,
    name_key="tool_name",
    arguments_key="parameters",
    head=Member("tool_call_id", "[0-9]{1,3}"),
)
# Granite 3 writes no closing.
GRANITE: Final = JsonCalls("granite", "<|tool_call|>", "", is_list=True)
LLAMA3_JSON: Final = JsonCalls(
    "llama3_json",
    "",
    arguments_key="parameters",
    bare=(("{", ""), ("[", ""), ("<|python_tag|>", "")),
)
GEMMA: Final = GemmaCalls()
LFM2: Final = PythonCalls("lfm2", "<|tool_call_start|>", "<|tool_call_end|>")
OLMO3: Final = PythonCalls("olmo3", "<function_calls>", "</function_calls>", is_list=False)
# Llama 3.2 and 4, where their templates ask for it.
PYTHONIC: Final = PythonCalls("pythonic", "")
# Where nothing is known of how a model writes calls: what most models fall back to.
GENERIC: Final = JsonCalls(
    "generic_json",
    "<tool_call>",
    "</tool_call>",
    bare=(("{", ""), ("[", ""), ("```json", "```")),
)

FORMATS: Final[tuple[ToolFormat, ...]] = (
    HARMONY,
    JSON_IN_TAGS,
    QWEN3_CODER,
    SEED_OSS,
    GLM,
    KIMI_K2,
    DEEPSEEK_V31,
    DEEPSEEK_R1,
    MISTRAL,
    MISTRAL_LIST,
    COMMAND_R7B,
    GRANITE,
    GEMMA,
    LFM2,
    OLMO3,
    FUNCTIONARY,
    LLAMA3_JSON,
    PYTHONIC,
)

# Texts by which a template tells of a format without writing a call: in what it says of tools, or of their
# answers. All of a line's must be there.
SIGNS: Final[tuple[tuple[ToolFormat, tuple[str, ...]], ...]] = (
    (KIMI_K2, ("<|tool_calls_section_begin|>",)),
    (DEEPSEEK_R1, (_SECTION[0], "```json")),
    (DEEPSEEK_V31, (_SECTION[0],)),
    (LFM2, ("<|tool_list_start|>",)),
    (LFM2, ("<|tool_call_start|>",)),
    (GRANITE, ("<|tool_call|>",)),
    (GEMMA, ("<|tool_call>",)),
    (COMMAND_R7B, ("<|START_ACTION|>",)),
    (MISTRAL, ("[TOOL_CALLS]", "[ARGS]")),
    (MISTRAL_LIST, ("[TOOL_CALLS]",)),
    (SEED_OSS, ("<seed:tool_call>",)),
    (QWEN3_CODER, ("<tool_call>", "<function=", "<parameter=")),
    (GLM, ("<tool_call>", "<arg_key>")),
    (JSON_IN_TAGS, ("<tool_call>", "name")),
    (OLMO3, ("<function_calls>",)),
    (FUNCTIONARY, ("<function=", "</function>")),
    (PYTHONIC, ("[func_name1(",)),
    (LLAMA3_JSON, ("<|python_tag|>",)),
)
