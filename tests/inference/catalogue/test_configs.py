"""Reading YAML as it is met in the wild, and what it says about stems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inference.catalogue import Described, describe, parse_config, read_config
from inference.errors import BadConfig

WILD = """\
audio:
  chunk_size: 352800
model:
  freqs_per_bands: !!python/tuple
    - 2
    - 4
  multi_stft_resolutions_window_sizes: !!python/tuple [4096, 2048]
  nested: !!python/tuple [!!python/tuple [1, 2], [3]]
training:
  lr: 1e-3
  small: 5.0e-05
  big: 1E6
  negative: -.5e-2
  instruments: [vocals, other]
  text: 1e
  day: 2024-01-01
"""


def test_tuples_and_numbers_of_the_wild() -> None:
    config = parse_config(WILD)
    assert config["model"] == {
        "freqs_per_bands": [2, 4],
        "multi_stft_resolutions_window_sizes": [4096, 2048],
        "nested": [[1, 2], [3]],
    }
    training = config["training"]
    assert (training["lr"], training["small"], training["big"], training["negative"]) == (1e-3, 5e-5, 1e6, -5e-3)
    assert training["text"] == "1e"
    assert training["day"] == "2024-01-01"


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [echo]",
        "a: !!python/object/new:os.system [echo]",
        "a: !!python/name:os.system",
        "a: !!python/module:os",
        "a: [",
        "a: b: c",
        "- a list",
        "text",
        "",
        "[" * 5000,
    ],
)
def test_what_is_no_configuration_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(BadConfig, match="wild"):
        parse_config(text, "wild.yaml")


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(BadConfig, match="too large"):
        parse_config("\n".join(lines))


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "模型.yaml"
    path.write_text("\N{BYTE ORDER MARK}a: é\n", encoding="utf-8")
    assert read_config(path) == {"a": "é"}
    path.write_bytes("a: é".encode("latin-1"))
    with pytest.raises(BadConfig, match="UTF-8"):
        read_config(path)
    path.write_text("a: " + "x" * 2_000_000, encoding="utf-8")
    with pytest.raises(BadConfig, match="too large"):
        read_config(path)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_config(tmp_path / "none.yaml")


def training(instruments: Any, target: Any = None, **sections: Any) -> dict[str, Any]:
    return {"training": {"instruments": instruments, "target_instrument": target}, **sections}


@pytest.mark.parametrize(
    ("config", "described"),
    [
        (training(["vocals", "other"], "vocals"), Described(("vocals", "other"), "vocals", "other", 44100)),
        (training(["other", "vocals"], "vocals"), Described(("other", "vocals"), "vocals", "other", 44100)),
        (training(["drums", "bass"]), Described(("drums", "bass"), None, None, 44100)),
        (training(["drums", "bass", "other", "vocals"], "bass"), Described(("bass", "other"), "bass", "other", 44100)),
        (training(["vocals"], "vocals"), Described(("vocals", "other"), "vocals", "other", 44100)),
        (training(["a", "b", "c"], "other"), Described(("other", "rest"), "other", "rest", 44100)),
        (training(["speech"], audio={"sample_rate": 48000}), Described(("speech",), None, None, 48000)),
        (training(None, "vocals", model="htdemucs"), Described(("vocals", "other"), "vocals", "other", 44100)),
    ],
)
def test_stems_of_a_configuration(config: dict[str, Any], described: Described) -> None:
    found = describe("bs_roformer", config)
    assert (found.target, found.rest, found.sample_rate) == (described.target, described.rest, described.sample_rate)
    assert set(found.stems) == set(described.stems)


def test_stems_of_a_vocal_remover() -> None:
    about = {"primary_stem": "Dry", "secondary_stem": "Reverb", "params": "2band_32000"}
    assert describe("vr", about) == describe("vr", {"vr": about}) == Described(("Dry", "Reverb"), None, None, 32000)


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("mdx23c", {}),
        ("mdx23c", training([])),
        ("mdx23c", training("vocals")),
        ("mdx23c", {"training": 3}),
        ("vr", {"primary_stem": "Vocals"}),
        ("vr", {"primary_stem": "Vocals", "secondary_stem": "Other", "params": "no such layout"}),
    ],
)
def test_a_configuration_without_stems_is_refused(family: str, config: dict[str, Any]) -> None:
    with pytest.raises(BadConfig):
        describe(family, config)
