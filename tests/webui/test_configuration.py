"""Settings from the environment, the file and the defaults: what rules, what is refused, what applies at once and what later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from inference.errors import BadOutputFormat, DiskFull
from tests.conftest import ROOT
from tests.tools.hub.server import eventually
from webui.services.configuration import Configuration
from webui.services.errors import BadSetting, SettingRuled
from webui.services.shown import about
from webui.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def configuration(home: Path) -> Configuration:
    return Configuration(Settings(home=home))


def shown(configuration: Configuration, name: str) -> dict[str, Any]:
    return next(each for each in configuration.all() if each["name"] == name)


def test_every_setting_is_shown_with_what_a_page_needs(configuration: Configuration) -> None:
    found = configuration.all()
    assert [each["name"] for each in found] == list(Settings.model_fields)
    assert {each["kind"] for each in found} == {"choice", "number", "switch", "text", "list", "path"}
    assert json.loads(json.dumps(found)) == found
    for each in found:
        assert each["group"]
        assert each["kind"] != "choice" or each["choices"]
        if each["name"] != "home":
            assert (each["value"], each["env"], each["pending"]) == (each["default"], None, None)
    assert shown(configuration, "parallel_jobs") | {"min": 1, "max": 16, "kind": "number"} == shown(configuration, "parallel_jobs")
    assert not shown(configuration, "port")["live"]
    assert shown(configuration, "queue_limit")["live"]


def test_a_change_is_there_at_once_and_after_a_restart(configuration: Configuration, home: Path) -> None:
    heard = []
    configuration.listen(lambda before, now: heard.append((before.queue_limit, now.queue_limit)))
    assert configuration.change({"queue_limit": 3, "hub_mirrors": ["hub"], "output_rate": 48000}) == {
        "queue_limit",
        "hub_mirrors",
        "output_rate",
    }
    assert heard == [(100, 3)]
    for each in (configuration, Configuration(Settings(home=home))):
        assert (each.now.queue_limit, each.now.hub_mirrors, each.now.output_rate) == (3, ("hub",), 48000)
    assert configuration.change({"queue_limit": None}) == {"queue_limit"}
    assert configuration.change({"queue_limit": None}) == set()
    assert configuration.now.queue_limit == 100
    assert "queue_limit" not in json.loads((home / "settings.json").read_text())


def test_what_cannot_change_at_once_is_pending_until_the_next_start(configuration: Configuration, home: Path) -> None:
    configuration.change({"port": 9000})
    assert configuration.now.port == 7860
    assert (shown(configuration, "port")["value"], shown(configuration, "port")["pending"]) == (7860, 9000)
    later = Configuration(Settings(home=home))
    assert later.now.port == 9000
    assert shown(later, "port")["pending"] is None
    later.change({"port": None})
    assert (later.now.port, shown(later, "port")["pending"]) == (9000, 7860)


def test_the_environment_and_the_command_line_rule(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.json").write_text('{"queue_limit": 3, "port": 9000, "precision": "fast"}')
    monkeypatch.setenv("MSST_QUEUE_LIMIT", "7")
    configuration = Configuration(Settings(home=home, port=7000))
    assert (configuration.now.queue_limit, configuration.now.port, configuration.now.precision) == (7, 7000, "fast")
    assert (shown(configuration, "queue_limit")["env"], shown(configuration, "port")["env"]) == ("MSST_QUEUE_LIMIT", "--port")
    assert shown(configuration, "port")["pending"] is None
    with pytest.raises(SettingRuled) as refused:
        configuration.change({"precision": "exact", "queue_limit": 4})
    assert refused.value.params == {"name": "queue_limit", "env": "MSST_QUEUE_LIMIT"}
    assert configuration.now.precision == "fast"
    with pytest.raises(SettingRuled):
        configuration.change({"port": None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nothing", 1),
        ("home", "/elsewhere"),
        ("queue_limit", 0),
        ("queue_limit", True),
        ("queue_limit", [1]),
        ("queue_limit", "many"),
        ("queue_limit", 1.5),
        ("page", "perhaps"),
        ("page", 1),
        ("job_time_limit", float("inf")),
        ("job_time_limit", float("nan")),
        ("precision", "best"),
        ("overlap", 51),
        ("device", "cuda; rm -rf /"),
        ("language", "xx"),
        ("access", "everybody"),
        ("proxy", "nonsense://"),
        ("hub_endpoint", "file:///etc/passwd"),
        ("hub_mirrors", [1]),
        ("hub_mirrors", {"a": 1}),
        ("public_url", "javascript:alert(1)"),
        ("output_format", "aiff"),
        ("output_subtype", "PCM_8"),
        ("output_rate", 7999),
        ("output_rate", 192_001),
        ("output_name", "../{song}"),
        ("output_name", "{artist}"),
        ("output_name", "always the same"),
        ("output_name", "{song}" * 100),
        ("log_level", "loud"),
    ],
)
def test_what_is_no_value_is_refused_and_changes_nothing(configuration: Configuration, home: Path, name: str, value: Any) -> None:
    with pytest.raises(BadSetting) as refused:
        configuration.change({"precision": "exact", name: value})
    assert refused.value.params["name"] == name
    assert configuration.now == Settings(home=home)
    assert not (home / "settings.json").exists()


def test_what_is_wrong_in_the_file_is_left_out(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "settings.json").write_text('{"queue_limit": 0, "precision": "fast", "home": "/", "of another version": 1}')
    configuration = Configuration(Settings(home=home))
    assert configuration.now == Settings(home=home, precision="fast")
    assert "queue_limit" in caplog.text
    configuration.change({"overlap": "high"})
    assert json.loads((home / "settings.json").read_text())["of another version"] == 1  # a newer server finds its own again


@pytest.mark.parametrize("text", ["{", "[1]", "\x00\xff", "[" * 100_000])
def test_a_file_that_cannot_be_read_is_put_aside(home: Path, text: str) -> None:
    (home / "settings.json").write_text(text, encoding="latin-1")
    configuration = Configuration(Settings(home=home))
    assert configuration.now == Settings(home=home)
    assert (home / "settings.broken").read_text(encoding="latin-1") == text
    configuration.change({"queue_limit": 5})
    assert Configuration(Settings(home=home)).now.queue_limit == 5


def test_a_file_that_is_in_use_for_a_moment_is_left_where_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Configuration(Settings(home=home)).change({"queue_limit": 5})
    with monkeypatch.context() as windows:
        windows.setattr(Path, "read_text", Mock(side_effect=PermissionError("in use")))
        configuration = Configuration(Settings(home=home))
        configuration.refresh()
        with pytest.raises(DiskFull, match="in use"):
            configuration.change({"parallel_jobs": 2})
    configuration.refresh()
    assert (configuration.now.queue_limit, configuration.now.parallel_jobs) == (5, 1)


def test_another_process_s_change_is_noticed(configuration: Configuration, home: Path) -> None:
    heard = threading.Event()
    configuration.listen(lambda before, now: heard.set())
    Configuration(Settings(home=home)).change({"queue_limit": 5})
    configuration.watch()
    eventually(lambda: configuration.now.queue_limit == 5)
    configuration.stop()
    assert heard.is_set()


def test_two_that_write_at_once_lose_nothing(home: Path) -> None:
    names = ["queue_limit", "parallel_jobs", "parallel_downloads", "max_upload_mb", "max_model_mb", "retention_days"]
    writers = [threading.Thread(target=Configuration(Settings(home=home)).change, args=({name: 5},)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert json.loads((home / "settings.json").read_text()) == dict.fromkeys(names, 5)
    assert sorted(file.name for file in home.iterdir()) == ["settings.json"]


def test_a_listener_that_fails_does_not_stop_the_others(configuration: Configuration) -> None:
    heard = []
    configuration.listen(lambda before, now: 1 / 0)  # type: ignore[arg-type, return-value]
    configuration.listen(lambda before, now: heard.append(now.queue_limit))
    configuration.change({"queue_limit": 5})
    assert heard == [5]


def test_the_bit_depth_goes_with_its_format(configuration: Configuration) -> None:
    configuration.change({"output_format": "mp3", "output_subtype": "192k"})
    assert (configuration.output().container, configuration.output().subtype) == ("mp3", "192k")
    assert shown(configuration, "output_subtype")["choices"][:2] == ["", "320k"]
    with pytest.raises(BadSetting):
        configuration.change({"output_subtype": "PCM_16"})
    configuration.change({"output_format": "flac"})
    assert (configuration.output().subtype, configuration.now.output_subtype) == ("PCM_24", "")


def test_what_a_job_says_is_stronger_than_the_settings(configuration: Configuration) -> None:
    configuration.change({"output_format": "flac", "output_subtype": "PCM_16", "output_rate": 48000})
    assert (configuration.output("flac").subtype, configuration.output("flac", "PCM_24").subtype) == ("PCM_16", "PCM_24")
    assert (configuration.output("wav").subtype, configuration.output("wav").rate) == ("FLOAT", 48000)
    with pytest.raises(BadOutputFormat):
        configuration.output("wav", "320k")


def test_what_opens_the_server_or_its_network_is_guarded() -> None:
    guarded = {name for name in Settings.model_fields if about(name).guarded}
    assert {"host", "port", "share", "access", "callback_allow", "hub_endpoint", "hub_mirrors", "proxy", "public_url", "home"} <= guarded


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MSST_")} | {"MSST_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "webui.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_line_lists_sets_and_unsets(home: Path) -> None:
    done = command(home, "settings", "set", "queue_limit", "5")
    assert (done.returncode, done.stdout) == (0, "queue_limit is 5\n")
    assert command(home, "settings", "set", "page", "off").stdout == "page is false (from the next start on)\n"
    assert command(home, "settings", "set", "hub_mirrors", "hub,modelscope").returncode == 0
    found = {each["name"]: each for each in json.loads(command(home, "settings", "list", "--json").stdout)}
    assert (found["queue_limit"]["value"], found["page"]["value"], found["hub_mirrors"]["value"]) == (5, False, ["hub", "modelscope"])
    assert command(home, "settings", "unset", "queue_limit").stdout == "queue_limit is 100\n"
    refused = command(home, "settings", "set", "queue_limit", "none")
    assert refused.returncode == 2
    assert "queue_limit" in refused.stderr
    ruled = command(home, "settings", "set", "home", "/")
    assert ruled.returncode == 2
    listed = command(home, "settings", "list").stdout
    assert "MSST_HOME" in listed
    assert "settings.json" in listed


def test_the_command_line_makes_keys_before_it_asks_for_one(home: Path) -> None:
    refused = command(home, "settings", "set", "access", "keys")
    assert (refused.returncode, "keys add" in refused.stderr) == (2, True)
    made = command(home, "keys", "add", "studio")
    secret = made.stdout.strip()
    assert secret.startswith("msst_")
    assert secret not in (home / "keys.json").read_text()
    (key,) = json.loads(command(home, "keys", "list", "--json").stdout)
    assert (key["name"], "hash" in key) == ("studio", False)
    assert command(home, "settings", "set", "access", "keys").returncode == 0
    assert command(home, "keys", "remove", key["id"]).returncode == 0
    assert command(home, "keys", "remove", key["id"]).returncode == 2
