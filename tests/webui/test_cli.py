"""The command line, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import soundfile

from tests.conftest import ROOT, Server, chord


def msst(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MSST_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "webui.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=150, check=False)


def test_folders_are_searched_and_one_bad_song_stops_nothing(server: Server, tmp_path: Path) -> None:
    """Runs beside the server in the same home: the server does the work, and the jobs are seen in both."""
    album = tmp_path / "album"
    (album / "CD 1").mkdir(parents=True)
    soundfile.write(album / "CD 1" / "歌 “one”.flac", chord(2.0), 44100)
    soundfile.write(album / "two.wav", chord(1.0, 22050, 1), 22050)
    (album / "broken.mp3").write_bytes(os.urandom(3000))
    (album / "cover.jpg").write_bytes(b"no song")
    ran = msst(server.home, "separate", album, tmp_path / "missing.wav", "-o", tmp_path / "out", "-f", "flac")
    assert ran.returncode == 1, ran.stderr
    made = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert made == [
        os.path.join("CD 1", "歌_“one”_accompaniment.flac"),
        os.path.join("CD 1", "歌_“one”_vocals.flac"),
        "two_accompaniment.flac",
        "two_vocals.flac",
    ]
    assert "broken.mp3" in ran.stderr
    assert "missing.wav" in ran.stderr
    assert "cover.jpg" not in ran.stderr
    assert soundfile.info(tmp_path / "out" / "two_vocals.flac").frames == 22050
    titles = [job["title"] for job in httpx.get(f"{server.url}/api/v1/jobs").json()["jobs"] if job["source"] == "cli"]
    assert {"歌 “one”", "two"} <= set(titles)


def test_it_needs_no_server(tmp_path: Path, song: Path) -> None:
    ran = msst(tmp_path / "home", "separate", song, "-o", tmp_path / "out", "-m", "spleeter_2stems", "--subtype", "PCM_16")
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["song_accompaniment.wav", "song_vocals.wav"]
    assert soundfile.info(tmp_path / "out" / "song_vocals.wav").subtype == "PCM_16"
    assert str(tmp_path / "out" / "song_vocals.wav") in ran.stdout


def test_a_request_that_cannot_be_is_said_at_once(tmp_path: Path, song: Path) -> None:
    ran = msst(tmp_path / "home", "separate", song, "-m", "no_such_model")
    assert ran.returncode == 2
    assert "no_such_model" in ran.stderr
    assert "Traceback" not in ran.stderr
