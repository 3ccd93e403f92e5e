"""Aliases with `*`: one name of a model for many that differ in a date or a version."""

from collections.abc import Mapping


class NamePatterns:
    """Those aliases that hold `*`, which stands for any run of characters; nothing else is special."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        patterns = {alias: model_id for alias, model_id in aliases.items() if "*" in alias}
        # Sorting keeps the order of those that are equal: the first stated counts.
        self._patterns = dict(sorted(patterns.items(), key=lambda item: -_num_literals(item[0])))

    def match(self, name: str) -> str | None:
        """The model's id by the pattern with the most literal characters; a pattern is a name of itself."""
        found = (model_id for pattern, model_id in self._patterns.items() if _matches(pattern, name))
        return self._patterns.get(name) or next(found, None)


def _num_literals(pattern: str) -> int:
    return len(pattern) - pattern.count("*")


def _matches(pattern: str, name: str) -> bool:
    """Without regular expressions: names come from callers, and a long one must not take long."""
    first, *between, last = pattern.split("*")
    start, end = len(first), len(name) - len(last)
    if start > end or not name.startswith(first) or not name.endswith(last):
        return False
    for part in between:
        found = name.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True
