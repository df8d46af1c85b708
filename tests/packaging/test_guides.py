"""The guides name what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.loading import ROOT, load
from webui.settings import Settings

GUIDES = sorted((ROOT / "docs" / "install").glob("*.md"))
SAMPLES = sorted(path for path in (ROOT / "docs" / "install").iterdir() if path.suffix != ".md")
launch = load("scripts/launch.py")
by_name = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)


def test_there_is_a_guide_for_each_place() -> None:
    assert [path.name for path in GUIDES] == ["colab.md", "docker.md", "macos.md", "ucloud.md", "ucloud_zh.md", "windows.md"]


@by_name
def test_links_and_paths_lead_somewhere(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link:
            assert (guide.parent / link.partition("#")[0]).resolve().exists(), link
    for path in re.findall(r"(?:docs/install|docker|scripts|notebooks)/[\w.-]+\w", text):
        assert (ROOT / path).exists(), path


@by_name
def test_variables_are_settings(guide: Path) -> None:
    known = {f"MSST_{name.upper()}" for name in Settings.model_fields} | {"MSST_TORCH"}
    assert set(re.findall(r"\bMSST_[A-Z_]+\b", guide.read_text(encoding="utf-8"))) <= known


def test_the_drivers_of_the_guide_are_those_of_the_launcher() -> None:
    text = (ROOT / "docs" / "install" / "windows.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    drivers = {build: driver.split()[0] for _, driver, build in (row for row in rows if len(row) == 3 and row[2].startswith("cu"))}
    assert drivers == {launch.NEW_CUDA: f"{launch.NEW_DRIVER:g}", launch.OLD_CUDA: f"{launch.OLD_DRIVER:g}"}


def test_the_two_languages_have_the_same_commands() -> None:
    def commands(name: str) -> list[str]:
        text = (ROOT / "docs" / "install" / name).read_text(encoding="utf-8")
        blocks = re.findall(r"```sh\n(.*?) *```", text, re.DOTALL)
        lines = [re.sub(r"\s*#.*", "", line).strip() for block in blocks for line in block.splitlines()]
        return [line.replace("仓库地址", "REPOSITORY") for line in lines if line]

    assert commands("ucloud.md") == commands("ucloud_zh.md")


def test_the_samples_agree_with_the_guide() -> None:
    assert [path.name for path in SAMPLES] == ["Caddyfile", "msst-webui.service", "nginx.conf"]
    text = (ROOT / "docs" / "install" / "ucloud.md").read_text(encoding="utf-8")
    for path in SAMPLES:
        assert f"docs/install/{path.name}" in text
        assert "ucloud.md" in path.read_text(encoding="utf-8")
    unit = (ROOT / "docs" / "install" / "msst-webui.service").read_text(encoding="utf-8")
    for name in re.findall(r"(?:Directory|-)=?(/[\w/.-]+)|MSST_HOME=(/\S+)", unit):
        assert next(filter(None, name)) in text, name
    limit = re.search(r"client_max_body_size (\d+)m", (ROOT / "docs" / "install" / "nginx.conf").read_text(encoding="utf-8"))
    assert limit is not None
    fields = Settings.model_fields
    assert int(limit[1]) >= max(fields["max_upload_mb"].default, fields["max_model_mb"].default)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_nginx_takes_its_sample(tmp_path: Path) -> None:
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"events {{}}\npid {tmp_path}/pid;\nhttp {{ access_log off; include {ROOT}/docs/install/nginx.conf; }}\n", encoding="utf-8"
    )
    ran = subprocess.run(["nginx", "-t", "-c", str(whole)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
