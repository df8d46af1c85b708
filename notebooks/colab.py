"""What the cells of MSST_WebUI_Colab.ipynb call: the server beside a copy of models, presets and results on Google Drive.

The home folder stays on the machine's own disk and what is new is copied: a database and locks on Drive would be slow and not safe.
Nothing on Drive is ever deleted. Standard library alone, so that the notebook's own Python can import it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BROUGHT_IN = ("models", "presets")
SAVED = ("models", "presets", "results")
PORT = 7860
SECONDS_BETWEEN_COPIES = 60.0
SECONDS_TO_END = 20.0


@dataclass(frozen=True)
class Places:
    """Where things are.

    Args:
        app: folder of the program.
        home: the home folder, on the machine's own disk.
        drive: folder on Drive; None without Drive.
    """

    app: Path
    home: Path
    drive: Path | None = None

    @property
    def python(self) -> Path:
        """The interpreter that scripts/launch.py installed everything for."""
        return self.app / ".venv" / "bin" / "python"

    def keep(self, file: Path) -> None:
        """Write the places down: cells find them again after a restart of the notebook."""
        file.write_text(json.dumps({name: str(value) for name, value in vars(self).items() if value}), encoding="utf-8")

    @classmethod
    def kept(cls, file: Path) -> Places:
        """The places that were written down."""
        return cls(**{name: Path(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()})


# ---- Drive


def bring_in(places: Places) -> int:
    """Copy models and presets from Drive into the home folder; the number of files."""
    if places.drive is None:
        return 0
    return sum(copy_new(places.drive / name, places.home / name) for name in BROUGHT_IN)


def save(places: Places) -> int:
    """Copy what is new in the home folder to Drive; the number of files."""
    if places.drive is None:
        return 0
    return sum(copy_new(places.home / name, places.drive / name) for name in SAVED)


def copy_new(source: Path, target: Path) -> int:
    """Copy the files below `source` that `target` has not, or has older or in another size; the number of files.

    Each is written under another name and renamed, so a broken copy is no file. Records (.json) come last: they name the others.
    """
    count = 0
    for path in sorted(_whole_files(source), key=lambda path: (path.suffix == ".json", path)):
        to = target / path.relative_to(source)
        try:
            status = path.stat()
            if to.exists() and to.stat().st_size == status.st_size and to.stat().st_mtime >= status.st_mtime - 2:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            part = to.with_name(f".{to.name}.copying")
            shutil.copy2(path, part)
        except FileNotFoundError:  # the server deleted it meanwhile
            continue
        part.replace(to)
        count += 1
    return count


def _whole_files(folder: Path) -> Iterator[Path]:
    """Files below `folder` that are complete: no locks, no parts of downloads, no results in the making, no pictures of the player."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        unfinished = any(part.startswith((".", "attempt-")) or part == "player" for part in parts) or path.suffix in (".part", ".tmp")
        if not unfinished and path.is_file() and not path.is_symlink():
            yield path


# ---- The server


def serve(places: Places, *arguments: str) -> int:
    """Run the server until it ends or the cell is stopped, showing what it says, and copying to Drive; its exit status.

    Args:
        places: where things are.
        arguments: what webui.py takes (`--share`).
    """
    pid_file = places.home / "notebook.pid"
    places.home.mkdir(parents=True, exist_ok=True)
    _end_earlier(pid_file)
    server = subprocess.Popen(
        [str(places.python), "webui.py", "--port", str(PORT), *arguments],
        cwd=places.app,
        env={**os.environ, "MSST_HOME": str(places.home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # the stop button is ours to pass on
    )
    pid_file.write_text(str(server.pid), encoding="utf-8")
    ended = threading.Event()
    copier = threading.Thread(target=_copy_until, args=(places, ended), daemon=True)
    copier.start()
    try:
        for line in server.stdout or ():
            print(line, end="", flush=True)
            if ".gradio.live" in line:
                print("↑ Open this address. 请打开上面的地址。", flush=True)
    except KeyboardInterrupt:
        print("Stopping. 正在停止。", flush=True)
    finally:
        _end(server)
        ended.set()
        copier.join()
        print(f"Copied to Drive: {save(places)} more. 已保存到云端硬盘。" if places.drive else "Stopped. 已停止。", flush=True)
    return server.returncode


def _copy_until(places: Places, ended: threading.Event) -> None:
    while not ended.wait(SECONDS_BETWEEN_COPIES):
        try:
            save(places)
        except OSError as error:  # Drive is full or away: the server goes on, and the next round tries again
            print(f"Copying to Drive failed, will try again. 保存到云端硬盘失败，稍后重试：{error}", flush=True)


def _end(server: subprocess.Popen[str]) -> None:
    """Let the server end in its own time, and end it when it does not."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            server.kill()
    server.wait()


def _end_earlier(pid_file: Path) -> None:
    """End the server that an earlier run of the cell left behind, if it is one."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8"))
        if b"webui.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        threading.Event().wait(0.1)


# ---- Without the page


def separate(places: Places, songs: Path, target: Path, *, model: str = "", preset: str = "", kind: str = "flac") -> int:
    """Separate every song of a folder into another; the exit status of the command line.

    Args:
        places: where things are.
        songs: folder that is searched, with everything below it.
        target: where the stems go.
        model: name of a model, installed first when it is not there.
        preset: name of a preset, used when no model is given; without either the default.
        kind: wav, flac, mp3, m4a or opus.
    """
    if model:
        status = _run(places, "models", "install", model)
        if status != 0:
            return status
    chosen = ["-m", model] if model else ["-p", preset] if preset else []
    status = _run(places, "separate", str(songs), "-o", str(target), "-f", kind, *chosen)
    save(places)
    return status


def _run(places: Places, *arguments: str) -> int:
    """One command of webui.py, its output passed on line by line."""
    command = [str(places.python), "webui.py", *arguments]
    environment = {**os.environ, "MSST_HOME": str(places.home), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=places.app, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as ran:
        for line in ran.stdout or ():
            print(line, end="", flush=True)
    return ran.returncode
