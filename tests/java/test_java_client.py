"""The REST contract as the deployed Java client speaks it: a program on Apache HttpClient 4.5 and Gson makes every call."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
JARS = [
    Path("/usr/share/java") / f"{name}.jar" for name in ("httpclient", "httpcore", "httpmime", "commons-logging", "commons-codec", "gson")
]
SCENARIOS = ["health", "wav", "rfc6532", "errors", "retry"]
MORE = [pytest.param(name, marks=pytest.mark.slow) for name in ("mp3", "flac", "defaults", "strict", "browser", "cancel", "other_address")]

pytestmark = [
    pytest.mark.java,
    pytest.mark.skipif(not (shutil.which("javac") and shutil.which("java")), reason="no JDK here"),
    pytest.mark.skipif(not all(jar.exists() for jar in JARS), reason="Apache HttpClient 4.5 and Gson are not in /usr/share/java"),
]


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The compiled client and its libraries."""
    classes = tmp_path_factory.mktemp("classes")
    jars = os.pathsep.join(map(str, JARS))
    sources = sorted(map(str, HERE.glob("*.java")))
    options = ["-encoding", "UTF-8", "-Xlint:all,-path", "-Werror", "-cp", jars, "-d", str(classes)]
    subprocess.run(["javac", *options, *sources], check=True, timeout=120)
    return os.pathsep.join([str(classes), jars])


@pytest.mark.parametrize("scenario", [*SCENARIOS, *MORE])
def test_the_server_keeps_the_contract(server: Any, classpath: str, song: Path, scenario: str) -> None:
    options = ["-Dfile.encoding=UTF-8", "-XX:TieredStopAtLevel=1", "-cp", classpath]
    command = ["java", *options, "Contract", server.url, str(song), scenario]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=170, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
