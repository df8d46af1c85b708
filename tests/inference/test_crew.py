"""The crew: precision by measurement, several devices, and what it does when memory ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.crew import Crew, _copied, is_memory_error, room
from inference.errors import OutOfMemory
from inference.networks import Config, Setup, Survey, build, wave_model
from inference.networks.chunked import ChunkModel, plan
from inference.options import Options
from inference.overlap_add import overlap_add
from inference.precision import Verdicts, agreement
from tests.families import CONFIGS
from tests.inference.test_separator import noise

CPU, META = torch.device("cpu"), torch.device("meta")
CONFIG: Config = {"audio": {"chunk_size": 44100 * 4}, "inference": {"num_overlap": 2, "batch_size": 4}}
STEMS = ("vocals", "drums")


class Engine(nn.Module):
    """Two stems; the fast form adds an error of a known size; more samples at once than `limit` are out of memory."""

    def __init__(self, error: float = 0.0, limit: float = float("inf")) -> None:
        super().__init__()
        self.layers = nn.Sequential(*[nn.Identity() for _ in range(5)])
        self.error, self.limit = error, limit
        self.calls: list[tuple[int, ...]] = []

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        self.calls.append(tuple(mixture.shape))
        if mixture.shape[0] * mixture.shape[-1] > self.limit:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        x = self.layers(mixture)
        wrong = self.error * x.flip(-1)
        return torch.stack([(0.3 + 0.4 * stem) * x + wrong for stem in stems], 1)


class Team:
    """Makes crews, and keeps the engines of their models."""

    def __init__(self, options: Options | None = None, error: float = 0.0, limit: float = float("inf")) -> None:
        self.options, self.error, self.limit = options or Options(), error, limit
        self.engines: list[tuple[torch.dtype | None, Engine]] = []

    def make(self, half: torch.dtype | None) -> ChunkModel:
        engine = Engine(self.error if half is not None else 0.0, self.limit)
        self.engines.append((half, engine))
        setup = Setup(self.options, half)
        return ChunkModel(engine, STEMS, plan(CONFIG, setup), setup, CONFIG)

    def crew(self, devices: int = 1, **arguments: object) -> Crew:
        return Crew("a model", self.make, [CPU] * devices, **arguments)  # type: ignore[arg-type]


def separated(crew: Crew, song: Tensor, batch: int = 4) -> Tensor:
    from dataclasses import replace

    answers = overlap_add([song], lambda x, known: crew.answer(x, STEMS, known), replace(crew.model.plan, batch=batch), stems=2)
    return torch.cat(list(answers), -1)


@pytest.fixture
def song() -> Tensor:
    return torch.from_numpy(noise(2, 44100 * 11 + 17))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.crew.is_quick", lambda *_: True)


@pytest.fixture
def verdicts(tmp_path: Path) -> Callable[[], Verdicts]:
    weights = tmp_path / "kim.ckpt"
    weights.write_bytes(b"weights")
    return lambda: Verdicts(tmp_path / "cache", [weights], CPU, torch.bfloat16)


@pytest.mark.parametrize(("error", "fast"), [(0.002, True), (0.05, False)])
def test_auto_measures_the_first_chunk_and_remembers(
    song: Tensor, quick: None, verdicts: Callable[[], Verdicts], error: float, fast: bool
) -> None:
    team = Team(error=error)
    crew = team.crew(precision="auto", half=torch.bfloat16, verdicts=verdicts())
    assert crew.fast is None
    found = separated(crew, song)
    assert crew.fast is fast
    known = verdicts().get()
    assert known is not None
    assert known.fast is fast
    assert known.agreement == pytest.approx(20 * np.log10(0.3 / error), abs=1.5)
    exact = separated(Team().crew(), song)
    assert (float((found - exact).abs().max()) > 1e-5) is fast

    again = Team(error=error)
    second = again.crew(precision="auto", half=torch.bfloat16, verdicts=verdicts())
    assert second.fast is fast
    assert [half is not None for half, _ in again.engines] == [fast], "one form only is made, once it is known which"
    assert torch.equal(separated(second, song), found), "the first song sounds as all later ones do"


def test_a_fast_form_that_overflows_leaves_the_song_to_the_exact_one(song: Tensor, quick: None, caplog: pytest.LogCaptureFixture) -> None:
    team = Team()
    crew = team.crew(precision="fast", half=torch.float16)
    ((half, engine),) = team.engines
    assert half is torch.float16
    engine.layers[2].register_forward_hook(lambda _layer, _inputs, x: torch.full_like(x, torch.inf) if len(engine.calls) == 2 else None)
    found = separated(crew, song, batch=1)
    assert torch.equal(found, separated(Team().crew(), song, batch=1))
    assert crew.fast is False
    assert len(engine.calls) == 2
    assert "too large for the fast form" in caplog.text


def test_a_song_with_infinite_samples_is_not_the_fast_forms_fault(song: Tensor, quick: None) -> None:
    crew = Team().crew(precision="fast", half=torch.float16)
    song[0, 1000] = torch.inf
    separated(crew, song)
    assert crew.fast is True


def test_a_chunk_of_almost_nothing_decides_nothing(song: Tensor, quick: None, verdicts: Callable[[], Verdicts]) -> None:
    crew = Team(error=0.05).crew(precision="auto", half=torch.bfloat16, verdicts=verdicts())
    separated(crew, song * 1e-4)
    assert crew.fast is None
    assert verdicts().get() is None


def test_other_weights_have_a_verdict_of_their_own(tmp_path: Path, verdicts: Callable[[], Verdicts]) -> None:
    verdicts().put(50)
    assert verdicts().get() is not None
    (tmp_path / "kim.ckpt").write_bytes(b"other weights")
    assert verdicts().get() is None


def test_a_verdict_that_cannot_be_written_only_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "w").write_bytes(b"")
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    assert Verdicts(tmp_path / "cache", [tmp_path / "w"], CPU, torch.bfloat16).put(50).fast
    assert "cannot remember" in caplog.text


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"fast": true, "more": 1}'])
def test_a_damaged_verdict_is_none(verdicts: Callable[[], Verdicts], tmp_path: Path, content: bytes) -> None:
    verdicts().put(50)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(content)
    assert verdicts().get() is None


def test_exact_and_fast_are_what_they_say(song: Tensor, quick: None) -> None:
    exact, fast = Team(error=0.05), Team(error=0.05)
    assert separated(exact.crew(precision="exact", half=torch.bfloat16), song).equal(separated(Team().crew(), song))
    assert fast.crew(precision="fast", half=torch.bfloat16).fast
    assert [half for half, _ in exact.engines] == [None]
    assert [half for half, _ in fast.engines] == [torch.bfloat16]


def test_where_sixteen_bits_are_slow_nothing_is_tried(monkeypatch: pytest.MonkeyPatch, song: Tensor) -> None:
    monkeypatch.setattr("inference.crew.is_quick", lambda *_: False)
    team = Team()
    assert team.crew(precision="auto", half=torch.bfloat16).fast is False
    assert [half for half, _ in team.engines] == [None]


def test_agreement_is_that_of_the_worst_stem() -> None:
    mixture = torch.randn(1, 2, 1000)
    exact = torch.stack([mixture, 0.1 * mixture], 1)
    error = 0.01 * torch.randn(1, 2, 1000)
    wrong = exact + torch.stack([torch.zeros_like(error), error], 1)
    assert agreement(wrong, exact, mixture) == pytest.approx(20, abs=0.7)
    assert agreement(exact, exact, mixture) == pytest.approx(200)
    assert agreement(exact * float("nan"), exact, mixture) == float("-inf")
    assert agreement(exact, exact, mixture * 1e-6) is None
    quiet = torch.stack([mixture, 1e-4 * mixture], 1)  # what nobody hears beside the mixture is not held against it
    assert agreement(quiet + torch.stack([0 * error, 0.01 * error], 1), quiet, mixture) > 45  # type: ignore[operator]


@pytest.mark.parametrize("devices", [2, 3])
def test_several_devices_share_the_chunks(song: Tensor, devices: int) -> None:
    team = Team()
    crew = team.crew(devices)
    assert crew.batch == 4 * devices
    assert torch.allclose(separated(crew, song, crew.batch), separated(Team().crew(), song), atol=1e-6)
    assert all(engine.calls for _, engine in team.engines)


@pytest.mark.parametrize(
    ("limit", "said"),
    [(2.5, ["2 chunks at a time"]), (1.5, ["2 chunks", "1 chunks"]), (0.6, ["1 chunks", "2 pieces"]), (0.3, ["2 pieces", "4 pieces"])],
)
def test_less_memory_makes_smaller_steps(song: Tensor, caplog: pytest.LogCaptureFixture, limit: float, said: list[str]) -> None:
    """`limit` in chunks. The grid stays, so the chunks that were done before are not done again, and the stems are the same."""
    crew = Team(limit=limit * 44100 * 4).crew()
    found = separated(crew, song)
    assert torch.allclose(found, separated(Team().crew(), song), atol=1e-5)
    for words in said:
        assert words in caplog.text


def test_a_device_without_memory_hands_over_to_the_cpu(
    song: Tensor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device of a kind that torch does not have here: its models are on the CPU, and its memory never suffices."""

    class Elsewhere:
        type = "xpu"
        index = 0

        def __str__(self) -> str:
            return "xpu:0"

    team = Team(limit=0)
    with monkeypatch.context() as patch:
        patch.setattr(Crew, "_placed", lambda self, half, device: self._make(half))
        patch.setattr(Tensor, "to", lambda self, *_, **__: self)
        crew = Crew("a model", team.make, [Elsewhere()])  # type: ignore[list-item]
        first, second = song[None, :, : 44100 * 4], song[None, :, 44100 : 44100 * 5]
        team.limit = float("inf")
        found = crew.answer(first, STEMS, [44100 * 4])
    assert "the CPU goes on" in caplog.text
    assert crew.devices == [CPU]
    assert torch.equal(found[:, 1], 0.7 * first)
    assert torch.equal(crew.answer(second, STEMS, [44100 * 4])[:, 0], 0.3 * second)


def test_no_memory_at_all_is_said(song: Tensor) -> None:
    with pytest.raises(OutOfMemory, match="a model") as caught:
        separated(Team(limit=0).crew(), song)
    assert "smaller model" in caught.value.hint


def test_other_errors_are_not_swallowed(song: Tensor) -> None:
    crew = Team().crew()
    with pytest.raises(ValueError, match=r"not in (tuple|list)"):
        crew.answer(song[None], ("guitar",), [1])


def test_the_fast_form_is_given_up_before_anything_else(
    song: Tensor, quick: None, verdicts: Callable[[], Verdicts], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    team = Team(error=0.001)
    crew = team.crew(precision="auto", half=torch.bfloat16, verdicts=verdicts())
    for half, engine in team.engines:
        engine.limit = 0 if half is not None else float("inf")
    assert torch.equal(separated(crew, song), separated(Team().crew(), song))
    assert crew.fast is False
    assert "not tried" in caplog.text
    assert verdicts().get() is None, "a lack of memory says nothing about the precision"


def heard(crew: Crew, song: Tensor) -> Survey | None:
    survey = crew.survey()
    if survey is not None:
        for block in song.split(10_007, -1):
            survey.hear(block[None])
        survey.finish()
    return survey


def test_normalised_songs_come_back_at_their_level(song: Tensor) -> None:
    team = Team(Options(normalize=True))
    crew = team.crew()
    loud = 0.05 * song + 0.01
    assert heard(crew, loud) is not None
    seen: list[Tensor] = []
    engine = team.engines[0][1]
    engine.layers.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    found = separated(crew, loud)
    assert float(torch.cat([x[..., 50_000:60_000].reshape(-1) for x in seen[1:3]]).std()) == pytest.approx(2**0.5, rel=0.1)
    mono = loud.mean(0)
    expected = (loud - mono.mean()) * 0.7 + mono.mean()
    assert torch.allclose(found[1], expected, atol=1e-5)


def test_silence_is_not_made_loud() -> None:
    crew = Team(Options(normalize=True)).crew()
    silence = torch.zeros(2, 50_000)
    heard(crew, silence)
    assert not separated(crew, silence).any()


def test_the_level_goes_with_the_work(song: Tensor, quick: None, verdicts: Callable[[], Verdicts]) -> None:
    """To the fast form, when it takes over."""
    crew = Team(Options(normalize=True), error=0.001).crew(precision="auto", half=torch.bfloat16, verdicts=verdicts())
    heard(crew, 0.1 * song)
    found = separated(crew, 0.1 * song)
    assert crew.fast
    assert agreement(found[None], 0.1 * torch.stack([0.3 * song, 0.7 * song])[None], 0.1 * song[None]) > 45  # type: ignore[operator]


def test_nothing_is_heard_in_vain() -> None:
    assert Team().crew().survey() is None


class Asymmetric(Engine):
    """Answers with a difference between the channels, and with a bias that polarity turns around."""

    def forward(self, mixture: Tensor, stems: Sequence[int]) -> Tensor:
        super().forward(mixture, stems)
        gains = torch.tensor([0.2, 0.6])[:, None]
        return torch.stack([mixture * gains + 0.1 for _ in stems], 1)


def test_augmentation_is_the_mean_of_what_is_turned_back(song: Tensor) -> None:
    setup = Setup(Options(tta=True))
    model = ChunkModel(Asymmetric(), STEMS, plan(CONFIG, setup), setup, CONFIG)
    x = song[None, :, :1000]
    gains, other = torch.tensor([0.2, 0.6])[:, None], torch.tensor([0.6, 0.2])[:, None]
    expected = ((x * gains + 0.1) + (x * other + 0.1) + (x * gains - 0.1)) / 3
    assert torch.allclose(model.separate(x, ["vocals"], [1000])[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("options", [Options(overlap=o, shifts=s) for o in ("standard", "fast", "high", 1, 3, 7) for s in (1, 3)])
@pytest.mark.parametrize("length", [1, 5000, 44100 * 4, 44100 * 9 + 1])
def test_every_overlap_gives_back_what_the_network_leaves(options: Options, length: int) -> None:
    """A network that scales: the stems are the scaled song, whatever the grid, at the borders too."""
    song = torch.from_numpy(noise(2, length))
    found = separated(Team(options).crew(), song)
    assert found.shape == (2, 2, length)
    assert torch.allclose(found[0], 0.3 * song, atol=1e-6)


@pytest.mark.parametrize(("options", "chunks"), [(Options(overlap="fast"), 14), (Options(overlap=1), 11), (Options(overlap=4), 42)])
def test_a_fast_overlap_costs_little_more_than_none(options: Options, chunks: int) -> None:
    team = Team(options)
    separated(team.crew(), torch.from_numpy(noise(2, 44100 * 40)), batch=1)
    assert len(team.engines[0][1].calls) == pytest.approx(chunks, abs=1)


@pytest.mark.parametrize("name", ["bandit", "scnet", "vr", "htdemucs", "htdemucs hdemucs", "mel_band_conformer", "mdx23c", "apollo"])
def test_a_form_for_another_device_is_a_copy_that_moves_nothing(name: str) -> None:
    """Forms share layers with the published network: moved in place, those of the first device would go to the second."""
    config = CONFIGS[name]
    network = build(name.split()[0], config).eval()
    first, second = (wave_model(name.split()[0], [network], config) for _ in range(2))
    elsewhere, beside = _copied(second, META), _copied(second, CPU)
    for module, kind in ((network, "cpu"), (first, "cpu"), (elsewhere, "meta"), (beside, "cpu")):
        assert isinstance(module, nn.Module)
        assert {tensor.device.type for tensor in [*module.parameters(), *module.buffers()]} == {kind}
    x = torch.from_numpy(noise(2, first.plan.chunk))[None]
    with torch.inference_mode():
        assert torch.equal(first.separate(x, first.stems, [x.shape[-1]]), beside.separate(x, beside.stems, [x.shape[-1]]))


@pytest.mark.parametrize(
    "text", ["CUDA out of memory", "CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "CUFFT_ALLOC_FAILED"]
)
def test_libraries_say_in_their_own_words_that_memory_ended(text: str) -> None:
    assert is_memory_error(RuntimeError(text))
    assert not is_memory_error(RuntimeError("CUDA error: an illegal memory access was encountered"))


@pytest.mark.parametrize(("took", "free", "most", "chunks"), [(1, 8, 4, 4), (1, 5, 4, 2), (2, 3, 4, 1), (1, 100, 1, 1), (0, 8, 4, 4)])
def test_half_of_a_cards_free_memory_is_for_more_chunks(took: int, free: int, most: int, chunks: int) -> None:
    assert room(took, free, most) == chunks


def test_more_chunks_at_once_from_the_second_call_on(song: Tensor) -> None:
    """As on a card with room: the grid is the same, and so is the song."""
    team = Team(Options(batch=1))
    crew = team.crew(most=3)
    assert crew.batch == 1
    asked: list[int] = []

    def network(chunks: Tensor, lengths: Sequence[int]) -> Tensor:
        asked.append(len(chunks))
        crew._room.items = 3
        return crew.answer(chunks, STEMS, lengths)

    found = torch.cat(list(overlap_add([song], network, crew.model.plan, stems=2, batch_size=lambda: crew.batch)), -1)
    assert asked == [1, 3, 3]
    assert torch.allclose(found, separated(Team(Options(batch=1)).crew(), song, 1), atol=1e-6)


def test_recordings_go_before_anything_becomes_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    team = Team(limit=44100 * 4)
    crew = team.crew()
    held = [True]

    def release() -> bool:
        there, held[0] = held[0], False
        for _, engine in team.engines:
            engine.limit = float("inf")
        return there

    monkeypatch.setattr("inference.crew.graphs.release", release)
    mixture = torch.ones(2, 2, 44100 * 4)
    crew.answer(mixture, STEMS, [44100 * 4] * 2)
    assert crew._shrink.items is None
