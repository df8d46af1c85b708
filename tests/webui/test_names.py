"""Names from outside never become paths, and names of results stand in a URL as they are."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.services.errors import BadJobId, UnknownFile
from webui.services.storage import MAX_NAME_BYTES, Storage, base_name, check_job_id, link_or_copy, safe_name, stored_name

JOB = "11111111-2222-4333-8444-555555555555"


@given(st.text(max_size=400))
def test_a_safe_name_is_one_component_that_a_url_carries(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert not set(name) & set(" /\\:*?\"<>|#%&+=;,@$![](){}'`^\0\r\n\t")
    assert name.strip(".") != ""
    assert not name.startswith(".")
    assert safe_name(name) == name
    assert unquote(quote(name)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My song (live)", "My_song__live_"),
        ("我的歌", "我的歌"),
        ("歌 🎤", "歌_🎤"),
        ("e\u0301te", "éte"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("50% & more?", "50____more_"),
        ("한국어 노래", "한국어_노래"),
        ("", "song"),
        ("...", "song"),
    ],
)
def test_letters_of_any_language_stay(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("sent", "base"),
    [
        ("a/b/c.wav", "c.wav"),
        ("C:\\Users\\me\\c.wav", "c.wav"),
        ("..\\..\\c.wav", "c.wav"),
        ("/etc/passwd", "passwd"),
        ("say %22hi%22.mp3", 'say "hi".mp3'),
        ("..", ".."),
        ("nul\0byte.wav", "nulbyte.wav"),
    ],
)
def test_only_the_last_component_counts(sent: str, base: str) -> None:
    assert base_name(sent) == base


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("C:\\songs\\nul.mp3", "_nul.mp3"),
        ("CON.wav", "_CON.wav"),
        ("aux", "_aux"),
        ("lpt1.live.flac", "_lpt1.live.flac"),
        ("My song.FLAC", "My_song.FLAC"),
        ("Vol. 2", "Vol._2"),
        (".mp3", "mp3"),
        ("", "song"),
    ],
)
def test_a_file_from_outside_is_stored_under_a_name_of_every_system(sent: str, name: str) -> None:
    assert stored_name(sent) == name


@given(st.text(max_size=300))
def test_a_stored_name_is_one_component(text: str) -> None:
    name = stored_name(text)
    assert Path(name).name == name
    assert len(name.encode("utf-8")) <= MAX_NAME_BYTES + 20


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_of_a_symbolic_link_the_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"song")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "link").symlink_to("../blob")
    link_or_copy(tmp_path / "there" / "link", tmp_path / "taken")
    (tmp_path / "blob").unlink()
    assert (tmp_path / "taken").read_bytes() == b"song"


@given(st.text(max_size=60))
def test_an_id_is_a_uuid_or_refused(text: str) -> None:
    with pytest.raises(BadJobId):
        check_job_id(text)


def test_results_are_found_by_their_exact_names_only(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    storage.prepare()
    folder = storage.results(JOB) / "extra_output"
    folder.mkdir(parents=True)
    (folder / "été_vocals.wav").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"x")
    assert storage.result(JOB, "été_vocals.wav").read_bytes() == b"x"
    assert storage.result(JOB, "e\u0301te\u0301_vocals.wav").read_bytes() == b"x"
    for name in ("../../../secret", "..", ".", "", "/etc/passwd", "été_vocals.wav/", "x\0"):
        with pytest.raises(UnknownFile):
            storage.result(JOB, name)
