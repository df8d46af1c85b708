"""Names of result files: a template's fields filled in, and always one path component that a URL carries as it is.

{song}   what the job calls the song             {step}    the step that made the stem
{stem}   the stem                                {model}   its model, or the kind of step where it has none
"""

from __future__ import annotations

import os
import re
import string
import unicodedata

from inference.presets.impossible import Impossible

FIELDS = ("song", "stem", "step", "model")
DEFAULT = "{song}_{stem}"
DEFAULT_OF_TWINS = "{song}_{step}_{stem}"
"""The default where two outputs would have one name otherwise."""

MAX_BYTES = 200  # of a name without its extension, in UTF-8: room for numbers and ".opus.flac" below the 255 of most file systems
MAX_LENGTH = 100 if os.name == "nt" else MAX_BYTES  # characters: Windows wants whole paths below 260
MAX_TEMPLATE = 200  # characters

_SAFE_ASCII = re.compile(r"[A-Za-z0-9._~-]")
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))})


def fields_of(template: str) -> set[str]:
    """The fields that a template uses.

    Raises:
        Impossible: it is none: a field that does not exist, a lone brace, no field at all, a separator of paths.
    """
    if len(template) > MAX_TEMPLATE:
        raise Impossible(f"a name of more than {MAX_TEMPLATE} characters", "name_long", limit=MAX_TEMPLATE)
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise Impossible(f"{template!r} is no name: {error}", "name_braces") from error
    used = set()
    for text, field, form, conversion in parts:
        if re.search(r"[/\\\x00-\x1f]", text):
            raise Impossible(f"{template!r} names a folder: results lie side by side", "name_folder")
        if field is None:
            continue
        if field not in FIELDS or form or conversion:
            known = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise Impossible(f"there is no field {{{field}}}: the fields are {known}", "name_field", field=f"{{{field}}}")
        used.add(field)
    if not used:
        raise Impossible(
            f"{template!r} has no field, so all songs would have one name: the fields are {{song}}, {{stem}}, {{step}}, {{model}}",
            "name_constant",
            field="{song}",
        )
    return used


def filled(template: str, *, song: str, stem: str, step: str, model: str) -> str:
    """The name of a result, without its extension. `song` stays as it is given; what else a URL or a file system reserves becomes "_"."""
    values = {"song": song, "stem": safe(stem), "step": safe(step), "model": safe(model)}
    parts = string.Formatter().parse(template)
    return one_component("".join(safe(text) + (values[field] if field is not None else "") for text, field, _, _ in parts))


def safe(text: str) -> str:
    """Letters, digits and marks of any language and ``- . _ ~`` stay, everything else becomes ``_``."""
    return "".join(character if _is_safe(character) else "_" for character in unicodedata.normalize("NFC", text))


def one_component(name: str) -> str:
    """`name` as a file's name on every system: no separators, no dots at its ends, no device of Windows, not too long, never empty."""
    name = re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", name)
    name = name[:MAX_LENGTH]
    while len(name.encode("utf-8", "replace")) > MAX_BYTES:
        name = name[:-1]
    name = name.strip(". ") or "result"
    return f"_{name}" if name.split(".")[0].casefold() in _RESERVED else name


def _is_safe(character: str) -> bool:
    if character.isascii():
        return bool(_SAFE_ASCII.fullmatch(character))
    return unicodedata.category(character)[0] not in "CZ"
