"""Models of users' own: recognised, checked by building them, converted once; what does not fit is said, and what would run is refused."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from inference.catalogue import load_catalogue
from inference.errors import BadConfig, BadWeights, MsstError, UnknownModel
from inference.networks import build
from inference.options import Options
from inference.separator import Separator
from tests.conftest import chord
from tests.families import CONFIGS
from tests.tools.hub.server import Fault, Hub
from tests.webui.shelf import Looked, library, record, write_catalogue
from webui.compute.inspection import inspect_weights
from webui.services.errors import BadRequest
from webui.services.inspector import Inspector
from webui.services.library import LibraryService
from webui.services.own_models import NewModel

FAMILIES = ("mel_band_roformer", "bs_roformer 4 stems", "mdx23c", "scnet_masked", "htdemucs", "bandit_v2", "apollo")


def here(order: dict[str, Any], cancelled: Callable[[], bool]) -> dict[str, Any]:
    """As the compute process looks, in this one."""
    return inspect_weights(**order)


@pytest.fixture
def service(tmp_path: Path) -> LibraryService:
    return library(tmp_path / "models", inspect=here)


def checkpoint(name: str, path: Path) -> Path:
    torch.manual_seed(1)
    torch.save({"state_dict": build(name.split()[0], CONFIGS[name]).state_dict()}, path)
    return path


def config(name: str, path: Path) -> Path:
    path.write_text(yaml.safe_dump(CONFIGS[name]), encoding="utf-8")
    return path


def leftovers(service: LibraryService) -> list[str]:
    return sorted(path.name for path in service.ledger.models.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_checkpoint_with_its_yaml(service: LibraryService, tmp_path: Path, name: str) -> None:
    weights = checkpoint(name, tmp_path / "my model v1.5.ckpt")
    added = service.add(NewModel(weights, config(name, tmp_path / "c.yaml"), title="Mine"))
    assert not added.known
    assert added.parameters == sum(value.numel() for value in build(name.split()[0], CONFIGS[name]).state_dict().values())
    model = load_catalogue(service.ledger.models).get("My Model v1.5.ckpt")
    assert (model.family, model.title) == (name.split()[0], "Mine")
    assert model.installed
    assert set(CONFIGS[name]["training"]["instruments"]) >= set(model.stems) - {"other", "rest"}
    assert service.verify(model.name).whole
    files = leftovers(service)
    assert sum(file.endswith(".safetensors") for file in files) == 1
    weights.unlink()
    separator = Separator(model, cache=service.ledger.models, device="cpu", options=Options(precision="exact"))
    stems = separator.separate(chord(0.3).T, 44100)
    assert set(stems) == set(model.stems)
    assert leftovers(service) == files  # it was converted already
    assert service.uninstall(model.name) > 0
    assert leftovers(service) == ["catalogue.json", "installed.json"]
    assert model.name not in service.catalogue


@pytest.mark.parametrize("name", ["vr", "vr classic", "vr 32000"])
def test_a_vocal_remover_with_its_layout(service: LibraryService, tmp_path: Path, name: str) -> None:
    weights = tmp_path / "remover.pth"
    torch.save(build("vr", CONFIGS[name]).state_dict(), weights)
    added = service.add(NewModel(weights, layout=CONFIGS[name]["params"]))
    assert added.record.stems == ("Instrumental", "Vocals")
    assert "assumed" in added.assumed[0]
    about = added.record.load_config()["vr"]
    assert {key: about[key] for key in ("network", "n_fft")} == {key: CONFIGS[name][key] for key in ("network", "n_fft")}
    stems = Separator(added.record, cache=service.ledger.models, device="cpu").separate(chord(0.5).T, 44100)
    assert set(stems) == {"Instrumental", "Vocals"}
    again = service.add(NewModel(weights, layout=CONFIGS[name]["params"], stems=("Dry", "Reverb"), replace=True))
    assert (again.record.stems, again.assumed) == (("Dry", "Reverb"), ())


def test_a_vocal_remover_needs_the_right_layout(service: LibraryService, tmp_path: Path) -> None:
    weights = tmp_path / "remover.pth"
    torch.save(build("vr", CONFIGS["vr"]).state_dict(), weights)
    with pytest.raises(BadConfig, match="band layout") as caught:
        service.add(NewModel(weights))
    assert "4band_v3" in caught.value.hint
    with pytest.raises(BadConfig, match="frequencies"):
        service.add(NewModel(weights, layout="1band_sr44100_hl512"))
    with pytest.raises(UnknownModel, match="no band layout"):
        service.add(NewModel(weights, layout="17band"))
    with pytest.raises(BadRequest, match="two stems"):
        service.add(NewModel(weights, layout="4band_v3", stems=("a", "b", "c")))
    assert leftovers(service) in ([], [".ledger.lock"])


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch evil-was-here",)


def test_code_is_refused_and_never_run(service: LibraryService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "evil.ckpt"
    torch.save({"state_dict": {"a": torch.zeros(1)}, "trainer": Evil()}, weights)
    (tmp_path / "plain.ckpt").write_bytes(pickle.dumps(Evil()))
    for path in (weights, tmp_path / "plain.ckpt"):
        with pytest.raises(BadWeights, match="not safe to load") as caught:
            service.add(NewModel(path, config("mdx23c", tmp_path / "c.yaml")))
        assert "system" in caught.value.message
    assert not (tmp_path / "evil-was-here").exists()
    assert not leftovers(service)


def test_what_does_not_fit_is_said(service: LibraryService, tmp_path: Path) -> None:
    weights = checkpoint("mdx23c", tmp_path / "m.ckpt")
    text = config("mdx23c", tmp_path / "c.yaml").read_text(encoding="utf-8")
    with pytest.raises(BadWeights, match="do not fit") as caught:
        service.add(NewModel(weights, text.replace("num_channels: 8", "num_channels: 16")))
    problems = str(caught.value.params["problems"]).splitlines()
    assert len(problems) > 3
    assert all("instead of" in line or "missing" in line or "not known" in line for line in problems)
    with pytest.raises(BadWeights, match="another kind of network"):
        service.add(NewModel(weights, config("scnet", tmp_path / "s.yaml"), family="scnet"))
    for text, said in (("", "mdx23c"), ("a: [", "YAML"), ("audio: {}\nmodel: {}\n", "mdx23c")):
        with pytest.raises(BadConfig, match=said):
            service.add(NewModel(weights, text or None))
    assert not leftovers(service)


@pytest.mark.parametrize("text", [b"", b"<!DOCTYPE html>", b"nonsense" * 100])
def test_files_that_are_no_weights(service: LibraryService, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "m.ckpt").write_bytes(text)
    with pytest.raises(BadWeights):
        service.add(NewModel(tmp_path / "m.ckpt", config("mdx23c", tmp_path / "c.yaml")))
    for path in (tmp_path / "none.ckpt", tmp_path, tmp_path / "c.yaml"):
        with pytest.raises(BadRequest):
            service.add(NewModel(path))


def test_a_known_file_is_recognised_under_any_name(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "models", record("one", b"12345"))
    looked = Looked()
    service = library(tmp_path / "models", inspect=looked)
    (tmp_path / "whatever.pth").write_bytes(b"12345")
    added = service.add(NewModel(tmp_path / "whatever.pth", name="other"))
    assert (added.known, added.record.name, added.record.installed) == (True, "one", True)
    assert not looked.orders
    assert service.verify("one").whole
    assert service.add(NewModel(tmp_path / "whatever.pth")).known
    assert "other" not in service.catalogue


def test_a_file_may_stay_where_it_is(service: LibraryService, tmp_path: Path) -> None:
    weights = checkpoint("mdx23c", tmp_path / "m.ckpt")
    added = service.add(NewModel(weights, config("mdx23c", tmp_path / "c.yaml"), copy=False))
    assert added.record.weights.paths() == [weights]
    assert [use.linked for use in service.disk_use()] == [True]
    service.uninstall("m")
    assert weights.is_file()
    assert not [name for name in leftovers(service) if name.endswith(".safetensors")]


def test_safetensors_are_taken_as_they_are(service: LibraryService, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file(build("mdx23c", CONFIGS["mdx23c"]).state_dict(), path)
    service.add(NewModel(path, config("mdx23c", tmp_path / "c.yaml")))
    assert sum(name.endswith(".safetensors") for name in leftovers(service)) == 1


def test_names_are_ones_own_but_not_taken(service: LibraryService, tmp_path: Path) -> None:
    weights = checkpoint("mdx23c", tmp_path / "spleeter_2stems.ckpt")
    yaml_file = config("mdx23c", tmp_path / "c.yaml")
    with pytest.raises(BadRequest, match="catalogue has a model"):
        service.add(NewModel(weights, yaml_file))
    assert service.add(NewModel(weights, yaml_file, name="模型/one")).record.installed
    with pytest.raises(BadRequest, match="already"):
        service.add(NewModel(weights, yaml_file, name="模型/ONE"))
    torch.manual_seed(2)
    torch.save(build("mdx23c", CONFIGS["mdx23c"]).state_dict(), weights)
    with pytest.raises(MsstError):
        service.add(NewModel(weights, "audio: {}", name="模型/one", replace=True))
    assert service.catalogue.get("模型/one").installed  # a failed one replaces nothing
    service.add(NewModel(weights, yaml_file, name="模型/one", replace=True))
    assert sum(name.endswith(".ckpt") for name in leftovers(service)) == 1


def test_the_compute_process_looks(tmp_path: Path) -> None:
    service = library(tmp_path / "models", inspect=Inspector())
    weights = checkpoint("mdx23c", tmp_path / "m.ckpt")
    assert service.add(NewModel(weights, config("mdx23c", tmp_path / "c.yaml"))).record.family == "mdx23c"
    with pytest.raises(MsstError) as caught:
        service.add(NewModel(weights, "audio: {}", name="again"))
    assert caught.value.code == "bad_config"


def test_a_model_of_the_hub_from_its_address_to_its_stems(tmp_path: Path) -> None:
    """With everything real: the weights and the YAML come from a hub, a compute process builds and converts, a song is taken apart."""
    weights = checkpoint("mdx23c", tmp_path / "m.ckpt").read_bytes()
    text = config("mdx23c", tmp_path / "c.yaml").read_bytes()
    models = tmp_path / "models"
    write_catalogue(models, record("drums", weights, sha256=False, config=False, family="mdx23c"))
    with Hub({"models/drums.ckpt": weights, "models/drums.yaml": text}, deque([Fault("drop", 1000)])) as hub:
        service = library(models, hub, inspect=Inspector())
        service.install("drums")
        done = service.installs.wait("drums", 120)
        service.stop()
    assert done.state == "installed", done.error
    model = load_catalogue(models).get("drums")
    assert model.stems == ("kick", "snare", "toms")
    assert set(Separator(model, cache=models, device="cpu").separate(chord(0.3).T, 44100)) == set(model.stems)
