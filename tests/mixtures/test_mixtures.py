"""The built-in model on songs whose stems are known: each stem comes out at least 5 dB nearer to the truth than the mixture was."""

from __future__ import annotations

import pytest

from inference import Separator, load_catalogue
from tests.mixtures.maker import MUSIC, RATE, Audio, lacking, levelled, read, sdr, spoken, sung
from tests.mixtures.synthetic import band, singer

GAIN = 5.0  # dB
TRACKS = ["AngusBackground", "KerberosBackground", "Mr.BonesBackground", "PenBackground", "SpikeBackground"]
VOICES = ["en-us", "en-us+f3", "sung"]

from_debian = pytest.mark.skipif(bool(lacking()), reason=f"system packages are missing: {lacking()}")


@pytest.fixture(scope="module")
def separator(tmp_path_factory: pytest.TempPathFactory) -> Separator:
    """The built-in model."""
    return Separator(load_catalogue().get("spleeter_2stems"), cache=tmp_path_factory.mktemp("cache"), device="cpu")


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Audio]:
    """Two that speak and one that sings."""
    folder = tmp_path_factory.mktemp("voices")
    return {voice: sung(folder) if voice == "sung" else spoken(folder, voice) for voice in VOICES}


def gains(separator: Separator, voice: Audio, music: Audio) -> dict[str, float]:
    """How many dB nearer to the truth each stem is than the mixture."""
    mixture = voice + music
    stems = separator.separate(mixture, RATE)
    truth = {"vocals": voice, "accompaniment": music}
    assert {stem: audio.shape for stem, audio in stems.items()} == {stem: audio.shape for stem, audio in truth.items()}
    return {stem: sdr(truth[stem], stems[stem]) - sdr(truth[stem], mixture) for stem in truth}


def test_a_made_up_singer_over_a_made_up_band(separator: Separator) -> None:
    found = gains(separator, singer(), band())
    assert min(found.values()) >= GAIN, found


PAIRS = [
    pytest.param(voice, track, marks=() if i % len(VOICES) == j % len(VOICES) else pytest.mark.slow)  # each track once, all pairs when slow
    for i, voice in enumerate(VOICES)
    for j, track in enumerate(TRACKS)
]


@from_debian
@pytest.mark.parametrize(("voice", "track"), PAIRS)
def test_a_voice_over_the_music_of_a_game(separator: Separator, voices: dict[str, Audio], voice: str, track: str) -> None:
    found = gains(separator, voices[voice], levelled(read(MUSIC / f"{track}.ogg", start=10.0)))
    assert min(found.values()) >= GAIN, found
