"""What a chat template can do with a wish of how much a model is to reason."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from mlx_manager.mlx_server.domain.request import TemplateHint
from mlx_manager.mlx_server.text.reasoning_formats.detection import SWITCHES
from mlx_manager.mlx_server.text.template_use import TemplateUse

_EFFORT: Final = "reasoning_effort"
# From none to all. Templates know some of them, and refuse or do not understand the others.
_EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_USUAL: Final = ("low", "medium", "high")


class Granted(NamedTuple):
    """What becomes of a wish.

    Attributes:
        is_whole: whether the wish is granted; one that the template only comes near to is not.
    """

    variables: dict[str, Any]
    is_whole: bool


def grant(hint: TemplateHint, use: TemplateUse, *, always_reasons: bool) -> Granted:
    """The variables of a wish that the template reads, an effort as one that it knows.

    Args:
        always_reasons: whether the model reasons without being asked to, so that a bare wish for it is
            granted in any case.
    """
    variables = {name: value for name, value in hint.variables.items() if name in use.variables}
    is_whole = bool(variables)
    if _EFFORT in variables:
        wanted = variables[_EFFORT]
        variables[_EFFORT] = nearest_effort(wanted, use.words)
        # Less than the least is no nothing; another variable may say so all the same.
        is_whole = len(variables) > 1 or not (wanted == "none" != variables[_EFFORT])
    elif not variables and _EFFORT not in hint.variables:
        is_whole = always_reasons and any(hint.variables.get(switch) for switch in SWITCHES)
    return Granted(variables, is_whole)


def nearest_effort(wanted: str, words: Collection[str]) -> str:
    """The effort that a template knows and that comes nearest; the higher one of two.

    Args:
        words: every text in the template. One that tells efforts apart names them; one that hands them on
            names its default at most, and its model knows the usual ones.
    """
    named = [effort for effort in _EFFORTS if effort in words]
    known = named if len(named) > 1 else sorted({*named, *_USUAL}, key=_EFFORTS.index)
    if wanted in known or wanted not in _EFFORTS:
        return wanted
    some = [effort for effort in known if effort != "none"] or known
    if wanted in ("xhigh", "max"):
        return some[-1]
    if wanted in ("none", "minimal"):
        return some[0]
    place = _EFFORTS.index(wanted)
    return min(reversed(some), key=lambda effort: abs(_EFFORTS.index(effort) - place))
