"""Jobs of several files from the command line and over REST, beside a server; what was stored before there were any; taking files in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from inference.errors import BadAudio, MsstError
from inference.presets.ensembles import ensemble_of_files
from tests.conftest import Server, chord
from tests.jobs.test_lifecycle import until
from tests.webui.test_cli import msst
from webui.services.intake import take_all
from webui.services.job import Choice, Job, Result, SongFile, Spec


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three takes of a song, of different rates, channels and lengths; two have one name."""
    folder = tmp_path_factory.mktemp("takes")
    paths = [folder / "one" / "take.wav", folder / "two" / "take.wav", folder / "three.flac"]
    for path, sound, rate in zip(paths, (chord(0.6), 0.5 * chord(0.8), chord(0.5, 22050, 1)), (44100, 44100, 22050), strict=True):
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sound, rate)
    return paths


def jobs(server: Server) -> list[dict[str, Any]]:
    return list(httpx.get(f"{server.url}/api/v1/jobs", timeout=20).json()["jobs"])


def test_an_ensemble_of_files_is_a_job_like_any_other(server: Server, takes: list[Path], tmp_path: Path) -> None:
    ran = msst(
        server.home,
        "ensemble",
        *takes,
        "-o",
        tmp_path / "all.wav",
        "-a",
        "median_wave",
        "-w",
        "2,1",
        "-w",
        "1",
        "--picture",
        tmp_path / "p.svg",
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(tmp_path / "all.wav")]
    assert soundfile.info(tmp_path / "all.wav").frames == soundfile.info(takes[1]).frames
    assert "disagreement: " in ran.stderr
    job = jobs(server)[0]
    assert (job["title"], job["file"], job["more_files"]) == ("take", "take.wav", ["take.wav", "three.flac"])
    assert (job["state"], job["source"], job["preset"]) == ("completed", "cli", "Ensemble of 3 files")
    (result,) = job["results"]
    assert result["file"] == "take_ensemble.wav"
    assert -100 <= result["disagreement"] < 20
    picture = f"{server.url}/api/v1/jobs/{job['id']}/stems/{result['file']}/disagreement"
    answer = httpx.get(picture)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.text == (tmp_path / "p.svg").read_text(encoding="utf-8")
    again = httpx.post(f"{server.url}/api/v1/jobs/{job['id']}/rerun").json()
    assert again["more_files"] == job["more_files"]
    until(lambda: httpx.get(f"{server.url}/api/v1/jobs/{again['id']}").json()["state"] == "completed")
    files = [server.home / "results" / each / "extra_output" / "take_ensemble.wav" for each in (job["id"], again["id"])]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(list((server.home / "inputs" / job["id"]).iterdir())) == 3
    log = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}/log").json()["lines"]
    assert sum(line["message"].startswith("accepted") for line in log) == 3
    assert httpx.delete(f"{server.url}/api/v1/jobs/{job['id']}").status_code == 200
    assert not (server.home / "inputs" / job["id"]).exists()
    (server.home / "inputs" / again["id"] / "three.flac").unlink()
    assert httpx.post(f"{server.url}/api/v1/jobs/{again['id']}/rerun").status_code == 410


def test_an_ensemble_of_models_and_a_result_without_a_picture(server: Server, song: Path, tmp_path: Path) -> None:
    members = ["--member", "spleeter_2stems:vocals:2", "--member", "SPLEETER_2STEMS:accompaniment"]
    ran = msst(server.home, "ensemble", "--mixture", song, *members, "--residual", "-o", tmp_path, "-f", "flac")
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song_ensemble.flac", "song_residual.flac"]
    both = sum(soundfile.read(path)[0] for path in tmp_path.iterdir())
    assert np.abs(both - soundfile.read(song)[0]).max() < 1e-4
    ran = msst(server.home, "separate", song, "-m", "spleeter_2stems", "-o", tmp_path / "stems")
    assert ran.returncode == 0, ran.stderr
    job = jobs(server)[0]
    assert [result["disagreement"] for result in job["results"]] == [None, None]
    answer = httpx.get(f"{server.url}/api/v1/jobs/{job['id']}/stems/song_vocals.wav/disagreement")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_file")


def test_a_preset_file_with_a_branch(server: Server, song: Path, takes: list[Path], tmp_path: Path) -> None:
    """A preset that nobody stored, and results apart from the main one."""
    preset = {
        "version": "2.0.0",
        "steps": [
            {"kind": "separate", "name": "s", "model": "spleeter_2stems"},
            {"kind": "effects", "name": "e", "input": "s.vocals", "chain": [{"effect": "gain", "db": -6}]},
        ],
        "outputs": [{"from": "e", "name": "{song}_soft"}, {"from": "s.accompaniment"}],
    }
    file = tmp_path / "Soft.json"
    file.write_text(json.dumps(preset), encoding="utf-8")
    ran = msst(server.home, "separate", song, "-p", file, "-o", tmp_path / "out", "--no-extra-output")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out" / "song_soft.wav").is_file()
    assert (tmp_path / "out" / "extra_output" / "song_accompaniment.wav").is_file()
    preset["steps"][0]["input"] = "file2"
    file.write_text(json.dumps(preset), encoding="utf-8")
    ran = msst(server.home, "separate", song, "-p", file, "-o", tmp_path / "no")
    assert ran.returncode == 2
    assert "s reads file2, and the job has 1 file" in ran.stderr
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["SONG"], "an ensemble of 1"),
        (["SONG", "missing.wav"], "missing.wav"),
        (["SONG", "SONG", "-a", "best"], "'best'"),
        (["SONG", "SONG", "-w", "1,2,3"], "3 weights for 2 members"),
        (["SONG", "SONG", "-w", "a"], "--weight 'a'"),
        (["SONG", "SONG", "-o", "x.flac", "-f", "mp3"], "x.flac"),
        (["SONG", "SONG", "-f", "mp9"], "mp9"),
        (["SONG", "SONG", "--residual"], "--mixture"),
        (["SONG", "--mixture", "SONG", "--member", "spleeter_2stems:vocals"], "either files"),
        (["--mixture", "SONG", "--member", "spleeter_2stems:vocals:x", "--member", "b"], "'spleeter_2stems:vocals:x'"),
        (["--mixture", "SONG", "--member", "spleeter_2stems:vocals", "--member", "spleeter_2stems:drums"], "'drums'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, song: Path, arguments: list[str], said: str) -> None:
    ran = msst(tmp_path / "home", "ensemble", *[str(song) if each == "SONG" else each for each in arguments])
    assert ran.returncode == 2, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


SPEC = Spec(
    title="a",
    file="a.wav",
    input="a.wav",
    song="a",
    source="cli",
    choice=Choice(model="m"),
    preset={},
    container="wav",
    subtype="",
    device="cpu",
    created_at=0.0,
    time_limit=1.0,
    duration=None,
)


def test_jobs_from_before_there_were_several_files() -> None:
    old = json.loads(json.dumps(SPEC.to_json()))
    del old["more"]
    del old["choice"]["inline"]
    assert Spec.from_json(old) == SPEC
    assert SPEC.inputs == ("a.wav",)
    several = Spec(**{**SPEC.__dict__, "more": (SongFile("b", "b"),), "choice": Choice(inline=json.dumps(ensemble_of_files(2)))})
    assert Spec.from_json(json.loads(json.dumps(several.to_json()))) == several
    result = asdict(Result("f", "s", 1, 1, 1, 1, 0, "p", None))
    older = {key: value for key, value in result.items() if key not in ("main", "disagreement", "picture")}
    assert Result(**older) == Result("f", "s", 1, 1, 1, 1, 0, "p", None)


def test_a_result_is_called_as_its_preset_named_it() -> None:
    results = [Result(file, "other", 1, 1, 1, 1, 0, "p", None) for file in ("a_backing_vocals.flac", "a_other.wav", "other of a.wav")]
    job = Job("1", SPEC, "completed", results=results)
    assert [result["label"] for result in job.to_json()["results"]] == ["backing_vocals", "other", "other"]
    mix = Job("1", Spec(**{**SPEC.__dict__, "choice": Choice(model="m", tool="mix")}), "completed", results=results[:1])
    assert mix.to_json()["results"][0]["label"] == "other"


class _Prober:
    """Finds that a name tells what is in a file."""

    def probe(self, path: str) -> dict[str, Any]:
        if "broken" in path:
            raise BadAudio("it is no sound", hint="Convert it.", reason="test")
        return {"sample_rate": 10, "channels": 1, "frames": 25, "container": "wav"}


def test_files_are_taken_in_under_names_of_their_own(tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("1", "2", "3")]
    for source in sources:
        source.write_bytes(source.name.encode())
    folder = tmp_path / "in"
    folder.mkdir()
    named = list(zip(sources, ("C:\\x\\my song.wav", "my song.wav", "../"), strict=True))
    taken = take_all(named, folder, _Prober())  # type: ignore[arg-type] # it probes
    assert [(each.file, each.input, each.duration) for each in taken] == [
        ("my song.wav", "my_song.wav", 2.5),
        ("my song.wav", "2_my_song.wav", 2.5),
        ("..", "song", 2.5),
    ]
    assert [(folder / each.input).read_bytes() for each in taken] == [b"1", b"2", b"3"]


def test_of_several_files_the_broken_one_is_named(tmp_path: Path) -> None:
    source = tmp_path / "x"
    source.write_bytes(b"x")
    with pytest.raises(MsstError, match=r"'broken\.wav': it is no sound") as raised:
        take_all([(source, "a.wav"), (source, "broken.wav")], tmp_path, _Prober())  # type: ignore[arg-type] # it probes
    assert (raised.value.code, raised.value.hint) == ("bad_audio", "Convert it.")
    assert raised.value.params == {"reason": "test", "file": "broken.wav"}
    with pytest.raises(BadAudio, match=r"^it is no sound$"):
        take_all([(source, "broken.wav")], tmp_path, _Prober())  # type: ignore[arg-type] # it probes
