"""Weights from files: read safely, converted to safetensors once, mapped from then on.

song_model.ckpt --read_pickle--> tensors --save--> cache/song_model-3f9c….safetensors --mapped--> tensors, at once
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from inference.detect import PREFIXES
from inference.errors import BadWeights, DiskFull
from inference.pickles import read_pickle

log = logging.getLogger(__name__)

MAX_PROBLEMS = 100
"""Misfits that an error lists in full; its message names three."""

State = dict[str, Tensor]
"""A network's weights by state-dict key."""


def load_weights(path: Path, cache: Path) -> State:
    """The weights in a file, mapped into memory.

    Args:
        path: a .safetensors file, or anything that `torch.save` wrote.
        cache: a folder for converted files; made if missing. Several processes may share it.

    Raises:
        BadWeights: missing, damaged, unsafe, or without weights.
        DiskFull: no room for the converted file.
    """
    if not path.is_file():
        raise BadWeights(f"the weights {path.name} are not there", hint=f"Looked for them in {path.parent}.", file=path.name)
    if _holds_safetensors(path):  # whatever its name says
        return _map(path)
    converted = cache / f"{path.stem}-{_fingerprint(path)}.safetensors"
    if converted.is_file():
        try:
            return _map(converted)
        except BadWeights:
            log.warning("%s is damaged and will be made again", converted.name)
    with ThreadPoolExecutor(1) as beside:  # both read for seconds, and neither holds the other up
        digest = beside.submit(_sha256, path)
        state = read_pickle(path)
    _save(state, {"source": path.name, "sha256": digest.result()}, converted)
    return _map(converted)


def fill(network: nn.Module, state: State, name: str) -> None:
    """Put weights into a network (which may be on the meta device); every key must be there and fit.

    Prefixes that trainers and wrappers put before all keys are taken off. Batch norm's counters may be missing: they are for
    training only. Weights in half precision become float32.

    Raises:
        BadWeights: keys are missing or unknown, or shapes differ; the message names them.
    """
    wanted = network.state_dict()
    state = without_prefix(state, wanted)
    counters = {key: torch.tensor(0) for key in wanted if key.endswith("num_batches_tracked") and key not in state}
    state = {**state, **counters}
    problems = [f"{key} is missing" for key in wanted if key not in state]
    problems += [f"{key} is not known" for key in state if key not in wanted]
    problems += [
        f"{key} is {list(state[key].shape)} instead of {list(wanted[key].shape)}"
        for key in wanted
        if key in state and state[key].shape != wanted[key].shape
    ]
    known = sum(key in wanted and key not in counters for key in state)
    if problems and known * 10 < len(wanted):
        stranger = next((key for key in state if key not in wanted), "none")
        raise BadWeights(
            f"the weights of {name} are of another kind of network: they have {known} of its {len(wanted)} keys, "
            f"and others, such as {stranger}",
            hint="Choose the model type that these weights were trained with.",
            model=name,
            reason="other_network",
        )
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise BadWeights(
            f"the weights of {name} do not fit its network: {'; '.join(problems[:3])}{more}",
            hint="They are of another model, or of another version of it.",
            model=name,
            reason="misfit",
            problems="\n".join(problems[:MAX_PROBLEMS]),
        )
    network.load_state_dict(state, assign=True)
    network.float()


def without_prefix(state: State, wanted: Collection[str]) -> State:
    """The state with the prefixes off that stand before all keys the network wants; unchanged where it fits already."""
    for _ in range(len(PREFIXES)):
        if any(key in wanted for key in state):
            return state
        prefix = next((prefix for prefix in PREFIXES if any(key.startswith(prefix) for key in state)), None)
        if prefix is None:
            return state
        state = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    return state


def _holds_safetensors(path: Path) -> bool:
    """Whether the file begins as one: the length of a header of JSON, and the JSON."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def _map(path: Path) -> State:
    try:
        state: State = load_file(path)
        return state
    except (SafetensorError, OSError, ValueError) as error:
        raise BadWeights(f"{path.name} is damaged: {error}", hint="Download it again.", file=path.name, reason="damaged") from error


def _fingerprint(path: Path) -> str:
    """Tells this file from others of its name, and from what it was before it changed. Reading it all would take longer."""
    about = path.stat()
    return hashlib.sha256(f"{path.resolve()}|{about.st_size}|{about.st_mtime_ns}".encode()).hexdigest()[:16]


def _save(state: State, about: dict[str, str], target: Path) -> None:
    """Write beside the target and rename: a reader sees all of it or nothing, whoever else writes the same."""
    temporary = target.with_suffix(f".{uuid.uuid4().hex}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        save_file(state, temporary, about)
        _replace(temporary, target)
    except (OSError, SafetensorError) as error:
        raise DiskFull(f"cannot write {target.name}: {error}", hint=f"Is there room in {target.parent}?") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _replace(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except PermissionError:  # Windows, while another process has mapped the same file: it is there, and it is the same
        if not target.is_file():
            raise
