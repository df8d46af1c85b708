"""Installing models and setting their options: over a hub on loopback that does right and wrong."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from inference.catalogue import load_catalogue
from inference.errors import BadOption, BadWeights, DiskFull, ModelNotInstalled, MsstError, UnknownModel
from tests.conftest import ROOT
from tests.tools.hub.server import Fault, Hub, content, eventually
from tests.webui.conftest import DATA, FILES, installed
from tests.webui.shelf import QUICK, Looked, library, record, write_catalogue
from tools.hub import Disk, ForbiddenAddress
from webui.services.downloads import DownloadChoice, Downloads
from webui.services.errors import UnknownInstall
from webui.services.ledger import LiveCatalogue
from webui.settings import Settings


def test_a_model_is_installed(models: Path, hub: Hub) -> None:
    looked = Looked()
    service = library(models, hub, inspect=looked)
    with pytest.raises(ModelNotInstalled):
        service.catalogue.get("one").weights.paths()
    assert service.install("ONE.ckpt").name == "one"
    done = service.installs.wait("one", 60)
    assert (done.state, done.done, done.total, done.error) == ("installed", len(DATA), len(DATA), None)
    assert installed(service, "one") == DATA
    assert looked.orders == [
        {
            "files": [str(models / "files" / "one.ckpt")],
            "cache": str(models),
            "name": "one",
            "family": "bs_roformer",
            "config": {"model": {"dim": 1}},
        }
    ]
    assert load_catalogue(models).installed("one")
    assert service.verify("one").whole
    service.install("one")
    assert service.installs.wait("one", 60).state == "installed"
    assert hub.sent() == len(DATA)
    service.stop()


def test_a_models_yaml_comes_with_it(models: Path, hub: Hub) -> None:
    looked = Looked()
    service = library(models, hub, inspect=looked)
    service.install("two")
    assert service.installs.wait("two", 60).state == "installed"
    model = load_catalogue(models).get("two")
    assert model.load_config()["model"]["dim"] == [1, 2]
    assert looked.orders[0]["config"]["training"]["target_instrument"] == "vocals"
    assert model.sha256 == hashlib.sha256(FILES["models/two.ckpt"]).hexdigest()
    service.stop()


@pytest.mark.parametrize("text", ["a: [", "audio:\n  chunk_size: 1\n", ""])
def test_a_yaml_that_says_nothing_is_no_model(models: Path, hub: Hub, text: str) -> None:
    hub.files["models/two.yaml"] = text.encode()
    service = library(models, hub)
    service.install("two")
    done = service.installs.wait("two", 60)
    assert done.state == "failed"
    assert done.error is not None
    assert done.error["code"] == "bad_config"
    assert not service.catalogue.get("two").installed
    service.stop()


@pytest.mark.parametrize("remote", [False, True])
def test_weights_that_do_not_fit_are_not_installed(models: Path, hub: Hub, remote: bool) -> None:
    error = BadWeights("they do not fit") if not remote else MsstError("they do not fit")
    if remote:
        error.code = "bad_weights"
    service = library(models, hub, inspect=Looked(error))
    for name in ("one", "two"):
        service.install(name)
        done = service.installs.wait(name, 60)
        assert (done.state, done.error and done.error["code"]) == ("failed", "bad_weights")
        assert not service.catalogue.get(name).installed
    service.stop()


def test_faults_on_the_way_and_a_second_try(models: Path, hub: Hub) -> None:
    hub.faults.extend([Fault("wrong", 3)] * 3)
    service = library(models, hub)
    service.install("one")
    done = service.installs.wait("one", 60)
    assert (done.state, done.error and done.error["code"]) == ("failed", "wrong_bytes")
    assert done.error is not None
    assert done.error["hint"]
    hub.faults.clear()
    service.installs.retry("one")
    assert service.installs.wait("one", 60).state == "installed"
    service.stop()


def test_several_at_once_and_no_more(models: Path, hub: Hub) -> None:
    names = [f"m{number}" for number in range(5)]
    write_catalogue(models, *[record(name, content(1000, number)) for number, name in enumerate(names)])
    hub.files = {f"models/{name}.ckpt": content(1000, number) for number, name in enumerate(names)}
    hub.faults.extend([Fault("stall", 10)] * 2)
    service = library(models, hub, parallel=2)
    for name in names:
        service.install(name)
    eventually(lambda: len(hub.asked) == 2)
    eventually(lambda: sum(install.state == "downloading" for install in service.installs.all()) == 2)
    assert [install.state for install in service.installs.all()][2:] == ["queued"] * 3
    assert service.installs.cancel("m4").state == "cancelled"
    for name in ("m0", "m1"):
        service.installs.cancel(name)
        assert service.installs.wait(name, 60).state == "cancelled"
    for name in ("m2", "m3"):
        assert service.installs.wait(name, 60).state == "installed"
    service.installs.retry("m0")
    assert service.installs.wait("m0", 60).state == "installed"
    assert hub.asked[-1].start == 10
    with pytest.raises(UnknownInstall):
        service.installs.cancel("nothing")
    service.stop()


def test_changes_can_be_polled(models: Path, hub: Hub) -> None:
    service = library(models, hub)
    revision, changes = service.installs.changes()
    assert (revision, changes) == (0, [])
    service.install("one")
    states = []
    while not states or states[-1] not in ("installed", "failed"):
        revision, changes = service.installs.changes(revision, wait=60)
        states += [install.state for install in changes]
    assert states[-1] == "installed"
    assert set(states) <= {"queued", "downloading", "verifying", "checking", "installed"}
    assert service.installs.changes(revision) == (revision, [])
    service.stop()


def test_a_stopped_server_goes_on_where_it_was(models: Path, hub: Hub) -> None:
    hub.faults.append(Fault("stall", 65_536))
    first = library(models, hub, parallel=1)
    first.resume()
    first.install("one")
    first.install("two", DownloadChoice(endpoints=(hub.url,)))
    eventually(lambda: hub.sent() == 65_536)
    first.stop()
    second = library(models, hub, parallel=1)
    second.resume()
    assert {second.installs.wait(name, 60).state for name in ("one", "two")} == {"installed"}
    assert hub.sent("models/one.ckpt") == len(DATA)
    assert not (models / "installs.json").exists()
    second.stop()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"wanted": 3}', '{"wanted": [{"name": "gone"}, {}]}'])
def test_a_broken_note_of_what_was_wanted_is_passed_over(models: Path, hub: Hub, text: str) -> None:
    (models / "installs.json").write_text(text, encoding="utf-8")
    service = library(models, hub)
    service.resume()
    service.install("one")
    assert service.installs.wait("one", 60).state == "installed"
    service.stop()


CHILD = """
import sys
from pathlib import Path
from tests.tools.hub.server import Hub
from tests.webui.shelf import library, Looked
from tools.hub import parse_endpoint, Disk
from webui.services.downloads import Downloads
from webui.services.ledger import LiveCatalogue
from webui.services.library import LibraryService
from tests.webui.shelf import QUICK
models = Path(sys.argv[1])
service = LibraryService(models, LiveCatalogue(models), Downloads((parse_endpoint(sys.argv[2]),), QUICK), Looked())
service.resume()
service.install("one")
service.installs.wait("one")
"""


def test_killed_in_the_middle(models: Path, hub: Hub) -> None:
    hub.faults.append(Fault("stall", 131_072))
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(models), hub.url], cwd=ROOT, env={**_environment()})
    part = models / "files" / "one.ckpt.part"
    eventually(lambda: part.exists() and part.stat().st_size == 131_072)
    child.kill()
    child.wait()
    assert not load_catalogue(models).installed("one")
    service = library(models, hub)
    service.resume()
    assert service.installs.wait("one", 60).state == "installed"
    assert installed(service, "one") == DATA
    assert hub.asked[-1].start == 131_072
    service.stop()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


class Full(Disk):
    def free(self, folder: Path) -> int:
        return 1000


def test_no_room(models: Path, hub: Hub) -> None:
    service = library(models, hub, disk=Full())
    service.install("one")
    done = service.installs.wait("one", 60)
    assert (done.state, done.error and done.error["code"]) == ("failed", DiskFull.code)
    assert hub.sent() == 0
    service.stop()


def test_options_of_ones_own(models: Path, hub: Hub) -> None:
    service = library(models, hub)
    assert service.defaults("one") == {}
    assert service.set_defaults("one", {"overlap": "high", "batch": 2}) == {"overlap": "high", "batch": 2}
    assert load_catalogue(models).defaults("one") == {"overlap": "high", "batch": 2}
    for wrong in ({"overlap": 0}, {"speed": 1}, {"vr": {"window_size": 3}}):
        with pytest.raises(BadOption):
            service.set_defaults("one", wrong)
    with pytest.raises(UnknownModel):
        service.set_defaults("nothing", {})
    service.clear_defaults("one")
    assert service.defaults("one") == {}
    service.stop()


def test_what_cannot_be_installed_says_so_at_once(models: Path, hub: Hub) -> None:
    write_catalogue(models, record("old", DATA, family="legacy_demucs"), record("one", DATA))
    service = library(models, hub)
    with pytest.raises(UnknownModel) as caught:
        service.install("old")
    assert "not supported" in caught.value.hint
    with pytest.raises(UnknownModel):
        service.install("nothing")
    for choice in (DownloadChoice(url="file:///etc/passwd"), DownloadChoice(endpoints=("http://10.0.0.1",))):
        with pytest.raises(ForbiddenAddress):
            service.install("one", choice)
    service.stop()


def test_an_address_of_ones_own_may_not_lead_inside(models: Path, hub: Hub) -> None:
    service = library(models, policy=replace(QUICK, tries=1))
    service.install("one", DownloadChoice(url=f"{hub.url}/file/models/one.ckpt"))
    done = service.installs.wait("one", 60)
    assert done.state == "failed"
    assert "private network" in (done.error or {})["message"]
    assert not hub.headers
    service.stop()


def test_a_broken_list_of_what_is_installed_is_kept_aside(models: Path, hub: Hub) -> None:
    (models / "installed.json").write_text("{broken", encoding="utf-8")
    service = library(models, hub)
    service.install("one")
    assert service.installs.wait("one", 60).state == "installed"
    assert [path.read_text(encoding="utf-8") for path in models.glob("installed.json.broken-*")] == ["{broken"]
    service.stop()


def test_paths_survive_a_moved_home(models: Path, hub: Hub, tmp_path: Path) -> None:
    service = library(models, hub)
    service.install("two")
    service.installs.wait("two", 60)
    service.stop()
    shutil.move(models, tmp_path / "moved")
    assert load_catalogue(tmp_path / "moved").installed("two")
    entry = json.loads((tmp_path / "moved" / "installed.json").read_text(encoding="utf-8"))["models"]["two"]
    assert entry["files"] == ["files/two.ckpt"]


def test_names_that_would_be_one_file_are_two(models: Path, hub: Hub) -> None:
    names = ("a b", "a_b", "a?b")
    write_catalogue(models, *[record(name, content(1000, number)) for number, name in enumerate(names)])
    hub.files = {f"models/{name}.ckpt": content(1000, number) for number, name in enumerate(names)}
    service = library(models, hub)
    for number, name in enumerate(names):
        service.install(name)
        assert service.installs.wait(name, 60).state == "installed"
        assert installed(service, name) == content(1000, number)
    assert all(service.verify(name).whole for name in names)
    service.stop()


KINDS = ("drop", "reset", "wrong", "status", "plain", "other_range", "short", "long", "loop", "gzip", "wrong_total")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_what_is_installed_is_right(models: Path, seed: int) -> None:
    chance = random.Random(seed)
    faults = [Fault(kind, 500 if kind == "status" else chance.randrange(len(DATA))) for kind in chance.choices(KINDS, k=8)]
    with Hub(dict(FILES), deque(faults)) as hub:
        for _ in range(4):
            service = library(models, hub, inspect=Looked(BadWeights("no") if chance.random() < 0.2 else None))
            service.resume()
            for name in ("one", "two"):
                service.install(name)
                if chance.random() < 0.3:
                    service.installs.cancel(name)
            if chance.random() < 0.7:
                for name in ("one", "two"):
                    service.installs.wait(name, 60)
            service.stop()
            for name in ("one", "two"):
                model = load_catalogue(models).get(name)
                if model.installed:
                    assert model.weights.paths()[0].read_bytes() == FILES[f"models/{name}.ckpt"]
        hub.faults.clear()
        service = library(models, hub)
        for name in ("one", "two"):
            service.install(name)
            assert service.installs.wait(name, 60).state == "installed"
            assert installed(service, name) == FILES[f"models/{name}.ckpt"]
        service.stop()


def test_the_settings_say_where_from(tmp_path: Path) -> None:
    plain = Downloads.of(Settings(home=tmp_path))
    assert [endpoint.name for endpoint in plain.endpoints] == ["hub", "hf-mirror", "modelscope"]
    assert plain == Downloads.of(Settings(home=tmp_path, queue_limit=3))
    assert plain != Downloads.of(Settings(home=tmp_path, parallel_downloads=3))
    own = Downloads.of(
        Settings(home=tmp_path, hub_endpoint="https://hub.mine", hub_mirrors="hub, hf-mirror,", proxy="http://127.0.0.1:7890")
    )  # type: ignore[arg-type]
    assert [endpoint.base for endpoint in own.endpoints] == ["https://hub.mine", "https://huggingface.co", "https://hf-mirror.com"]
    assert own.policy.proxy == "http://127.0.0.1:7890"
    for wrong in ({"hub_endpoint": "nowhere"}, {"hub_mirrors": "hub,x y"}, {"proxy": "localhost"}, {"parallel_downloads": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Settings(home=tmp_path, **wrong)  # type: ignore[arg-type]


def test_the_catalogue_is_read_again_when_it_changed(models: Path) -> None:
    live = LiveCatalogue(models)
    assert "three" not in live
    write_catalogue(models, record("three", DATA), record("four", DATA))
    assert "three" in live
    assert live.get("FOUR").name == "four"
    assert len(live) == len(list(live))


def test_every_shipped_model_can_be_asked_for_somewhere(tmp_path: Path) -> None:
    downloads = Downloads.of(Settings(home=tmp_path))
    catalogue = load_catalogue()
    for model in catalogue:
        if model.hub is None:
            continue
        sources = downloads.sources(model.hub, DownloadChoice())
        assert sources
        assert all(source.url.startswith("https://") and source.trust == "known" for source in sources)
        assert model.has_config or not model.supported or downloads.config_sources(model.hub, DownloadChoice())
    both = catalogue.get("apollo_model").hub
    assert both is not None
    assert [source.name for source in downloads.sources(both, DownloadChoice())] == ["hub", "hf-mirror", "modelscope"]
    only = downloads.sources(both, DownloadChoice(endpoints=("modelscope", "hf-mirror"), url="https://files.example.org/a.ckpt"))
    assert [source.name for source in only] == ["address", "modelscope", "hf-mirror"]
