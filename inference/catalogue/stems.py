"""What stems are called: every author has names of his own for the same thing."""

from __future__ import annotations

from collections.abc import Sequence

_SAME: dict[str, tuple[str, ...]] = {
    "vocals": ("vocal", "voices", "voice", "singing"),
    "instrumental": ("instrument", "inst", "accompaniment", "no vocals", "karaoke track"),
    "lead vocals": ("lead", "lead vocal", "karaoke"),
    "backing vocals": ("back vocal", "backing", "backing vocal", "back vocals"),
    "dry": ("noreverb", "no reverb", "no echo"),
    "no dry": ("reverb", "echo"),
    "drums": ("drum",),
    "hi-hat": ("hh", "hihat", "hi hat", "hats"),
    "effects": ("sfx", "fx"),
    "middle": ("center", "centre", "similarity", "mid"),
    "sides": ("wide", "difference", "side"),
}
_CANONICAL = {other: name for name, others in _SAME.items() for other in others}
_REST = ("other", "rest", "others")


def canonical(stem: str, stems: Sequence[str] = ()) -> str:
    """The usual name of a stem, in small letters: "vocals" for "Vocal".

    Args:
        stem: by any name.
        stems: all of the model. What a model for singing alone calls "other" is the instrumental.
    """
    plain = " ".join(stem.casefold().replace("_", " ").replace("-", " ").split())
    if plain in _REST and len(stems) == 2:
        partner = next((canonical(each) for each in stems if each != stem), "")
        if partner in ("vocals", "instrumental"):
            return "instrumental" if partner == "vocals" else "vocals"
    return _CANONICAL.get(plain, plain)


def same_stem(wanted: str, stems: Sequence[str]) -> str | None:
    """Which of a model's stems is meant: by its own name in any case, or by a usual one. None if it has none such."""
    own = next((stem for stem in stems if stem.casefold() == wanted.strip().casefold()), None)
    return own or next((stem for stem in stems if canonical(stem, stems) == canonical(wanted)), None)
