"""What a configuration says about its model: stems and sample rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference.errors import BadConfig, UnknownModel

RATE = 44100  # where a configuration does not say it


@dataclass(frozen=True)
class Described:
    """What a record takes from a configuration."""

    stems: tuple[str, ...]  # all that can be asked for, the target first as the configuration names them
    target: str | None  # the only stem that is computed
    rest: str | None  # the mixture minus the target
    sample_rate: int  # samples per second


def describe(family: str, config: Mapping[str, Any]) -> Described:
    """Read stems and rate off a configuration of this family.

    Raises:
        BadConfig: it names no stems.
    """
    return _of_vr(config) if family == "vr" else _of_chunks(config)


def _of_vr(config: Mapping[str, Any]) -> Described:
    from inference.vr.layouts import layout

    about = _section(config, "vr") or config
    try:
        stems = (str(about["primary_stem"]), str(about["secondary_stem"]))
        return Described(stems, None, None, layout(about["params"]).sample_rate)
    except KeyError as error:
        raise BadConfig(f"the configuration of a VR model does not say {error.args[0]}") from error
    except UnknownModel as error:
        raise BadConfig(error.message, hint=error.hint) from error


def _of_chunks(config: Mapping[str, Any]) -> Described:
    training = _section(config, "training")
    instruments = training.get("instruments")
    target = training.get("target_instrument")
    names = tuple(str(name) for name in instruments) if isinstance(instruments, (list, tuple)) else ()
    if not names and not target:
        hint = "It must have a list training.instruments, or training.target_instrument."
        raise BadConfig("the configuration names no stems", hint=hint, reason="no_stems")
    rate = _rate(config)
    if not target:
        return Described(names, None, None, rate)
    others = [name for name in names if name != target]
    rest = others[0] if len(others) == 1 else "rest" if target == "other" else "other"
    both = (str(target), rest)
    return Described(tuple(sorted(both, key=names.index)) if set(both) <= set(names) else both, str(target), rest, rate)


def _rate(config: Mapping[str, Any]) -> int:
    """As the networks read it: see `chunked.ChunkModel` and the families that know better."""
    training = _section(config, "training")
    found = _section(config, "audio").get("sample_rate") or training.get("samplerate") or _section(config, "model").get("fs") or RATE
    return int(found)


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}
