"""Weights from files: nothing in them is ever run, damage is told from health, and conversion happens once."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from inference.catalogue import FileWeights, ModelRecord, load_catalogue
from inference.checkpoints import fill, load_weights
from inference.errors import BadWeights, DiskFull
from inference.pickles import read_pickle
from inference.separator import Separator

PUBLISHED = load_catalogue().get("spleeter_2stems").weights.paths()[0]
ROOT = Path(__file__).parents[2]


class Call:
    """Pickles as a call of `function`: what an attacker writes."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


def attacks(marker: Path) -> dict[str, object]:
    """Objects that make the file `marker` when they are unpickled by the book."""
    code = f"open({str(marker)!r}, 'w').close()"
    return {
        "os.system": Call(os.system, f'"{sys.executable}" -c "{code}"'),
        "eval": Call(eval, code),
        "exec": Call(exec, code),
        "open": Call(open, str(marker), "w"),
        "subprocess": Call(subprocess.call, [sys.executable, "-c", code]),
        "touch": Call(Path.touch, marker),
    }


def bytes_of(value: object, form: str) -> bytes:
    """`value` in one of the forms that checkpoints come in."""
    if form.startswith("pickle"):
        return pickle.dumps(value, protocol=int(form[-1]))
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=form == "zip")
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle0", "pickle2", "pickle4"])
@pytest.mark.parametrize("place", ["alone", "beside weights", "instead of a weight"])
@pytest.mark.parametrize("attack", ["os.system", "eval", "exec", "open", "subprocess", "touch"])
def test_a_program_in_a_checkpoint_is_never_run(tmp_path: Path, attack: str, place: str, form: str) -> None:
    marker, path = tmp_path / "marker", tmp_path / "evil model.ckpt"
    evil = attacks(marker)[attack]
    tree = {
        "alone": evil,
        "beside weights": {"state_dict": {"w": torch.ones(2)}, "callbacks": [evil]},
        "instead of a weight": OrderedDict(w=torch.ones(2), v=evil),
    }[place]
    path.write_bytes(bytes_of(tree, form))
    with pytest.raises(BadWeights, match=r"evil model\.ckpt"):
        load_weights(path, tmp_path / "cache")
    assert not marker.exists()
    assert not list(tmp_path.glob("cache/*"))


def test_the_attacks_are_real(tmp_path: Path) -> None:
    for name in ("eval", "open", "touch"):
        marker = tmp_path / name
        result = pickle.loads(pickle.dumps(attacks(marker)[name]))
        if name == "open":
            result.close()
        assert marker.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'touch MARKER'\ntR.",  # GLOBAL, REDUCE
        b"(S'touch MARKER'\nios\nsystem\n.",  # INST
        b"(cos\nsystem\nS'touch MARKER'\no.",  # OBJ
        b"\x80\x02cos\nsystem\nX\x0c\x00\x00\x00touch MARKER\x85\x81.",  # NEWOBJ
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0ctouch MARKER\x85R.",  # STACK_GLOBAL
        b"c__builtin__\ngetattr\n(c__builtin__\n__import__\n(S'os'\ntRS'system'\ntR(S'touch MARKER'\ntR.",
        b"ccollections\nOrderedDict.__init__.__globals__\n.",  # a dotted name
        b"\x80\x04\x8c\x10inference.pickles\x8c\x06pickle\x93.",  # our own modules
        b"\x80\x02\x82\x01.",  # EXT1: a name from a registry of the process
    ],
)
def test_no_way_of_a_pickle_to_call_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    path.write_bytes(program)
    with pytest.raises(BadWeights, match=r"evil\.pth"):
        read_pickle(path)
    assert not (tmp_path / "MARKER").exists()


def test_one_file_cannot_change_what_the_next_one_sees(tmp_path: Path) -> None:
    good, evil = tmp_path / "good.pt", tmp_path / "evil.pt"
    good.write_bytes(bytes_of({"w": torch.arange(3.0), "n": np.arange(3.0)}, "zip"))
    # BUILD with a second dictionary sets attributes: here on the classes that stand for numpy's
    for target in (b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"ccollections\nOrderedDict\n", b"ctorch\nSize\n"):
        evil.write_bytes(target + b"(N(dS'read'\nI1\nsS'real'\nI1\nsS'__setstate__'\nI1\nsS'values'\nI1\nstb.")
        with pytest.raises(BadWeights):
            read_pickle(evil)
        found = read_pickle(good)
        assert found["w"].tolist() == found["n"].tolist() == [0, 1, 2]


WEIGHTS = {
    "float": torch.randn(3, 4),
    "half": torch.randn(5).half(),
    "bfloat": torch.randn(5).bfloat16(),
    "double": torch.randn(2, 2).double(),
    "long": torch.arange(4),
    "bool": torch.tensor([True, False]),
    "scalar": torch.tensor(7),
    "turned": torch.randn(4, 6).t(),
    "part": torch.randn(10)[3:7],
    "spread": torch.randn(1, 3).expand(4, 3),
    "parameter": nn.Parameter(torch.randn(3)),
    "numpy": np.random.default_rng(1).standard_normal((2, 3)).astype(np.float32),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
    "big endian": np.arange(3, dtype=">f4"),
}


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("nesting", ["", "state_dict", "state", "model"])
def test_every_kind_of_tensor_comes_back(tmp_path: Path, nesting: str, form: str) -> None:
    path = tmp_path / "model.ckpt"
    tree = {nesting: WEIGHTS, "epoch": 3, "loss": np.float64(0.5), "args": ["a", None, (1, 2)]} if nesting else WEIGHTS
    path.write_bytes(bytes_of(tree, form))
    found = load_weights(path, tmp_path / "cache")
    assert set(found) == set(WEIGHTS)
    for key, value in WEIGHTS.items():
        expected = value.detach() if isinstance(value, Tensor) else torch.from_numpy(value.astype(value.dtype.newbyteorder("=")))
        assert found[key].dtype == expected.dtype, key
        assert torch.equal(found[key], expected), key


def test_a_module_of_torch_saved_by_torch(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))
    torch.save(network.state_dict(), tmp_path / "n.th")
    other = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))
    fill(other, load_weights(tmp_path / "n.th", tmp_path / "cache"), "n")
    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)


def test_an_empty_tensor_is_a_weight_too(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"w": torch.ones(2), "none": torch.zeros(0, 4)}, path)
    assert load_weights(path, tmp_path / "cache")["none"].shape == (0, 4)


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.9, 0.9999, 0.9999999])
def test_a_cut_checkpoint_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.ckpt"
    shutil.copyfile(PUBLISHED, path)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(BadWeights, match=r"cut\.ckpt"):
        load_weights(path, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*"))


def test_a_cut_checkpoint_of_the_old_form_is_refused(tmp_path: Path) -> None:
    whole = bytes_of({"w": torch.randn(300), "v": torch.randn(30)}, "legacy")
    path = tmp_path / "cut.th"
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(BadWeights, match=r"cut\.th"):
            read_pickle(path)


@pytest.mark.parametrize("name", ["model.ckpt", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"Not Found", b"<!DOCTYPE html><html></html>", bytes(range(256)) * 50, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadWeights, match=name.replace(".", r"\.")):
        load_weights(path, tmp_path / "cache")


@pytest.mark.parametrize("tree", [[], {}, {"epoch": 1}, {"state_dict": {"w": "text"}}, 5, None, {"state_dict": None}])
def test_a_checkpoint_without_weights_is_refused(tmp_path: Path, tree: object) -> None:
    torch.save(tree, tmp_path / "none.pt")
    with pytest.raises(BadWeights, match=r"none\.pt"):
        load_weights(tmp_path / "none.pt", tmp_path / "cache")


def test_a_checkpoint_that_holds_itself_is_refused(tmp_path: Path) -> None:
    tree: dict[str, object] = {}
    tree["state_dict"] = tree
    torch.save(tree, tmp_path / "ring.pt")
    with pytest.raises(BadWeights, match=r"ring\.pt"):
        load_weights(tmp_path / "ring.pt", tmp_path / "cache")


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_any_damage_is_refused_or_harmless(tmp_path: Path, form: str) -> None:
    """Overwritten bytes anywhere: tensors or BadWeights, never another error."""
    whole = bytes_of({"state_dict": {"w": torch.randn(4, 5), "n": np.ones((2, 2), np.float32)}, "epoch": 1}, form)
    generator = np.random.default_rng(4)
    path = tmp_path / "damaged.ckpt"
    for _ in range(400):
        damaged = bytearray(whole)
        for place in generator.integers(0, len(whole), generator.integers(1, 4)):
            damaged[place] = generator.integers(0, 256)
        path.write_bytes(damaged)
        try:
            found = read_pickle(path)
        except BadWeights:
            continue
        assert all(isinstance(value, Tensor) for value in found.values())


def test_changed_numbers_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "flipped.ckpt"
    whole = bytearray(bytes_of({"w": torch.arange(1000.0)}, "zip"))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    whole[largest.header_offset + 2000] ^= 1
    path.write_bytes(whole)
    with pytest.raises(BadWeights, match=r"flipped\.ckpt"):
        read_pickle(path)


def test_missing_weights_say_where_they_were_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match=r"gone\.ckpt") as caught:
        load_weights(tmp_path / "gone.ckpt", tmp_path / "cache")
    assert str(tmp_path) in caught.value.hint


def small() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"0.bias": None}, "0.bias is missing"),
        ({"2.weight": torch.ones(1)}, "2.weight is not known"),
        ({"0.weight": torch.ones(3, 3)}, r"0.weight is \[3, 3\] instead of \[3, 2\]"),
        ({f"x{n}": torch.ones(1) for n in range(10)}, "and 7 more"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, change: dict[str, Tensor | None], said: str) -> None:
    state = {**small().state_dict(), **change}
    save_file({key: value for key, value in state.items() if value is not None}, tmp_path / "other.safetensors")
    network = small()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(BadWeights, match=said) as caught:
        fill(network, load_weights(tmp_path / "other.safetensors", tmp_path), "other model")
    assert "other model" in caught.value.message
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_half_precision_weights_and_missing_counters_fit(tmp_path: Path) -> None:
    state = {key: value.half() for key, value in small().state_dict().items() if not key.endswith("num_batches_tracked")}
    save_file(state, tmp_path / "half.safetensors")
    with torch.device("meta"):
        network = small()
    fill(network, load_weights(tmp_path / "half.safetensors", tmp_path), "half")
    assert {value.dtype for key, value in network.state_dict().items() if "num" not in key} == {torch.float32}
    assert not any(value.is_meta for value in network.state_dict().values())
    assert network.eval()(torch.ones(1, 2)).isfinite().all()


def test_a_separator_says_which_model_does_not_fit(tmp_path: Path) -> None:
    save_file({"w": torch.ones(1)}, tmp_path / "w.safetensors")
    files = (tmp_path / "w.safetensors",) * 2
    weights = FileWeights(kind="file", files=files)
    record = ModelRecord(name="mine", title="", purpose="", family="spleeter", stems=("vocals",), sample_rate=44100, weights=weights)
    with pytest.raises(BadWeights, match=r"mine .*another kind of network"):
        Separator(record, cache=tmp_path, device="cpu")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.ckpt"
    torch.save({"w": torch.arange(1000.0)}, path)
    return path


def cached(cache: Path) -> Path:
    (only,) = cache.iterdir()
    return only


def test_conversion_happens_once(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "cache"
    first = load_weights(source, cache)
    about = cached(cache).stat()
    second = load_weights(source, cache)
    assert cached(cache).stat().st_mtime_ns == about.st_mtime_ns
    assert torch.equal(first["w"], second["w"])
    assert torch.equal(load_file(cached(cache))["w"], first["w"])
    shutil.rmtree(cache)
    assert torch.equal(load_weights(source, cache)["w"], second["w"])


def test_a_changed_file_is_converted_again(source: Path, tmp_path: Path) -> None:
    load_weights(source, tmp_path / "cache")
    torch.save({"w": torch.zeros(3)}, source)
    assert load_weights(source, tmp_path / "cache")["w"].shape == (3,)


@pytest.mark.parametrize("damage", [b"", b"text", None])
def test_a_damaged_cache_is_made_again(source: Path, tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    cache = tmp_path / "cache"
    load_weights(source, cache)
    whole = cached(cache).read_bytes()
    cached(cache).write_bytes(whole[:-100] if damage is None else damage)
    assert torch.equal(load_weights(source, cache)["w"], torch.arange(1000.0))
    assert "damaged" in caplog.text
    assert torch.equal(load_file(cached(cache))["w"], torch.arange(1000.0))


def test_a_cache_that_cannot_be_written_is_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(DiskFull, match="cannot write"):
        load_weights(source, tmp_path / "cache")


def test_threads_may_convert_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: load_weights(PUBLISHED, tmp_path), range(3)))
    assert cached(tmp_path).suffix == ".safetensors"
    for state in found[1:]:
        assert all(torch.equal(value, found[0][key]) for key, value in state.items())


@pytest.mark.slow
def test_processes_may_convert_at_once(source: Path, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from inference.checkpoints import load_weights as load; "
    code += "print(load(Path(sys.argv[1]), Path(sys.argv[2]))['w'].sum().item())"
    command = [sys.executable, "-c", code, str(source), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == ["499500.0"] * 2
    assert cached(tmp_path / "cache").is_file()


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "module._orig_mod.", "ema_model.module."])
def test_prefixes_of_trainers_come_off(tmp_path: Path, prefix: str) -> None:
    published = small()
    state = {prefix + key: value for key, value in published.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "wrapped.ckpt")
    network = small()
    fill(network, load_weights(tmp_path / "wrapped.ckpt", tmp_path / "cache"), "wrapped")
    assert torch.equal(network.state_dict()["0.weight"], published.state_dict()["0.weight"])


def test_the_network_among_its_losses_is_found(tmp_path: Path) -> None:
    published = small()
    state = {f"model.{key}": value for key, value in published.state_dict().items()}
    torch.save({"state_dict": {"loss.window": torch.ones(3), **state}}, tmp_path / "lightning.ckpt")
    network = small()
    fill(network, load_weights(tmp_path / "lightning.ckpt", tmp_path / "cache"), "lightning")
    assert torch.equal(network.state_dict()["0.weight"], published.state_dict()["0.weight"])


def test_a_renamed_file_is_read_for_what_it_is(tmp_path: Path) -> None:
    save_file({"w": torch.arange(3.0)}, tmp_path / "a.ckpt")
    torch.save({"w": torch.arange(3.0)}, tmp_path / "b.safetensors")
    for name in ("a.ckpt", "b.safetensors"):
        assert load_weights(tmp_path / name, tmp_path / "cache")["w"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html>Log in</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "pointer"),
        (b'{"error": "Entry not found"}', "error message"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (b"Rar!\x1a\x07", "archive"),
        (b"RIFF....WAVE", "damaged or no checkpoint"),
    ],
)
def test_what_the_file_is_instead_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    with pytest.raises(BadWeights, match=said):
        load_weights(path, tmp_path / "cache")


def test_weights_of_another_family_are_told_from_a_wrong_version() -> None:
    other = nn.Sequential(nn.Identity(), nn.Identity(), nn.Conv1d(1, 1, 1))
    with pytest.raises(BadWeights, match=r"another kind of network.*2\.weight") as caught:
        fill(small(), dict(other.state_dict()), "mine")
    assert "model type" in caught.value.hint
