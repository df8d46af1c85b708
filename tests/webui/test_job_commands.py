"""The commands for jobs, and songs by purpose and by address: the same services as everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.conftest import ROOT, Server, chord
from tests.webui.api.test_uploads import Web

BUILT_IN = "spleeter_2stems"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    folder = tmp_path_factory.mktemp("jobs") / "home"
    Server(folder).adopt(weights)
    return folder


@pytest.fixture
def web(song: Path) -> Iterator[Web]:
    site = Web(song.read_bytes())
    yield site
    site.close()


def run(home: Path, *arguments: str | Path, status: int = 0, **environment: str) -> str:
    """What a command says on its outputs; a process of its own, as a user starts it."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "webui.py"), *map(str, arguments)],
        cwd=home.parent,
        env={**os.environ, "MSST_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def jobs(home: Path, *arguments: str) -> list[dict[str, Any]]:
    return list(json.loads(run(home, "jobs", "list", "--json", *arguments))["jobs"])


def test_from_purpose_and_address_to_nothing_left(home: Path, web: Web, tmp_path: Path) -> None:
    assert jobs(home) == []  # before anything ran
    out = tmp_path / "out"
    said = run(home, "separate", "--link", f"{web.url}/My%20song.wav", "--purpose", "vocals", "-o", out, MSST_LINK_ALLOW="127.0.0.1")
    assert sorted(path.name for path in out.iterdir()) == ["My_song_accompaniment.wav", "My_song_vocals.wav"], said
    assert list((home / "uploads").iterdir()) == []
    [job] = jobs(home)
    assert (job["source"], job["purpose"], job["model"], job["title"], job["state"]) == ("cli", "vocals", BUILT_IN, "My song", "completed")
    assert "My song" in run(home, "jobs", "list", "vocals", "--state", "completed", "--days", "1")
    start = job["id"][:8]
    assert json.loads(run(home, "jobs", "show", start))["id"] == job["id"]
    assert "completed: My_song_vocals.wav" in run(home, "jobs", "log", start)
    assert "completed" in run(home, "jobs", "cancel", start)
    assert "no place in the line" in run(home, "jobs", "move", start, "first", status=2)
    again = tmp_path / "again"
    run(home, "jobs", "rerun", start, "-o", again, "--format", "flac", "--overlap", "fast")
    assert sorted(path.suffix for path in again.iterdir()) == [".flac", ".flac"]
    run(home, "jobs", "rerun", start, "-o", tmp_path / "one", "--model", BUILT_IN, "--stem", "instrumental")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["My_song_accompaniment.wav"]
    assert soundfile.info(str(next(again.iterdir()))).frames == 3 * 44100
    assert jobs(home)[1]["options"] == {"overlap": "fast"}
    assert "21 shifted passes" in run(home, "jobs", "rerun", start, "--option", "shifts=21", status=2)
    assert "0 deleted" in run(home, "jobs", "delete", "--state", "completed", "--older-than-days", "1")
    assert "1 deleted" in run(home, "jobs", "delete", start)
    assert "2 deleted" in run(home, "jobs", "delete", "--state", "completed")
    assert jobs(home) == []
    assert list((home / "results").iterdir()) == []


def test_a_song_with_another_file_and_options_fetched_again(home: Path, song: Path, tmp_path: Path) -> None:
    """A preset of two files; its job run again with other options, its preset shown, its results fetched."""
    file, out, again = tmp_path / "two.json", tmp_path / "out", tmp_path / "again"
    steps = [{"kind": "separate", "name": "s", "model": BUILT_IN, "input": "file2"}]
    preset = {
        "version": "2.0.0",
        "name": "two",
        "steps": steps,
        "outputs": [{"from": "s.vocals", "name": "{song}_of_2"}, {"from": "s.accompaniment"}],
    }
    file.write_text(json.dumps(preset), encoding="utf-8")
    other = tmp_path / "other.wav"
    soundfile.write(other, chord(0.5), 44100)
    options = ["--option", "shifts=2", "--option", "vr.window_size=320", "--overlap", "fast"]
    run(home, "separate", song, "--with", other, "-p", file, "-o", out, "--title", "Both", "--no-extra-output", *options)
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.wav")) == [
        os.path.join("extra_output", "song_accompaniment.wav"),
        "song_of_2.wav",
    ]
    assert soundfile.info(out / "song_of_2.wav").frames == 22050
    job = jobs(home)[0]
    assert (job["title"], job["more_files"]) == ("Both", ["other.wav"])
    assert job["options"] == {"overlap": "fast", "shifts": 2, "vr": {"window_size": 320}}
    assert json.loads(run(home, "jobs", "preset", job["id"]))["steps"][0]["input"] == "file2"
    assert "--with is for one song" in run(home, "separate", song, other, "--with", other, "-p", file, status=2)
    run(home, "jobs", "fetch", job["id"][:8], "-o", again)
    assert sorted(path.relative_to(again) for path in again.rglob("*.wav")) == sorted(path.relative_to(out) for path in out.rglob("*.wav"))
    assert (again / "song_of_2.wav").read_bytes() == (out / "song_of_2.wav").read_bytes()
    part = ["--start", "0.1", "--end", "0.4", "-m", BUILT_IN, "--stem", "vocals"]
    run(
        home,
        "jobs",
        "replace",
        job["id"],
        "song_of_2.wav",
        *part,
        "--no-others",
        "-f",
        "flac",
        "-o",
        tmp_path / "mended",
        "--title",
        "Mended",
    )
    assert [path.suffix for path in (tmp_path / "mended").iterdir()] == [".flac"]
    assert jobs(home)[0]["title"] == "Mended"
    run(home, "jobs", "rerun", job["id"], "-o", tmp_path / "other", "--option", "vr.aggressiveness=10", "--option", "shifts=")
    assert jobs(home)[0]["options"] == {"overlap": "fast", "vr": {"window_size": 320, "aggressiveness": 10}}


def test_a_folder_goes_through_a_short_queue_and_its_stems_are_no_songs(home: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(4):
        soundfile.write(album / f"{number}.wav", chord(0.2), 44100)
    run(home, "separate", album, "-o", album / "stems", MSST_QUEUE_LIMIT="1")
    assert len(list((album / "stems").iterdir())) == 8
    run(home, "separate", album, "-o", album / "stems")
    assert len(list((album / "stems").iterdir())) == 16
    run(home, "separate", album / "0.wav", album / "stems" / "1_vocals.wav", "-o", album / "stems")  # one that is named is taken
    assert len(list((album / "stems").iterdir())) == 20


def test_the_sample_song(home: Path, tmp_path: Path) -> None:
    run(home, "separate", "--sample", "-o", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Sample_song_accompaniment.wav", "Sample_song_vocals.wav"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["separate", "--link", "http://127.0.0.1:9/x.wav"], 1, "private network"),
        (["separate", "song.wav", "--purpose", "vocals", "--quality", "best"], 2, "not installed"),
        (["separate", "song.wav", "--purpose", "vocals", "-m", BUILT_IN], 2, "purpose"),
        (["separate", "song.wav", "--quality", "best"], 2, "--purpose"),
        (["separate", "song.wav", "--stem", "vocals"], 2, "--model"),
        (["separate", "song.wav", "-m", BUILT_IN, "--stem", "drums"], 2, "vocals, accompaniment"),
        (["separate", "a.wav", "b.wav", "--overlap", "99"], 2, "an overlap of 99"),
        (["separate", "a.wav", "b.wav", "--option", "vr.aggressiveness=101"], 2, "aggressiveness of 101"),
        (["separate", "a.wav", "--option", "shift=2"], 2, "The options are"),
        (["separate", "a.wav", "--option", "shifts"], 2, "KEY=VALUE"),
        (["separate", "a.wav", "--with", "missing.wav"], 2, "there is no file missing.wav"),
        (["separate", "a.wav", "b.wav", "--title", "One"], 2, "--title is for one song, and there are 2"),
        (["jobs", "estimate", "60", "--option", "shifts=21"], 2, "21 shifted passes"),
        (["jobs", "fetch", "nobody"], 2, "no task"),
        (["jobs", "show", "nobody"], 2, "no task"),
        (["jobs", "list", "--state", "lost"], 2, "not known"),
        (["jobs", "delete"], 2, "either"),
        (["jobs", "move", "nobody", "sideways"], 2, "not known"),
    ],
)
def test_refused(home: Path, arguments: list[str], status: int, said: str) -> None:
    assert said in run(home, *arguments, status=status)


@pytest.mark.parametrize("command", [["show"], ["move", "first"], ["delete"]], ids=lambda each: each[0])
def test_a_home_without_a_job_yet(tmp_path: Path, command: list[str]) -> None:
    said = run(tmp_path / "home", "jobs", command[0], "nobody", *command[1:], status=0 if command == ["delete"] else 2)
    assert said.strip() == ("0 deleted, 0.0 MB freed" if command == ["delete"] else "there is no task 'nobody'. It may have been deleted.")


def test_how_long_it_would_take(home: Path, tmp_path: Path) -> None:
    found = json.loads(run(home, "jobs", "estimate", "60", "120", "--model", BUILT_IN))
    assert found["seconds"] > 0
    assert (found["missing_bytes"], [each["name"] for each in found["models"]]) == (0, [BUILT_IN])
    file = tmp_path / "mine.json"
    steps = [{"kind": "separate", "name": "s", "model": BUILT_IN}]
    file.write_text(json.dumps({"version": "2.0.0", "name": "mine", "steps": steps, "outputs": [{"from": "s.vocals"}]}), encoding="utf-8")
    assert json.loads(run(home, "jobs", "estimate", "60", "120", "--preset", file))["seconds"] == found["seconds"]
    assert "nobody" in run(home, "jobs", "estimate", "60", "--purpose", "nobody", status=2)


def test_the_machine(home: Path) -> None:
    shown = json.loads(run(home, "system", "show"))
    assert shown["memory"]["server"] > 0
    assert shown["disk"]["jobs"] >= 0
    kept = home / "cache" / "analyses" / "a.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b" " * 3000)
    assert "freed" in run(home, "system", "clean")
    assert not kept.exists()
    said = run(home, "system", "diagnostics")
    assert "Python 3" in said
    assert "Jobs that failed" in said
