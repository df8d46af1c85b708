"""A model at work: its exact and its fast form, on one device or several, smaller where memory ends.

    batch of chunks ─┬─ device 0 ─┐
                     ├─ device 1 ─┼─ answers, in order
                     └─ ...      ─┘

When memory ends, it first lets recorded kernels go (networks/graphs.py). Then it takes half the items at a time, down to one; then pieces
of chunks; then the CPU; and each time it says so and goes on at the chunk it was at.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from inference.device import describe, is_quick, rounding
from inference.errors import OutOfMemory
from inference.networks import Survey, WaveModel, graphs
from inference.networks.chunked import ChunkModel
from inference.overlap_add import Plan, overlap_add
from inference.precision import Verdicts, agreement

log = logging.getLogger(__name__)

SMALLEST_CHUNK = 1.0
"""Seconds: a chunk is halved down to this; below, too little of the song is left to see."""

Make = Callable[["torch.dtype | None"], WaveModel]
"""Makes a model on the CPU: the exact form of None, the fast form of a type."""


class Crew:
    """Answers batches of chunks. Made for one model; works on one song at a time.

    Args:
        name: of the model, for people.
        make: makes its forms.
        devices: where they work; the first one has the song.
        precision: "exact", "fast", or "auto", which asks `verdicts`.
        half: the type of the fast form on these devices, None where there is none.
        verdicts: what is known about the fast form of these weights; None to measure at every start.
        most: chunks that a card takes at once where its memory allows and the model says one.
    """

    def __init__(
        self,
        name: str,
        make: Make,
        devices: Sequence[torch.device],
        *,
        precision: str = "exact",
        half: torch.dtype | None = None,
        verdicts: Verdicts | None = None,
        most: int = 1,
    ) -> None:
        self.name = name
        self.devices = list(devices)
        self._make = make
        self._half = half if half is not None and precision != "exact" and is_quick(devices[0].type, half) else None
        self._verdicts = verdicts
        known = verdicts.get() if verdicts is not None and self._half is not None else None
        self._undecided = precision == "auto" and self._half is not None and known is None
        if precision == "auto" and known is not None and not known.fast:
            self._half = None
        self._members = [self._placed(None if self._undecided else self._half, device) for device in self.devices]
        self._fast = self._placed(self._half, self.devices[0]) if self._undecided else None
        self._shrink = _Shrink()
        self._room = _Room(self.devices[0], most if isinstance(self.model, ChunkModel) and self.model.plan.batch == 1 else 1)

    @property
    def model(self) -> WaveModel:
        """The first of its models: what they all have in common can be read there."""
        return self._members[0]

    @property
    def fast(self) -> bool | None:
        """Whether the fast form works; None while that is not decided."""
        return None if self._undecided else self._half is not None

    @property
    def batch(self) -> int:
        """Chunks that it takes at once; more from the second call on, where there is room."""
        return max(self.model.plan.batch, self._room.items) * len(self.devices)

    def modules(self) -> Iterator[nn.Module]:
        """All parts of all models, for whoever watches their progress."""
        for model in self._all():
            yield from model.modules()

    def survey(self) -> Survey | None:
        """Something that must hear a song before its chunks come; None where none of the models need it."""
        heard = [survey for survey in (model.survey() for model in self._all()) if survey is not None]
        return _Surveys(heard) if heard else None

    def answer(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """As `WaveModel.separate`.

        Raises:
            OutOfMemory: not even the CPU can hold one small chunk.
        """
        while True:
            try:
                with self._room.measured():
                    return self._answer(mixture, stems, lengths)
            except (MemoryError, RuntimeError) as error:
                if not is_memory_error(error):
                    raise
                message = str(error)
            self._give_way(mixture.shape[0], mixture.shape[-1], message)  # outside of the handler, whose traceback holds the memory

    def _answer(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        found = self._together(mixture, stems, lengths)
        if self._fast is None:
            return self._exactly(mixture, stems, lengths) if self._overflowed(found, mixture) else found
        with rounding(self.devices[0], exact=False):
            quick = self._in_parts(self._fast, mixture, stems, lengths)
        return quick if self._decide(quick, found, mixture) else found

    def _overflowed(self, found: Tensor, mixture: Tensor) -> bool:
        """Whether 16 bits were too few for a number in this chunk: half precision ends at 65504."""
        return self._half is not None and not bool(found.isfinite().all()) and bool(mixture.isfinite().all())

    def _exactly(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """The answer of the exact form, which also goes on from here."""
        log.warning("%s: a number grew too large for the fast form: the exact one goes on", self.name)
        self._replace_members(self.devices)
        self._half = None  # only now: had memory ended in between, the fast form would still be at work, and be watched
        return self._together(mixture, stems, lengths)

    def _decide(self, quick: Tensor, found: Tensor, mixture: Tensor) -> bool:
        """Whether the fast answer is to be used, now and from now on if this chunk could tell."""
        window = self.model.plan.window[: found.shape[-1]].to(found.device)  # only so much of an answer is heard
        decibels = agreement(quick * window, found * window, mixture)
        if decibels is None:
            return False
        enough = self._verdicts.put(decibels).fast if self._verdicts is not None else decibels >= 40
        log.info("%s: the fast form agrees with the exact one to %.0f dB and is %s", self.name, decibels, "used" if enough else "not used")
        if enough and self._fast is not None:
            others = [self._placed(self._half, device) for device in self.devices[1:]]
            for model, heard in zip(others, self._members[1:], strict=True):
                model.remember(heard)
            self._members = [self._fast, *others]
        else:
            self._half = None
        self._fast, self._undecided = None, False
        return enough

    def _together(self, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """All devices at once, each with its share of the items."""
        exact = self._half is None or self._undecided
        if len(self._members) == 1 or len(mixture) == 1:
            with rounding(self.devices[0], exact=exact):
                answer = self._in_parts(self.model, mixture.to(self.devices[0]), stems, lengths)
            return answer.to(mixture.device)  # elsewhere, once memory has ended there
        share = -(-len(mixture) // len(self._members))
        starts = range(0, len(mixture), share)

        @torch.inference_mode()
        def work(member: WaveModel, device: torch.device, start: int) -> Tensor:
            part = mixture[start : start + share].to(device, non_blocking=True)
            return self._in_parts(member, part, stems, lengths[start : start + share])

        with rounding(self.devices[0], exact=exact), ThreadPoolExecutor(len(self._members)) as pool:
            answers = list(pool.map(work, self._members, self.devices, starts))
        return torch.cat([answer.to(mixture.device) for answer in answers])

    def _in_parts(self, model: WaveModel, mixture: Tensor, stems: Sequence[str], lengths: Sequence[int]) -> Tensor:
        """Few items at a time, and pieces of chunks, as far as memory made that necessary."""
        step, pieces = self._shrink.items or len(mixture), self._shrink.pieces
        answers = []
        for start in range(0, len(mixture), step):
            part, known = mixture[start : start + step], lengths[start : start + step]
            whole = model.separate(part, stems, known) if pieces == 1 else self._piecewise(model, part, stems, pieces)
            answers.append(whole)
        return answers[0] if len(answers) == 1 else torch.cat(answers)

    def _piecewise(self, model: WaveModel, mixture: Tensor, stems: Sequence[str], pieces: int) -> Tensor:
        """Chunks as songs of their own, cut into shorter ones that cross-fade: the grid of the real song stays as it was."""
        length = model.shorter(mixture.shape[-1] // pieces)
        assert length is not None
        plan = Plan.crossfaded(length, length // 4)

        def one(chunk: Tensor) -> Tensor:
            found = overlap_add([chunk], lambda x, known: model.separate(x, stems, known), plan, stems=len(stems))
            return torch.cat(list(found), -1)

        return torch.stack([one(chunk) for chunk in mixture])

    def _give_way(self, items: int, samples: int, message: str) -> None:
        """Need less memory from here on, and say so."""
        where = describe(self.devices[0])
        self._room.items = 1
        recordings = graphs.release()
        if self.devices[0].type != "cpu":
            torch.cuda.empty_cache()
        if recordings:
            log.warning("%s: memory of %s is short: recorded kernels are let go", self.name, where)
        elif self._fast is not None:  # two forms at once are a luxury
            self._fast, self._undecided, self._half = None, False, None
            log.warning("%s: memory of %s is short: the fast form is not tried", self.name, where)
        elif self._shrink.fewer_items(-(-items // len(self.devices))):
            log.warning("%s: memory of %s is short: %d chunks at a time from here on", self.name, where, self._shrink.items)
        elif self._shorter_pieces(samples):
            log.warning("%s: memory of %s is short: chunks in %d pieces from here on", self.name, where, self._shrink.pieces)
        elif self.devices[0].type != "cpu":
            log.warning("%s: memory of %s is too short: the CPU goes on", self.name, where)
            self._move_to_cpu()
        else:
            raise OutOfMemory(
                f"{where} has too little memory for {self.name}",
                hint="Close other programs, or choose a smaller model.",
                reason=message,
            )

    def _shorter_pieces(self, samples: int) -> bool:
        pieces = self._shrink.pieces * 2
        length = self.model.shorter(samples // pieces)
        if length is None or length < SMALLEST_CHUNK * self.model.sample_rate:
            return False
        self._shrink.pieces = pieces
        return True

    def _move_to_cpu(self) -> None:
        cpu = torch.device("cpu")
        self._half, self._undecided = None, False
        self._replace_members([cpu])
        self.devices = [cpu]
        self._shrink = _Shrink()

    def _replace_members(self, devices: Sequence[torch.device]) -> None:
        """Exact forms on these devices from here on; they know the song as those before them did."""
        members = [self._placed(None, device) for device in devices]
        for model in members:
            model.remember(self.model)
        self._members = members

    def _placed(self, half: torch.dtype | None, device: torch.device) -> WaveModel:
        model = self._make(half)
        return model if device.type == "cpu" else _copied(model, device)

    def _all(self) -> list[WaveModel]:
        return self._members if self._fast is None else [*self._members, self._fast]


@dataclass
class _Shrink:
    """How much smaller the work has become."""

    items: int | None = None  # in one call of the network; None for as many as come
    pieces: int = 1  # of a chunk

    def fewer_items(self, tried: int) -> bool:
        """Half as many as were tried; False where that was one."""
        tried = min(tried, self.items or tried)
        self.items = max(tried // 2, 1)
        return tried > 1


class _Room:
    """How many chunks fit a card at once: what the first call took is measured, and what is left then."""

    def __init__(self, device: torch.device, most: int) -> None:
        self._device, self._most = device, most
        self._known = most <= 1 or device.type != "cuda"
        self.items = 1

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Around a call with one chunk."""
        if self._known:
            yield
            return
        before = torch.cuda.memory_allocated(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        yield
        self._known = True
        took = torch.cuda.max_memory_allocated(self._device) - before
        free = torch.cuda.mem_get_info(self._device)[0] + torch.cuda.memory_reserved(self._device) - before
        self.items = room(took, free, self._most)


def room(took: int, free: int, most: int) -> int:
    """Chunks at once, if one took so many bytes and so many are free: half of them are left to others."""
    return max(1, min(most, free // 2 // max(took, 1)))


class _Surveys:
    """Several, as one."""

    def __init__(self, surveys: Iterable[Survey]) -> None:
        self._surveys = list(surveys)

    def hear(self, block: Tensor) -> None:
        for survey in self._surveys:
            survey.hear(block)

    def finish(self) -> None:
        for survey in self._surveys:
            survey.finish()


def is_memory_error(error: Exception) -> bool:
    """Whether `error` is about memory. Only CUDA has a class for it."""
    text = str(error).lower()
    kinds = (MemoryError, torch.cuda.OutOfMemoryError)
    signs = ("out of memory", "allocate memory", "alloc_failed")  # the last is how cuBLAS, cuDNN and cuFFT say it
    return isinstance(error, kinds) or any(sign in text for sign in signs)


def _copied(model: WaveModel, device: torch.device) -> WaveModel:
    """The model on that device, and nothing of it moved there.

    Forms share layers with the published network, and so with each other: to move one would move parts of those on other devices.
    """
    assert isinstance(model, nn.Module)
    there: dict[int, object] = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        moved = tensor.detach().to(device)
        there[id(tensor)] = nn.Parameter(moved, requires_grad=False) if isinstance(tensor, nn.Parameter) else moved
    copied = copy.deepcopy(model, there)
    for layer in copied.modules():
        if isinstance(layer, nn.RNNBase):
            layer.flatten_parameters()  # cuDNN wants all its weights in one piece
    engine = getattr(copied, "engine", None)
    if isinstance(engine, nn.Module) and graphs.wanted(device):
        copied.engine = graphs.Graphed(engine)
    return cast(WaveModel, copied)
