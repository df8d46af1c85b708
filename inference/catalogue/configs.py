"""Reading a model's YAML: safely, with what is met in the wild, and never more than data.

Published files use `!!python/tuple` and numbers such as `1e-3`, which plain YAML 1.1 takes for text. What comes out is as from JSON:
mappings with text keys, lists, numbers, text, booleans and None, each loadable by every family.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from inference.errors import BadConfig

CONFIGS = Path(__file__).parents[2] / "configs"
MAX_BYTES = 1_000_000  # the largest published one has 20 kB
MAX_NODES = 200_000  # of the whole: aliases of aliases grow without end


def read_config(path: Path) -> dict[str, Any]:
    """The configuration in a YAML file.

    Raises:
        BadConfig: missing, too large, not YAML, or not a mapping; the message names the file and the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadConfig(f"{path.name} is too large for a model's configuration", file=path.name)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadConfig(f"the configuration {path.name} cannot be read: {error.strerror}", file=path.name) from error
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path.name} is not text in UTF-8", file=path.name, reason="no_yaml") from error
    return parse_config(text, path.name)


def parse_config(text: str, name: str = "config") -> dict[str, Any]:
    """The configuration in the text of a YAML file called `name`. Raises BadConfig."""
    import yaml

    try:
        found = yaml.load(text, _loader())  # noqa: S506 - the loader is a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise BadConfig(f"{name}{line} is not a configuration in YAML: {problem}", file=name, reason="no_yaml") from error
    if not isinstance(found, Mapping):
        raise BadConfig(f"{name} is not a configuration: it has no sections", file=name, reason="no_yaml")
    plain: dict[str, Any] = _Plain(name).of(found)
    return plain


class _Plain:
    """Makes what YAML gave into what JSON could have given."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0

    def of(self, value: Any) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadConfig(f"{self._name} is too large for a model's configuration", file=self._name)
        if isinstance(value, Mapping):
            return {str(key): self.of(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(each) for each in value]
        return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


@cache
def _loader() -> Any:
    """A safe YAML loader that knows tuples and 1e-3. Made when the first file is read: most runs read none."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Knows what the published files use, and nothing that runs code."""

    Loader.yaml_implicit_resolvers = {key: list(each) for key, each in base.yaml_implicit_resolvers.items()}
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("+-.0123456789"))
    Loader.add_constructor("tag:yaml.org,2002:python/tuple", lambda loader, node: tuple(loader.construct_sequence(node, deep=True)))
    return Loader


_EXPONENT = re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$")
