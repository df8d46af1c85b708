"""Sets up and starts MSST-WebUI with nothing but Python 3.10 to 3.13: what start.bat, start.command and start.sh call.

    python scripts/launch.py [--torch WHICH] [--install-only] [--no-open] [what webui.py takes]

It makes .venv, installs requirements.txt into it when that changed (scripts/venv.sh reads and writes the same stamp), takes the
build of PyTorch that fits the graphics card, starts webui.py, and has it open the page in the browser. Started a second time it
only opens the page. Standard library alone: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import locale
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELS = "https://download.pytorch.org/whl/"
REQUIREMENTS = "requirements.txt"
PORT = 7860
TRIES = 3

# PyTorch 2.13 is built for CUDA 13.0 (Turing and newer, driver 580) and 12.6 (Maxwell to Hopper; any driver of CUDA 12 will do).
NEW_CUDA, NEW_DRIVER, NEW_CAPABILITY = "cu130", 580.0, 7.5
OLD_CUDA, OLD_DRIVER, OLD_CAPABILITIES = "cu126", 525.0, (5.0, 9.0)

TEXTS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("launch_texts.json").read_text(encoding="utf-8"))

_PROBE_TORCH = """
import torch
print(torch.cuda.get_device_name() if torch.cuda.is_available() else "Apple GPU" if torch.backends.mps.is_available() else "CPU")
"""


class Stop(Exception):
    """What went wrong, said to the user already."""


def language() -> str:
    """`zh` for a Chinese system, else `en`."""
    said = [os.environ.get(name, "") for name in ("MSST_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform == "win32":
        said.append("zh" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 0x04 else "en")
    elif sys.platform == "darwin":
        said.append(_output(["defaults", "read", "-g", "AppleLocale"]))
    said.append(locale.getlocale()[0] or "")
    first = next((text for text in said if text and text not in ("auto", "C", "POSIX", "C.UTF-8")), "en")
    return "zh" if first.lower().startswith("zh") else "en"


def say(key: str, **params: object) -> None:
    """Print a text in the user's language."""
    print(TEXTS[language()][key].format(**params), flush=True)


def _output(command: list[str]) -> str:
    """What a program prints, or nothing when it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# ---- The folder .venv


def usable(version: tuple[int, ...]) -> bool:
    """Whether the project runs on this version of Python."""
    return (3, 10) <= version[:2] <= (3, _newest())


def _newest() -> int:
    """PyTorch has no build for Python 3.13 on Intel Macs."""
    return 12 if (platform.system(), platform.machine()) == ("Darwin", "x86_64") else 13


def venv_python(root: Path) -> Path:
    """The interpreter of .venv, there or not."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure_venv(root: Path) -> Path:
    """Make .venv unless a usable one is there, and answer its interpreter.

    Raises:
        Stop: when it cannot be made.
    """
    python = venv_python(root)
    found = _output([str(python), "-c", "import sys, pip; print(*sys.version_info[:2])"]).split()
    if len(found) == 2 and usable(tuple(map(int, found))):
        return python
    say("make_venv", version=platform.python_version())
    shutil.rmtree(root / ".venv", ignore_errors=True)
    for command in _venv_makers(root / ".venv"):
        if subprocess.run(command, check=False).returncode == 0 and python.exists():
            return python
        shutil.rmtree(root / ".venv", ignore_errors=True)
    say("no_venv")
    raise Stop


def _venv_makers(folder: Path) -> list[list[str]]:
    """Python's own way first; notebooks in the cloud have a Python without it, but uv or virtualenv."""
    makers = []
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        makers.append([sys.executable, "-m", "venv", str(folder)])
    if uv := shutil.which("uv"):
        makers.append([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder)])
    if importlib.util.find_spec("virtualenv"):
        makers.append([sys.executable, "-m", "virtualenv", "--quiet", str(folder)])
    return makers


# ---- Which PyTorch


def cards() -> list[tuple[str, float, float]]:
    """Name, compute capability and driver version of every NVIDIA card; empty without one or without a driver."""
    listed = _output(["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"])
    found = []
    for line in listed.splitlines():
        name, _, rest = line.partition(",")
        numbers = re.fullmatch(r"\s*(\d+\.\d+),\s*(\d+\.\d+)[\d.]*\s*", rest)
        if numbers:
            found.append((name.strip(), float(numbers[1]), float(numbers[2])))
    return found


def fitting_build(found: list[tuple[str, float, float]]) -> tuple[str, str]:
    """The build of PyTorch for these cards, and the text that says what is wrong with them (empty when nothing is).

    The newest card decides: what an older one beside it can do, it can do too.
    """
    if not found:
        return "cpu", "no_card"
    _, capability, driver = max(found, key=lambda card: card[1])
    if capability >= NEW_CAPABILITY and driver >= NEW_DRIVER:
        return NEW_CUDA, ""
    low, high = OLD_CAPABILITIES
    if low <= capability <= high:
        return OLD_CUDA, "" if driver >= OLD_DRIVER else "old_driver"
    return (NEW_CUDA, "old_driver") if capability > high else ("cpu", "old_card")


def choose_build(wish: str) -> str:
    """`cpu`, `cu130`, `cu126`, `default` (what pip takes by itself) or an address, from what was asked for and what is there."""
    if wish != "auto":
        return wish
    if sys.platform == "darwin":
        return "default"
    found = cards()
    for name, _, driver in found:
        say("card", name=name, driver=driver)
    build, problem = fitting_build(found)
    if problem:
        say(problem, wanted=NEW_DRIVER if build == NEW_CUDA else OLD_DRIVER)
    # On Linux the ordinary index has this very build, and mirrors of that one are near everywhere.
    return "default" if build == NEW_CUDA and sys.platform == "linux" else build


def index_of(build: str) -> str | None:
    """The address of the wheels of a build; None for pip's own."""
    if build == "default":
        return None
    return build if "://" in build else WHEELS + build


def reachable(index: str) -> bool:
    """Whether the index answers at all: pip would try for minutes before it said so."""
    try:
        with urllib.request.urlopen(f"{index.rstrip('/')}/torch/", timeout=15):  # noqa: S310 - the address is the user's own or ours
            return True
    except (OSError, ValueError):
        return False


def torch_requirement(requirements: str) -> str:
    """The pinned PyTorch of a requirements file (`torch==2.13.0`); the first line of torch is everybody's but an Intel Mac's."""
    pin = re.search(r"^torch==[\w.]+", requirements, re.MULTILINE)
    if pin is None:
        raise ValueError("the requirements name no torch")
    return pin[0]


# ---- Installing


def cksum(data: bytes) -> str:
    """What POSIX cksum prints for the bytes: scripts/venv.sh compares with it."""
    length = len(data)
    tail = length.to_bytes((length.bit_length() + 7) // 8, "little")
    crc = 0
    for byte in data + tail:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return f"{crc ^ 0xFFFFFFFF} {length}"


def digest(root: Path) -> str:
    """The sum of all requirement files, in the order of their names."""
    return cksum(b"".join(path.read_bytes() for path in sorted(root.glob("requirements*.txt"))))


def pip(python: Path, *arguments: str) -> None:
    """Run pip's install, again when it fails: what has arrived is in its cache.

    Raises:
        Stop: when the last try failed too.
    """
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    for number in range(1, TRIES + 1):
        if subprocess.run(command, check=False).returncode == 0:
            return
        if number < TRIES:
            pause = 5 * number
            say("again", number=number + 1, tries=TRIES, pause=pause)
            time.sleep(pause)
    say("failed")
    raise Stop


def install(root: Path, python: Path, wish: str | None) -> None:
    """Bring .venv up to date with the requirements; nothing happens when it is.

    Args:
        root: folder of the program.
        python: the interpreter of .venv.
        wish: a build of PyTorch that was asked for: it replaces another one.
            None: the one that fits, when one is to be installed.

    Raises:
        Stop: when it cannot be done.
    """
    stamp, kept = root / ".venv" / f".ready-{REQUIREMENTS}", root / ".venv" / ".torch-build"
    wanted = digest(root)
    fresh = stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted
    if fresh and wish is None:
        return
    before = kept.read_text(encoding="utf-8").strip() if kept.is_file() else ""
    build = choose_build(wish or os.environ.get("MSST_TORCH", "") or "auto")
    if fresh and build == before:
        return
    say("install")
    index = index_of(build)
    if index is not None and not reachable(index):
        say("unreachable", index=index)
        if sys.platform == "win32" and build != "cpu":
            say("windows_default")
        build, index = "default", None
    say("torch", which=build)
    stamp.unlink(missing_ok=True)
    # pip would say that any build of the version will do. A .venv that make made keeps what it has, unless another build is asked for.
    replace = ["--force-reinstall"] if before != build and (before or wish) else []
    requirement = torch_requirement((root / REQUIREMENTS).read_text(encoding="utf-8"))
    if index is not None:
        pip(python, *replace, "--only-binary", ":all:", "--index-url", index, requirement)
    elif replace and sys.platform != "darwin":
        pip(python, *replace, "--only-binary", ":all:", requirement)
    pip(python, "-r", str(root / REQUIREMENTS))
    _say_device(python)
    kept.write_text(build + "\n", encoding="utf-8")
    stamp.write_text(wanted + "\n", encoding="utf-8")


def _say_device(python: Path) -> None:
    """Load PyTorch once, so that a broken installation is told now and not at the first song."""
    done = subprocess.run([str(python), "-c", _PROBE_TORCH], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say("torch_broken", error=done.stderr.strip()[-600:])
        if sys.platform == "win32":
            say("redistributable")
        raise Stop
    say("ready", device=done.stdout.strip())


# ---- Starting


def wanted_port(arguments: list[str]) -> int | None:
    """The port that the user chose, None when it is left to us."""
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--port":
            value = value or "".join(arguments[at + 1 : at + 2])
            return int(value) if value.isdecimal() else None
    value = os.environ.get("MSST_PORT", "")
    return int(value) if value.isdecimal() else _saved_port(Path(os.environ.get("MSST_HOME") or ROOT / "data" / "user").expanduser())


def _saved_port(home: Path) -> int | None:
    """The port that was chosen on the page."""
    try:
        port = json.loads((home / "settings.json").read_text(encoding="utf-8")).get("port")
    except (OSError, ValueError, AttributeError):
        return None
    return port if isinstance(port, int) else None


def is_ours(address: str) -> bool:
    """Whether MSST-WebUI answers at the address."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows nothing of this machine
    try:
        with direct.open(f"{address}/health", timeout=5) as answer:
            return bool(json.load(answer).get("service") == "MSST-WebUI")
    except (OSError, ValueError, AttributeError):
        return False


def taken(port: int) -> bool:
    """Whether something listens on the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def command_for(python: Path, root: Path, arguments: list[str], *, open_page: bool) -> list[str] | None:
    """The command that starts webui.py, or None when it runs already and its page has been opened."""
    start = [str(python), str(root / "webui.py")]
    if not open_page or (arguments and not arguments[0].startswith("-")):  # a command follows: no server
        return [*start, *arguments]
    chosen = wanted_port(arguments)
    port = PORT if chosen is None else chosen
    address = f"http://127.0.0.1:{port}"
    if port and is_ours(address):
        say("running", address=address)
        webbrowser.open(address)
        return None
    if chosen is None and taken(port):
        say("busy", port=port)
        arguments = [*arguments, "--port", "0"]
    say("starting")
    return [*start, "--open", *arguments]


def run(command: list[str]) -> int:
    """Become the program where a process can (it then gets every signal itself), else wait for it."""
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - no shell, and the command is ours
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # Ctrl-C went to the child too, which ends in its own time
            continue


def main(arguments: list[str]) -> int:
    """Install what is missing and start; the exit status."""
    parser = argparse.ArgumentParser(description="Sets up and starts MSST-WebUI. Other options go to webui.py.", allow_abbrev=False)
    parser.add_argument("--torch", help="build of PyTorch: auto, cpu, cu130, cu126, default, or an address of wheels")
    parser.add_argument("--install-only", action="store_true", help="set up, and do not start")
    parser.add_argument("--no-open", action="store_true", help="do not open the page in a browser")
    given, rest = parser.parse_known_args(arguments)
    if not usable(sys.version_info[:2]):
        say("bad_python", version=platform.python_version(), newest=_newest())
        return 1
    try:
        python = ensure_venv(ROOT)
        install(ROOT, python, given.torch)
    except Stop:
        return 1
    except KeyboardInterrupt:
        return 130
    if given.install_only:
        return 0
    command = command_for(python, ROOT, rest, open_page=not given.no_open)
    return 0 if command is None else run(command)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a console that cannot show a letter shows a question mark
    sys.exit(main(sys.argv[1:]))
