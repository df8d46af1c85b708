"""The launcher behind start.bat, start.command and start.sh."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Server, free_port
from tests.packaging.loading import ROOT, answering, load
from webui import opening

launch = load("scripts/launch.py")
posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")


# ---- Which PyTorch


@pytest.mark.parametrize(
    ("cards", "build", "problem"),
    [
        ([], "cpu", "no_card"),
        ([("RTX 4090", 8.9, 581.42)], "cu130", ""),
        ([("T4", 7.5, 580.95)], "cu130", ""),
        ([("T4", 7.5, 550.54)], "cu126", ""),  # a notebook in the cloud
        ([("GTX 1080", 6.1, 581.0)], "cu126", ""),
        ([("V100", 7.0, 470.0)], "cu126", "old_driver"),
        ([("RTX 5090", 12.0, 572.0)], "cu130", "old_driver"),  # no older build has its architecture
        ([("GTX 780", 3.5, 470.0)], "cpu", "old_card"),
        ([("GTX 1080", 6.1, 581.0), ("RTX 3060", 8.6, 581.0)], "cu130", ""),
    ],
)
def test_the_build_fits_card_and_driver(cards: list[tuple[str, float, float]], build: str, problem: str) -> None:
    assert launch.fitting_build(cards) == (build, problem)


@posix
def test_cards_are_read_from_the_drivers_own_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA GeForce RTX 3060, 8.6, 535.183.01'\necho 'Tesla T4, 7.5, 535.183.01'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert launch.cards() == [("NVIDIA GeForce RTX 3060", 8.6, 535.183), ("Tesla T4", 7.5, 535.183)]
    program.write_text(
        "#!/bin/sh\necho 'NVIDIA-SMI has failed because it could not communicate with the driver'\nexit 9\n", encoding="utf-8"
    )
    assert launch.cards() == []


def test_the_pin_is_the_one_of_the_requirements() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert launch.torch_requirement(text) == "torch==2.13.0", "a new PyTorch: look at the builds and drivers in scripts/launch.py"
    with pytest.raises(ValueError, match="torch"):
        launch.torch_requirement("numpy\ntorchspleeter==0.1.5\n")


# ---- Installing


def test_the_stamp_is_the_one_of_venv_sh() -> None:
    assert launch.cksum(b"") == "4294967295 0"
    assert launch.cksum(b"123456789") == "930766865 9"
    if shutil.which("cksum"):
        printed = subprocess.run("cat requirements*.txt | cksum", shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
        assert launch.digest(ROOT) == printed.stdout.strip()


class Program:
    """A folder with requirements, and a stand-in for the Python of .venv that notes what pip is asked for."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.failures = root, root / "asked", root / "failures"
        (root / ".venv").mkdir()
        (root / "requirements.txt").write_text('torch==2.13.0; platform_system != "Darwin"\nnumpy\n', encoding="utf-8")
        self.python = root / "python"
        self.python.write_text(
            f'#!/bin/sh\n[ "$1" = -c ] && {{ echo CPU; exit 0; }}\necho "$*" >> "{self.log}"\n'
            f'[ -s "{self.failures}" ] && {{ sed -i.old 1d "{self.failures}"; exit 1; }}\nexit 0\n',
            encoding="utf-8",
        )
        self.python.chmod(0o755)

    def asked(self) -> list[str]:
        """What pip was asked for since the last question, without what is always there."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        always = "-m pip install --disable-pip-version-check --no-input "
        assert all(line.startswith(always) for line in lines)
        return [line.removeprefix(always).replace(str(self.root), "ROOT") for line in lines]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.delenv("MSST_TORCH", raising=False)
    monkeypatch.setattr(launch.time, "sleep", lambda _: None)
    monkeypatch.setattr(launch, "cards", list)
    return Program(tmp_path)


ALL = "-r ROOT/requirements.txt"


@posix
def test_an_installation_is_done_once_and_again_when_the_requirements_change(program: Program) -> None:
    launch.install(program.root, program.python, "default")
    assert program.asked()[-1] == ALL
    launch.install(program.root, program.python, None)
    launch.install(program.root, program.python, "default")
    assert program.asked() == []
    (program.root / "requirements.txt").write_text("torch==2.13.0\nnumpy\nscipy\n", encoding="utf-8")
    launch.install(program.root, program.python, "default")
    assert program.asked() == [ALL]


@posix
def test_torch_comes_first_from_its_index_and_is_replaced_when_another_is_wished_for(program: Program) -> None:
    with answering({}) as port:
        index = f"http://127.0.0.1:{port}/whl/cu130"
        (program.root / ".venv" / ".torch-build").write_text("cpu\n", encoding="utf-8")
        launch.install(program.root, program.python, index)
        assert program.asked() == [f"--force-reinstall --only-binary :all: --index-url {index} torch==2.13.0", ALL]
        launch.install(program.root, program.python, index)
        assert program.asked() == []


@posix
def test_an_index_that_cannot_be_reached_is_left_out(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    index = f"http://127.0.0.1:{free_port()}/whl"
    launch.install(program.root, program.python, index)
    assert all("--index-url" not in line for line in program.asked())
    assert index in capsys.readouterr().out


@posix
def test_a_failure_is_tried_again_and_in_the_end_said(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program.failures.write_text("1\n" * (launch.TRIES - 1), encoding="utf-8")
    launch.pip(program.python, "numpy")
    assert program.asked() == ["numpy"] * launch.TRIES
    program.failures.write_text("1\n" * 50, encoding="utf-8")
    with pytest.raises(launch.Stop):
        launch.install(program.root, program.python, "default")
    assert "PIP_INDEX_URL" in capsys.readouterr().out
    assert not (program.root / ".venv" / ".ready-requirements.txt").exists()
    program.failures.unlink()
    program.asked()
    launch.install(program.root, program.python, None)
    assert program.asked() == [ALL], "the next start goes on"


def test_a_venv_is_made_and_a_broken_one_is_made_again(tmp_path: Path) -> None:
    python = launch.ensure_venv(tmp_path)
    made = python.stat().st_mtime_ns, (tmp_path / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    assert launch.ensure_venv(tmp_path) == python
    assert made == (python.stat().st_mtime_ns, (tmp_path / ".venv" / "pyvenv.cfg").stat().st_mtime_ns)
    python.unlink()
    assert launch.ensure_venv(tmp_path).exists()


def test_python_versions_are_those_of_python_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.platform, "system", lambda: "Linux")
    assert [minor for minor in range(20) if launch.usable((3, minor))] == [10, 11, 12, 13]
    monkeypatch.setattr(launch.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(launch.platform, "machine", lambda: "x86_64")
    assert not launch.usable((3, 13))
    assert launch.usable(sys.version_info[:2]) == (sys.version_info[1] in (10, 11, 12))


# ---- Starting


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    addresses: list[str] = []
    monkeypatch.setattr(launch.webbrowser, "open", addresses.append)
    monkeypatch.delenv("MSST_PORT", raising=False)
    monkeypatch.setenv("MSST_HOME", str(tmp_path))
    return addresses


def command(*arguments: str, open_page: bool = True) -> list[str] | None:
    made: list[str] | None = launch.command_for(Path("py"), Path("/app"), list(arguments), open_page=open_page)
    return None if made is None else made[2:]


def test_a_second_start_only_opens_the_page(opened: list[str]) -> None:
    with answering({"service": "MSST-WebUI"}) as port:
        assert command("--port", str(port)) is None
        assert command(f"--port={port}") is None
    assert opened == [f"http://127.0.0.1:{port}"] * 2


def test_a_port_that_another_program_has_is_left_to_it(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with answering({"service": "something else"}) as port:
        monkeypatch.setattr(launch, "PORT", port)
        assert command("--share") == ["--open", "--share", "--port", "0"]
        assert command("--port", str(port)) == ["--open", "--port", str(port)], "chosen: the server says that it is taken"
    monkeypatch.setattr(launch, "PORT", free_port())
    assert command() == ["--open"]
    assert opened == []


def test_the_port_is_found_wherever_it_was_chosen(opened: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = tmp_path / "settings.json"
    assert launch.wanted_port([]) is None
    saved.write_text("no JSON", encoding="utf-8")
    assert launch.wanted_port([]) is None
    with answering({"service": "MSST-WebUI"}) as port:
        saved.write_text(json.dumps({"port": port}), encoding="utf-8")
        assert command() is None
        assert opened == [f"http://127.0.0.1:{port}"]
    monkeypatch.setenv("MSST_PORT", "8001")
    assert launch.wanted_port([]) == 8001
    assert launch.wanted_port(["--host", "::1", "--port", "8002"]) == 8002


def test_commands_and_machines_without_a_screen_open_nothing(opened: list[str]) -> None:
    assert command("separate", "song.mp3") == ["separate", "song.mp3"]
    assert command("--port", "0", open_page=False) == ["--port", "0"]
    assert opened == []


class Starts:
    """A server that has started, or is ending, from the third look on."""

    def __init__(self, *, well: bool) -> None:
        self._looks, self._well = 0, well

    @property
    def started(self) -> bool:
        self._looks += 1
        return self._well and self._looks > 2

    @property
    def should_exit(self) -> bool:
        return not self._well and self._looks > 2


def test_the_server_opens_the_page_when_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses: list[str] = []
    monkeypatch.setattr(opening.webbrowser, "open", addresses.append)
    monkeypatch.setenv("DISPLAY", ":0")
    opening.open_when_ready(Starts(well=False), "http://bad")
    opening.open_when_ready(Starts(well=True), "http://good")
    assert addresses == ["http://good"]
    if sys.platform == "linux":
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(name, raising=False)
        opening.open_when_ready(Starts(well=True), "http://nobody-looks")
        assert addresses == ["http://good"]


@posix
def test_the_real_server_opens_its_page(tmp_path: Path) -> None:
    said = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{said}"\n', encoding="utf-8")
    browser.chmod(0o755)
    server = Server(tmp_path / "home", {"BROWSER": f"{browser} %s"}, ("--open",))
    server.start()
    try:
        deadline = time.monotonic() + 20
        while not said.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert said.read_text(encoding="utf-8").split() == [server.url]
    finally:
        server.stop()


# ---- Texts and scripts


def test_what_is_said_is_there_in_both_languages() -> None:
    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, chinese = launch.TEXTS["en"], launch.TEXTS["zh"]
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in chinese.items()}
    tree = ast.parse((ROOT / "scripts" / "launch.py").read_text(encoding="utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(english) <= strings, "a text that nobody says"
    said = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and isinstance(node.args[0], ast.Constant)
    }
    assert said <= set(english)


@pytest.mark.parametrize(
    ("variable", "value", "expected"), [("LANG", "zh_TW.UTF-8", "zh"), ("LC_ALL", "de_DE.UTF-8", "en"), ("MSST_LANGUAGE", "zh-CN", "zh")]
)
def test_the_language_is_the_systems(variable: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MSST_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    assert launch.language() == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    "script", ["start.sh", "start.command", *(f"scripts/{path.name}" for path in sorted((ROOT / "scripts").glob("*.sh")))]
)
def test_shell_scripts_are_whole(script: str) -> None:
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)
    if os.name != "nt":
        assert os.access(ROOT / script, os.X_OK)
    if shellcheck := shutil.which("shellcheck"):
        found = subprocess.run([shellcheck, script], cwd=ROOT, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout


def test_the_batch_file_is_one_that_cmd_reads() -> None:
    text = (ROOT / "start.bat").read_bytes().decode("ascii")
    labels = set(re.findall(r"^:(\w+)", text, re.MULTILINE))
    assert set(re.findall(r"(?:goto|call :)\s*(\w+)", text)) == labels
    for path in re.findall(r"scripts\\[\w.]+", text):
        assert (ROOT / path.replace("\\", "/")).is_file(), path
    assert {f"py -3.{minor}" for minor in (10, 11, 12, 13)} == set(re.findall(r"py -3\.\d+", text))
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "*.bat text eol=crlf" in attributes
    assert "*.command text eol=lf" in attributes
