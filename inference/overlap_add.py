"""Run a network over a song of any length: cut it into overlapping chunks, join the answers with windows.

    song        |----------------------------------------------|
    border  |bbb|                                              |bbb|      mirrored or silent, cropped away again
    chunk 0 [===========]
    chunk 1     [===========]                                             one starts every `step` samples
    chunk 2         [===========]
            ^--^ finished once chunk 0 is added: chunk 1 starts after it

The answer at a sample is the mean of the chunks that cover it, weighted by their windows:
`y(t) = sum_k w_k(t) y_k(t) / sum_k w_k(t)`. As chunk k + 1 starts `step` samples after chunk k, the first `step` samples of a
chunk are finished as soon as it is added (all of the last one's), and only the rest is carried to the next: memory is
O(chunk x batch x stems) and does not know the length of the song.

What differs between model families is in a `Plan`, which the model supplies. There is no other difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

Network = Callable[[Tensor, Sequence[int]], Tensor]
"""Answers chunks [B, C, chunk] with [B, S, C, n]; n may be a little less than chunk, where a hop does not divide it.

The second argument says for each chunk how many of its samples are the song with its borders: the rest fills up the last ones.
"""


@dataclass(frozen=True, eq=False)
class Plan:
    """How a song is cut for a network, and how its answers are joined. Lengths are in samples.

    Raises:
        ValueError: lengths that contradict each other.
    """

    window: Tensor  # [chunk], not negative: the weight of each sample of a chunk's answer
    step: int  # from the start of a chunk to the start of the next, 1 .. chunk
    first_window: Tensor | None = None  # [chunk]: for the first chunk of the song, where it differs
    last_window: Tensor | None = None  # [chunk]: for the last one on the grid (a chunk that is both takes first_window)
    border: int = 0  # samples put before and after the song, 0 .. chunk - 1
    border_mode: Literal["reflect", "zeros"] = "zeros"  # "reflect" mirrors; songs of at most 2 * border samples then get no border
    tail_mode: Literal["reflect", "zeros"] = "zeros"  # fills a chunk that runs past the end; "reflect" only one more than half full
    batch: int = 1  # chunks in one call of the network
    silence: bool = False  # whether the network answers digital silence with silence, so that it need not be asked
    reach: int | None = None  # samples that the network surely answers: the first chunk whose answer reaches the end of the song is then
    # the last one, where the published loops (None) go on while one starts inside the song

    def __post_init__(self) -> None:
        if not 1 <= self.step <= self.chunk:
            raise ValueError(f"a step of {self.step} samples leaves holes or goes nowhere in chunks of {self.chunk}")
        if not 0 <= self.border < self.chunk:
            raise ValueError(f"a border of {self.border} samples does not fit chunks of {self.chunk}")
        if self.reach is not None and not self.step <= self.reach <= self.chunk:
            raise ValueError(f"an answer of {self.reach} samples to chunks of {self.chunk} that start every {self.step}")
        if self.batch < 1:
            raise ValueError(f"a batch of {self.batch} chunks")
        for window in (self.first_window, self.last_window):
            if window is not None and window.shape != self.window.shape:
                raise ValueError(f"windows of {self.chunk} and {window.shape[-1]} samples in one plan")

    @property
    def chunk(self) -> int:
        """Samples the network sees at once."""
        return self.window.shape[-1]

    def window_of(self, chunk: Chunk) -> Tensor:
        """The weights [chunk] of this chunk's answer."""
        if chunk.first and self.first_window is not None:
            return self.first_window
        if chunk.last and self.last_window is not None:
            return self.last_window
        return self.window

    @classmethod
    def faded(cls, chunk: int, num_overlap: int, *, batch: int = 1) -> Plan:
        """The loop of the MSST training code: linear fades of a tenth of a chunk, mirrored borders.

        Its fades reach zero, so with num_overlap = 1 neighbours leave a hole. Ours stop just above zero.
        """
        fade = max(chunk // 10, 1)
        step = max(chunk // num_overlap, 1)
        window = torch.ones(chunk)
        window[:fade] = torch.linspace(0, 1, fade)
        window[-fade:] = torch.linspace(1, 0, fade)
        window = window.clamp_min(1e-7)
        first, last = window.clone(), window.clone()
        first[:fade] = 1
        last[-fade:] = 1
        return cls(window, step, first, last, chunk - step, "reflect", "reflect", batch)

    @classmethod
    def crossfaded(cls, chunk: int, fade: int, *, shifts: int = 1, batch: int = 1, reach: int | None = None) -> Plan:
        """Neighbours overlap by `fade` samples only, and cross-fade there with raised cosines that add up to one.

        With `shifts`, as many grids are laid over the song and averaged; each starts a fraction of a step after the one before.
        With `reach`, no chunk is computed that covers nothing new: a song of one chunk takes one call.
        """
        fade = min(fade, chunk // 2)
        rise = torch.sin((torch.arange(fade) + 0.5) * (torch.pi / 2 / max(fade, 1))).square()
        window = torch.cat([rise, torch.ones(chunk - 2 * fade), rise.flip(0)])
        first, last = window.clone(), window.clone()
        first[:fade] = 1
        last[chunk - fade :] = 1
        step = max((chunk - fade) // shifts, 1)
        reach = None if reach is None or reach < step else reach
        return cls(window, step, first, last, tail_mode="reflect", batch=batch, reach=reach)

    @classmethod
    def segments(cls, chunk: int, num_overlap: int, *, batch: int = 1) -> Plan:
        """The loop of Demucs as the MSST training code runs it: no borders, no fades, a plain mean."""
        return cls(torch.ones(chunk), max(chunk // num_overlap, 1), batch=batch)


class Chunk(NamedTuple):
    """A piece of the song for the network."""

    audio: Tensor  # [C, chunk]
    known: int  # samples before the filling: chunk, or less at the end of the song
    first: bool
    last: bool
    finished: slice  # within the chunk: the samples of the song that are final once this chunk is added


def overlap_add(
    blocks: Iterable[Tensor],
    network: Network,
    plan: Plan,
    *,
    stems: int,
    on_done: Callable[[int], None] | None = None,
    batch_size: Callable[[], int] | None = None,
) -> Iterator[Tensor]:
    """Separate a stream.

    Args:
        blocks: the song as float32 [C, n], in blocks of any length. Where they live, the work is done.
        network: answers chunks.
        plan: the grid, borders and windows.
        stems: S.
        on_done: told, after every chunk, how many samples of the song are finished. May raise (Cancelled, say) to stop.
        batch_size: asked before each call of the network how many chunks it takes; None for the plan's number.

    Yields:
        [S, C, n], as long together as the song. Nothing for a song of no samples.
    """
    joint = _Joint(plan)
    done = 0
    for batch in _batches(_chunks(blocks, plan), batch_size or (lambda: plan.batch)):
        for chunk, answer in zip(batch, _ask(network, batch, plan, stems), strict=True):
            finished = joint.add(answer, plan.window_of(chunk), chunk.finished)
            done += finished.shape[-1]
            if on_done is not None:
                on_done(done)
            if finished.shape[-1]:
                yield finished


def _chunks(blocks: Iterable[Tensor], plan: Plan) -> Iterator[Chunk]:
    """Cut the song with its borders. Chunks that lie wholly behind its end are left out."""
    song = _Reader(blocks)
    bordered, border = _bordered(song, plan)
    padded = _Reader(bordered)
    settled = plan.reach or plan.step  # samples that a chunk finishes when it is the last one
    enough = max(plan.chunk, settled + 1)  # whether it is shows one sample behind them
    audio, start = padded.take(enough), 0
    while song.count:
        end = border + song.count - start  # of the song as read so far: exact wherever it is near enough to matter
        if end <= 0:
            return
        last = audio.shape[-1] <= settled
        ready = settled if last else plan.step
        finished = slice(min(max(border - start, 0), ready), min(ready, end))
        known = min(audio.shape[-1], plan.chunk)
        yield Chunk(_filled(audio[:, :known], plan), known, start == 0, last, finished)
        if last and plan.reach:
            return
        rest = audio[:, plan.step :]
        more = padded.take(enough - rest.shape[-1])
        audio = torch.cat([rest, more], -1) if more.shape[-1] else rest
        start += plan.step


def _bordered(song: _Reader, plan: Plan) -> tuple[Iterator[Tensor], int]:
    """The song between its borders as blocks [C, n], and how long each border is."""
    border = plan.border
    if not border:
        return iter(song), 0
    head = song.take(2 * border + 1)
    if plan.border_mode == "reflect" and head.shape[-1] <= 2 * border:
        return iter([head]), 0  # too short to mirror
    return _between(head, song, border, plan.border_mode == "reflect"), border


def _between(head: Tensor, song: _Reader, border: int, mirrored: bool) -> Iterator[Tensor]:
    """A border, `head`, the rest of the song, a border. A mirror leaves out the sample it stands on."""
    silence = head.new_zeros(head.shape[0], border)
    yield head[:, 1 : border + 1].flip(-1) if mirrored else silence
    yield head
    recent = _Ring(head[:, -border - 1 :])
    for block in song:
        yield block
        recent.add(block)
    yield recent.in_order()[:, :-1].flip(-1) if mirrored else silence


def _filled(audio: Tensor, plan: Plan) -> Tensor:
    """`audio` [C, n], up to a whole chunk."""
    missing = plan.chunk - audio.shape[-1]
    if not missing:
        return audio
    mirrored = plan.tail_mode == "reflect" and audio.shape[-1] > plan.chunk // 2
    return F.pad(audio, (0, missing), mode="reflect" if mirrored else "constant")


def _batches(chunks: Iterator[Chunk], size: Callable[[], int]) -> Iterator[list[Chunk]]:
    batch: list[Chunk] = []
    for chunk in chunks:
        batch.append(chunk)
        if len(batch) >= size():
            yield batch
            batch = []
    if batch:
        yield batch


@torch.inference_mode()
def _ask(network: Network, batch: list[Chunk], plan: Plan, stems: int) -> list[Tensor]:
    """The network's answer [S, C, n] to each chunk. Where silence answers silence, a silent chunk is not put to the network."""
    asked = [chunk for chunk in batch if not plan.silence or chunk.audio.any()]
    answers = iter(network(torch.stack([chunk.audio for chunk in asked]), [chunk.known for chunk in asked]) if asked else ())
    silence = batch[0].audio.new_zeros(()).expand(stems, *batch[0].audio.shape)
    return [next(answers) if any(chunk is one for one in asked) else silence for chunk in batch]


class _Joint:
    """Adds up windowed chunks, and keeps what still overlaps the chunks to come."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sum = torch.zeros(())  # [S, C, chunk - step] once there is a chunk
        self.weight = torch.zeros(())  # [chunk - step]
        self._windows: dict[int, Tensor] = {}  # those of the plan, where the answers are

    @torch.inference_mode()
    def add(self, answer: Tensor, window: Tensor, finished: slice) -> Tensor:
        """Add the next chunk's answer [S, C, n]. Returns the weighted mean where it is finished now, [S, C, ...]."""
        chunk, step = self.plan.chunk, self.plan.step
        known = min(answer.shape[-1], chunk)
        weight = F.pad(self._there(window, answer.device)[:known], (0, chunk - known))
        total = F.pad(answer[..., :known], (0, chunk - known)) * weight
        weight[: chunk - step] += self.weight
        total[..., : chunk - step] += self.sum
        self.sum, self.weight = total[..., step:].clone(), weight[step:].clone()
        return total[..., finished] / weight[finished].clamp_min(torch.finfo(weight.dtype).tiny)

    def _there(self, window: Tensor, device: torch.device) -> Tensor:
        """A window of the plan on this device: to send it there with every chunk would make a GPU wait for it."""
        found = self._windows.get(id(window))
        if found is None or found.device != device:
            found = self._windows[id(window)] = window.to(device)
        return found


class _Ring:
    """The last samples [C, n] of a stream, in one piece of memory: blocks that were kept would lie scattered in the heap."""

    def __init__(self, first: Tensor) -> None:
        self._samples = first.clone()
        self._start = 0  # of the oldest

    def add(self, block: Tensor) -> None:
        """The next block [C, m]."""
        size = self._samples.shape[-1]
        block = block[:, -size:]
        length = block.shape[-1]
        until_end = min(size - self._start, length)
        self._samples[:, self._start : self._start + until_end] = block[:, :until_end]
        self._samples[:, : length - until_end] = block[:, until_end:]
        self._start = (self._start + length) % size

    def in_order(self) -> Tensor:
        """[C, n], the oldest first."""
        return self._samples.roll(-self._start, -1)


class _Reader:
    """A stream of blocks [C, n], taken in pieces of any length."""

    def __init__(self, blocks: Iterable[Tensor]) -> None:
        self.blocks = iter(blocks)
        self.surplus: Tensor | None = None  # read, but not taken
        self.count = 0  # samples read so far

    def __iter__(self) -> Iterator[Tensor]:
        surplus, self.surplus = self.surplus, None
        if surplus is not None:
            yield surplus
        for block in self.blocks:
            self.count += block.shape[-1]
            yield block

    def take(self, samples: int) -> Tensor:
        """The next `samples` samples [C, n]; fewer only at the end of the stream."""
        pieces: list[Tensor] = []
        missing = samples
        for block in self:
            piece = block[:, :missing]
            pieces.append(piece)
            missing -= piece.shape[-1]
            if not missing:
                self.surplus = block[:, piece.shape[-1] :]
                break
        return torch.cat(pieces, -1) if pieces else torch.zeros(1, 0)
