"""The Colab notebook: its cells run here, with a stand-in for Drive, a small program in a repository, and folders of the test's own."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.loading import ROOT, load

FILE = ROOT / "notebooks" / "MSST_WebUI_Colab.ipynb"
colab = load("notebooks/colab.py")
posix = pytest.mark.skipif(os.name == "nt", reason="Colab is Linux")


def cells(kind: str = "code") -> dict[str, str]:
    """Id -> source."""
    notebook: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind}


def test_the_notebook_is_clean() -> None:
    notebook = json.loads(FILE.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["accelerator"] == "GPU"
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    for source in cells().values():
        ast.parse(source)
        assert source.startswith("# @title ")
    for text in cells("markdown").values():
        assert re.search(r"[一-鿿]", text), "English with Chinese"


def test_the_fields_offer_what_there_is() -> None:
    offered = re.search(r"LANGUAGE = .*# @param (\[.*\])", cells()["start"])
    assert offered is not None
    languages = {path.name for path in (ROOT / "webui" / "i18n").iterdir() if any(path.glob("*.json"))}
    assert {"auto", *languages} <= set(json.loads(offered[1]))
    preset = re.search(r'PRESET = "(\w+)"', cells()["folder"])
    assert preset is not None
    assert (ROOT / "presets" / f"{preset[1]}.json").is_file()


# ---- Copying


@pytest.fixture
def places(tmp_path: Path) -> Any:
    return colab.Places(tmp_path / "app", tmp_path / "home", tmp_path / "drive")


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_whole_and_new_is_saved(places: Any) -> None:
    for name in ("models/a.safetensors", "models/installed.json", "results/1/extra_output/song_vocals.flac", "presets/mine.json"):
        write(places.home / name)
    for name in (
        "models/b.ckpt.part",
        "models/.ledger.lock",
        "results/1/player/x.peaks",
        "results/2/attempt-1/half.flac",
        "jobs.db",
        "tmp/upload",
    ):
        write(places.home / name)
    assert colab.save(places) == 4
    assert files(places.drive) == [
        "models/a.safetensors",
        "models/installed.json",
        "presets/mine.json",
        "results/1/extra_output/song_vocals.flac",
    ]
    assert colab.save(places) == 0
    write(places.home / "models" / "installed.json", "longer")
    assert colab.save(places) == 1
    assert (places.drive / "models" / "installed.json").read_text(encoding="utf-8") == "longer"
    shutil.rmtree(places.home)
    assert colab.save(places) == 0
    assert colab.bring_in(places) == 3, "results stay on Drive"
    assert files(places.home) == ["models/a.safetensors", "models/installed.json", "presets/mine.json"]
    assert colab.bring_in(places) == 0


def test_a_file_of_the_same_length_is_saved_when_it_is_newer(places: Any) -> None:
    here = write(places.home / "presets" / "mine.json", "old")
    os.utime(here, (1_000_000, 1_000_000))
    assert colab.save(places) == 1
    write(here, "new")
    assert colab.save(places) == 1
    assert (places.drive / "presets" / "mine.json").read_text(encoding="utf-8") == "new"


def test_without_drive_nothing_is_copied(places: Any) -> None:
    alone = colab.Places(places.app, places.home)
    write(places.home / "models" / "a")
    assert (colab.save(alone), colab.bring_in(alone)) == (0, 0)
    alone.keep(write(places.home / "places.json"))
    assert colab.Places.kept(places.home / "places.json") == alone


# ---- The cells, run

LAUNCH = """
import os, pathlib, sys
root = pathlib.Path(__file__).resolve().parent.parent
python = root / ".venv" / "bin" / "python"
python.parent.mkdir(parents=True, exist_ok=True)
if not python.exists():
    python.symlink_to(sys.executable)
print("installed", sys.argv[1:])
"""
PROGRAM = """
import os, pathlib, sys, time
home = pathlib.Path(os.environ["MSST_HOME"])
print("called", sys.argv[1:], os.environ.get("MSST_LANGUAGE"))
if "--share" in sys.argv:
    result = home / "results" / "1" / "extra_output" / "song_vocals.flac"
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text("stem")
    print("Public address: https://made-up.gradio.live", flush=True)
    if (home / "stay").exists():
        time.sleep(120)
"""
DRIVE = """
import sys, types
drive = types.ModuleType("google.colab.drive")
drive.mount = lambda folder: print("mounted", folder)
package = types.ModuleType("google.colab")
package.drive = drive
sys.modules.update({"google": types.ModuleType("google"), "google.colab": package, "google.colab.drive": drive})
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    write(folder / "scripts" / "launch.py", LAUNCH)
    write(folder / "webui.py", PROGRAM)
    write(folder / "notebooks" / "colab.py", (ROOT / "notebooks" / "colab.py").read_text(encoding="utf-8"))
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-qm", "All"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def script(tmp_path: Path, repository: Path, *names: str) -> Path:
    """The named cells as one program."""
    text = DRIVE + "\n\n".join(cells()[name] for name in names)
    text = text.replace("https://github.com/SUC-DriverOld/MSST-WebUI.git", str(repository)).replace("/content", str(tmp_path / "content"))
    return write(tmp_path / "cells.py", text)


@posix
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_cells_run_from_top_to_bottom_and_again(tmp_path: Path, repository: Path) -> None:
    content = tmp_path / "content"
    drive = content / "drive" / "MyDrive" / "MSST-WebUI"
    write(drive / "models" / "mine.safetensors")
    for _ in range(2):
        program = script(tmp_path, repository, "setup", "start", "folder", "save")
        ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for line in (
            "installed ['--install-only']",
            "Ready.",
            "Open this address",
            "['--port', '7860', '--share'] auto",
            "'-p', 'my_preset']",
            "Done.",
        ):
            assert line in ran.stdout, ran.stdout
        assert (content / "msst-home" / "models" / "mine.safetensors").exists()
        assert (drive / "results" / "1" / "extra_output" / "song_vocals.flac").read_text(encoding="utf-8") == "stem"
    restarted = script(tmp_path, repository, "start")  # a notebook that forgot everything
    assert subprocess.run([sys.executable, restarted], capture_output=True, timeout=60, check=False).returncode == 0


@posix
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_step_that_fails_stops_its_cell(tmp_path: Path, repository: Path) -> None:
    program = script(tmp_path, tmp_path / "nowhere", "setup", "start")
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode != 0
    assert "This step failed" in ran.stderr
    assert "gradio.live" not in ran.stdout


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="Colab is Linux")
def test_the_stop_button_ends_the_server_and_a_new_start_ends_one_left_behind(tmp_path: Path, repository: Path) -> None:
    home = tmp_path / "home"
    write(home / "stay")
    subprocess.run([sys.executable, "scripts/launch.py"], cwd=repository, check=True, capture_output=True)
    cell = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(ROOT / "notebooks")!r})
        import colab
        from pathlib import Path
        colab.serve(colab.Places(Path({str(repository)!r}), Path({str(home)!r}), Path({str(tmp_path / "drive")!r})), "--share")
    """)

    def begin() -> tuple[subprocess.Popen[str], int]:
        started = subprocess.Popen([sys.executable, "-c", cell], stdout=subprocess.PIPE, text=True, encoding="utf-8")
        assert started.stdout is not None
        while "Open this address" not in started.stdout.readline():
            assert started.poll() is None
        return started, int((home / "notebook.pid").read_text(encoding="utf-8"))

    first, server = begin()
    first.kill()  # the notebook's own process went, and the server did not
    first.communicate()
    assert Path(f"/proc/{server}").exists()
    second, other = begin()
    assert not Path(f"/proc/{server}").exists()
    second.send_signal(2)
    said, _ = second.communicate(timeout=120)
    assert "Stopping." in said
    assert not Path(f"/proc/{other}").exists()
    assert files(tmp_path / "drive") == ["results/1/extra_output/song_vocals.flac"]
