"""What diagnostics and the settings of others do not show."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from tools.hub.proxies import check_proxy
from webui.services.system import hidden, without_password


@pytest.mark.parametrize("user", ["me", "me:secret", "me:s@cret", "me@home:s@cre@t"])
def test_names_and_passwords_of_addresses(user: str) -> None:
    address = check_proxy(f"http://{user}@proxy.example:3128")
    assert without_password(address) == "http://***@proxy.example:3128"
    assert without_password([address, "hub"]) == ["http://***@proxy.example:3128", "hub"]
    assert hidden(f"proxy={address!r} MSST_PROXY") == "proxy='http://***@proxy.example:3128' MSST_PROXY"
    assert hidden("mail a@b.example, see http://docs.example/@me") == "mail a@b.example, see http://docs.example/@me"


def test_the_path_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: PureWindowsPath(r"C:\Users\Jo"))
    value = r"C:\Users\Jo\music"
    assert hidden(f"cannot read {value}; home={value!r}") == r"cannot read ~\music; home='~\\music'"
    monkeypatch.setattr(Path, "home", lambda: Path("/home/jo"))
    assert hidden("home='/home/jo/music'") == "home='~/music'"
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert hidden("/data") == "/data"
