"""The image files and the compose file, as far as they can be checked without Docker."""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from tests.conftest import free_port
from tests.packaging.loading import ROOT, answering, load
from webui.settings import Settings

FILES = ("docker/Dockerfile.cpu", "docker/Dockerfile.cuda")
launch = load("scripts/launch.py")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(text("compose.yaml"))
    return made


def instructions(path: str) -> list[tuple[str, str]]:
    """Word and rest of every instruction, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text(path), flags=re.MULTILINE))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def in_context(path: str) -> bool:
    """What .dockerignore says: the last pattern that matches decides, and a pattern counts for all below it."""
    kept = True
    for line in text(".dockerignore").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            folders = [path, *map(str, PurePosixPath(path).parents)][:-1]
            bare = pattern.removeprefix("!").removeprefix("**/")
            names = [name.rpartition("/")[2] if "**/" in pattern else name for name in folders]
            if any(fnmatch.fnmatchcase(name, bare) for name in names):
                kept = pattern.startswith("!")
    return kept


def test_the_image_holds_the_program_and_nothing_else() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("no git here")
    files = listed.stdout.splitlines()
    program = ("webui/", "inference/", "tools/", "configs/", "presets/", "data/")
    for path in files:
        assert in_context(path) == (path.startswith(program) or path in ("webui.py", "requirements.txt", "LICENSE", "docker/health.py")), (
            path
        )
    for path in ("data/user/jobs.db", ".git/config", ".venv/bin/python", "webui/__pycache__/cli.cpython-312.pyc", "song.wav"):
        assert not in_context(path), path
    for line in text(".dockerignore").splitlines():
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


def test_the_two_images_differ_in_torch_and_the_driver_alone() -> None:
    first, second = (instructions(path) for path in FILES)
    differing = [(one, other) for one, other in zip(first, second, strict=True) if one != other]
    assert [(one[0], other[0]) for one, other in differing] == [("ARG", "ARG"), ("ENV", "ENV")]
    (_, cpu), (_, cuda) = differing[0]
    assert (cpu, cuda) == (f"TORCH_INDEX={launch.WHEELS}cpu", f"TORCH_INDEX={launch.WHEELS}{launch.NEW_CUDA}")
    assert re.sub(r" NVIDIA_\w+=\S+", "", differing[1][1][1]) == differing[1][0][1].rstrip()


@pytest.mark.parametrize("path", FILES)
def test_an_image_is_safe_and_whole(path: str) -> None:
    made = instructions(path)
    python = {rest.split()[0] for word, rest in made if word == "FROM"}
    assert len(python) == 1
    version = re.fullmatch(r"python:3\.(\d+)-slim-\w+", python.pop())
    assert version is not None
    assert launch.usable((3, int(version[1])))
    last = dict(made)
    assert last["USER"] == "1000:1000"
    assert last["ENTRYPOINT"] == '["python", "webui.py"]'
    assert last["VOLUME"] in last["ENV"]
    assert f"MSST_PORT={last['EXPOSE']}" in last["ENV"]
    for name in re.findall(r"MSST_(\w+)=", last["ENV"]):
        assert name.lower() in Settings.model_fields
    for word, rest in made:
        if word == "COPY" and "--from" not in rest:
            assert (ROOT / rest.split()[0]).exists()
    assert (ROOT / re.findall(r'"([\w/]+\.py)"', last["HEALTHCHECK"])[0]).exists()


@pytest.mark.skipif(os.name == "nt", reason="a shell's words")
@pytest.mark.parametrize("path", FILES)
def test_an_image_takes_the_pinned_torch(path: str) -> None:
    found = re.search(r"torch=\$\((.*?)\) &&", " ".join(rest for word, rest in instructions(path) if word == "RUN"))
    assert found is not None
    printed = subprocess.run(found[1], shell=True, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert printed == launch.torch_requirement(text("requirements.txt"))


def test_the_health_check_asks_the_server() -> None:
    def check(port: int) -> int:
        ran = subprocess.run(
            [sys.executable, "docker/health.py"], cwd=ROOT, env={**os.environ, "MSST_PORT": str(port)}, capture_output=True, check=False
        )
        return ran.returncode

    with answering({"status": "healthy"}) as port:
        assert check(port) == 0
    assert check(free_port()) == 1


def test_compose_has_a_service_for_each_image() -> None:
    services = compose()["services"]
    for name, service in services.items():
        assert service["profiles"] == [name]
        assert service["build"]["dockerfile"] == f"docker/Dockerfile.{name}"
        argument = dict(instructions(service["build"]["dockerfile"]))["ARG"]
        assert service["build"]["args"] == {"TORCH_INDEX": "${TORCH_INDEX-" + argument.partition("=")[2] + "}"}
        assert all(port.startswith("127.0.0.1:") and port.endswith(":7860") for port in service["ports"]), "open to the machine alone"
        assert service["volumes"] == ["home:/data"]
        assert {variable.removeprefix("MSST_").lower() for variable in service["environment"]} <= set(Settings.model_fields)
    assert set(services) == {"cpu", "cuda"}
    assert services["cuda"]["deploy"]["resources"]["reservations"]["devices"][0]["driver"] == "nvidia"
