"""Whether weights fit a network: built on the meta device and filled strictly, and converted on the way. Runs in a compute child."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import BadConfig, MsstError, UnknownModel

if TYPE_CHECKING:
    from inference.checkpoints import State


def inspect_weights(*, files: list[str], cache: str, name: str, family: str | None, config: dict[str, Any]) -> dict[str, Any]:
    """Check a model without running it.

    Args:
        files: of its weights, one for each network.
        cache: folder of converted weights; what is read is converted there, once.
        name: of the model, for messages.
        family: None to find it out.
        config: what the record or the YAML says. A VR model's needs its band layout only.

    Returns:
        family, config (with what the weights themselves say added), keys and parameters (counts).

    Raises:
        BadWeights: damaged, unsafe, or they do not fit; `problems` in its params lists how.
        BadConfig: no network can be built from the configuration.
        UnknownModel: a family or an option that is not supported.
    """
    import torch

    from inference.checkpoints import fill, load_weights
    from inference.detect import detect_family
    from inference.networks import build

    states = [load_weights(Path(file), Path(cache)) for file in files]
    family = family or detect_family(config, states[0])
    if family == "vr":
        config = _complete_vr(config, states[0])
    for state in states:
        try:
            with torch.device("meta"):
                network = build(family, config)
        except MsstError:
            raise
        except Exception as error:
            raise BadConfig(
                f"the configuration of {name} does not describe a network of type {family}: {type(error).__name__}: {error}",
                hint="It needs the YAML file that was published with its weights.",
                model=name,
                reason="no_network",
            ) from error
        fill(network, state, name)
    numbers = sum(value.numel() for state in states for value in state.values())
    return {"family": family, "config": config, "keys": sum(map(len, states)), "parameters": numbers}


def _complete_vr(config: Mapping[str, Any], state: State) -> dict[str, Any]:
    """A VR model's configuration with what its weights say about the network, where it does not say it itself.

    Raises:
        BadConfig: its band layout is not said, or is of another network.
    """
    from inference.checkpoints import without_prefix
    from inference.networks.vr import of_state
    from inference.networks.vr_classic import SIZES
    from inference.vr.layouts import layout, names

    about = dict(config["vr"] if isinstance(config.get("vr"), Mapping) else config)
    if "params" not in about:
        hint = f"Choose its band layout, one of: {', '.join(names())}."
        raise BadConfig("a VR model needs its band layout, which its weights do not say", hint=hint, reason="no_layout")
    try:
        found = of_state(without_prefix(state, ("out.weight",)))
    except (KeyError, ZeroDivisionError) as error:
        raise UnknownModel(f"these are no weights of a VR network: {error} is missing", reason="no_family") from error
    n_fft = 2 * layout(about["params"]).bins
    if found.get("n_fft", n_fft) != n_fft:
        raise BadConfig(
            f"the band layout has {n_fft // 2} frequencies, and the network {found['n_fft'] // 2}",
            hint="Choose another band layout: this one is of other weights.",
            reason="other_layout",
        )
    size = found.pop("size", None)
    if size is not None:
        fitting = next((key for key, value in SIZES.items() if value == size), None)
        if fitting is None:
            raise UnknownModel("a VR network of a size that is not known", hint=f"It has {size.width} channels and {size.levels} levels.")
        about.setdefault("nn_arch_size", fitting)
    return {"vr": {**found, "n_fft": n_fft, **about}}
