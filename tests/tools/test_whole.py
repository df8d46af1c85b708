"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from tools import whole
from tools.whole import made_whole, put, write_text


def test_all_or_nothing(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("old")

    def fail_late() -> None:
        with made_whole(one, two) as (first, second):
            first.write_text("new")
            second.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("one", "old")]
    with made_whole(one) as (first,), made_whole(one) as (other,):  # as two processes would
        first.write_text("first")
        other.write_text("other")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("one", "first")]


def test_what_is_in_use_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target, replace, tries = tmp_path / "source", tmp_path / "target", Path.replace, [0]
    source.write_text("new")

    def in_use(self: Path, to: Path) -> Path:
        tries[0] += 1
        if tries[0] < 4:
            raise PermissionError("in use")
        return replace(self, to)

    monkeypatch.setattr(whole, "PAUSE", 0)
    monkeypatch.setattr(Path, "replace", in_use)
    put(source, target)
    assert (target.read_text(), tries) == ("new", [4])


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "notes.json"
    write_text(file, "été\n")
    monkeypatch.setattr("tools.whole.os.fsync", Mock(side_effect=OSError(28, "no space left")))
    with pytest.raises(OSError, match="no space"):
        write_text(file, "new")
    assert file.read_bytes() == "été\n".encode()
    assert list(tmp_path.iterdir()) == [file]
