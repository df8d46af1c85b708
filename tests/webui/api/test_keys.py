"""Who is let in: keys, the sign-in page, and that nobody is locked out by accident, or let in by guessing."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.webui.api.conftest import House, refused
from webui.i18n import languages
from webui.services import access, files

PAGE = {"accept": "text/html,application/xhtml+xml"}


def made(client: TestClient, name: str = "studio") -> dict[str, str]:
    answer = client.post("/api/v1/keys", json={"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.fixture
def key(house: House) -> str:
    """The key of a server that asks for one."""
    client = house.client()
    secret = made(client)["key"]
    assert client.patch("/api/v1/settings", json={"access": "keys"}).status_code == 200
    return secret


def test_in_open_access_nobody_needs_a_key(house: House, stranger: TestClient) -> None:
    made(house.client())
    assert stranger.get("/api/v1/presets").status_code == 200
    assert stranger.get("/api/v1/presets", headers={"x-api-key": "wrong"}).status_code == 200


def test_whoever_makes_the_first_key_stays_in(house: House) -> None:
    browser = house.client()
    new = made(browser)
    assert new["key"].startswith("msst_")
    assert browser.patch("/api/v1/settings", json={"access": "keys"}).status_code == 200
    assert browser.get("/api/v1/settings").status_code == 200
    (shown,) = browser.get("/api/v1/keys").json()["keys"]
    assert (shown["name"], shown["current"], shown["used_at"] is not None, "key" in shown) == ("studio", True, True, False)
    assert new["key"] not in (house.services.storage.home / "keys.json").read_text()


def test_whoever_has_no_key_cannot_ask_for_keys(house: House) -> None:
    browser = house.client()
    refused(browser.patch("/api/v1/settings", json={"access": "keys"}), 409, "no_key")
    secret = made(house.client())["key"]  # in another browser
    refused(browser.patch("/api/v1/settings", json={"access": "keys"}), 409, "no_key")
    assert browser.patch("/api/v1/settings", json={"access": "keys"}, headers={"authorization": f"Bearer {secret}"}).status_code == 200


def test_keys_are_for_the_owner(stranger: TestClient, house: House) -> None:
    refused(stranger.get("/api/v1/keys"), 403, "not_owner")
    refused(stranger.post("/api/v1/keys", json={"name": "mine"}), 403, "not_owner")
    new = made(house.client())
    assert stranger.get("/api/v1/keys", headers={"x-api-key": new["key"]}).status_code == 200
    refused(stranger.delete(f"/api/v1/keys/{new['id']}"), 403, "not_owner")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/upload"),
        ("GET", "/status/x"),
        ("GET", "/results/x"),
        ("GET", "/download/x/y.wav"),
        ("HEAD", "/download/x/y.wav"),
        ("DELETE", "/task/x"),
        ("GET", "/api/v1/jobs"),
        ("GET", "/api/v1/settings"),
        ("PATCH", "/api/v1/settings"),
        ("POST", "/api/v1/keys"),
        ("GET", "/api/v1/diagnostics"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("OPTIONS", "/upload"),
        ("GET", "/"),
        ("POST", "/signout"),
        ("GET", "/ui/static/../../api/v1/jobs"),
        ("GET", "/health/../api/v1/jobs"),
        ("GET", "/signin/"),
    ],
)
def test_with_keys_nothing_is_open_even_on_this_machine(house: House, key: str, method: str, path: str) -> None:
    answer = house.client().request(method, path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="MSST-WebUI"')
    if method != "HEAD":
        refused(answer, 401, "key_needed")


def test_a_key_opens_however_it_is_sent(house: House, key: str) -> None:
    client, cookie = house.client(), house.services.keys.cookie
    for headers in ({"authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}, {"x-api-key": key}):
        assert client.get("/api/v1/presets", headers=headers).status_code == 200
    for headers in (
        {"authorization": f"Basic {key}"},
        {"authorization": key},
        {"x-api-key": key[:-1]},
        {"cookie": f"{cookie}={key}"},
    ):
        refused(client.get("/api/v1/presets", headers=headers), 401, "key_needed")


def test_a_browser_is_sent_to_sign_in_and_comes_back(house: House, key: str) -> None:
    browser = house.client()
    sent = browser.get("/results/some?tab=jobs&x=%22", headers=PAGE, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "../signin?next=%2Fresults%2Fsome%3Ftab%3Djobs%26x%3D%2522")
    page = browser.get("/results/some?tab=jobs", headers=PAGE)
    assert (page.status_code, page.url.path) == (200, "/signin")
    wanted = re.search(r'name="next" value="([^"]*)"', page.text)
    assert wanted is not None
    assert wanted[1] == "/results/some?tab=jobs"
    done = browser.post("/signin", data={"key": f" {key} ", "next": wanted[1]}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "./results/some?tab=jobs")
    cookie = done.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age="))
    assert "secure" not in cookie
    assert key not in cookie
    assert browser.get("/api/v1/settings").status_code == 200
    browser.post("/signout", follow_redirects=False)
    refused(browser.get("/api/v1/settings"), 401, "key_needed")


def test_over_https_the_cookie_is_for_https_alone(house: House, key: str) -> None:
    done = house.client().post("/signin", data={"key": key}, headers={"x-forwarded-proto": "https"}, follow_redirects=False)
    assert "secure" in done.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "javascript:alert(1)", "", "/signin", '/"><script>']
)
def test_signing_in_leads_nowhere_else(house: House, key: str, wanted: str) -> None:
    done = house.client().post("/signin", data={"key": key, "next": wanted}, follow_redirects=False)
    assert done.status_code == 303
    location = done.headers["location"]
    assert location.startswith("./")
    assert not location.startswith(".//")
    page = house.client().get("/signin", params={"next": wanted}).text
    assert "<script" not in page
    assert "evil.example" not in page


@pytest.mark.parametrize("language", languages())
def test_the_page_speaks_the_browser_s_language(house: House, key: str, language: str) -> None:
    page = house.client().get("/signin", headers={"accept-language": language}).text
    assert f'<html lang="{language}">' in page
    assert "signin." not in page
    wrong = house.client().post("/signin", data={"key": "wrong"}, headers={"accept-language": language})
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    assert "signin." not in wrong.text


def test_guessing_is_refused_and_the_owner_stays_in(house: House, key: str) -> None:
    owner, guesser, other = house.client(), house.client(), house.client("192.0.2.9")
    for number in range(access.Tries.ALLOWED):
        refused(guesser.get("/api/v1/presets", headers={"x-api-key": f"guess{number}"}), 401, "key_needed")
    answer = guesser.get("/api/v1/presets", headers={"x-api-key": "one more"})
    refused(answer, 429, "too_many_tries")
    assert int(answer.headers["retry-after"]) > 0
    page = guesser.post("/signin", data={"key": "one more"})
    assert (page.status_code, 'role="alert"' in page.text) == (429, True)
    assert owner.get("/api/v1/presets", headers={"x-api-key": key}).status_code == 200  # from the same address
    for browser in (owner, other):
        assert browser.post("/signin", data={"key": key}, follow_redirects=False).status_code == 303


def test_the_same_wrong_key_again_locks_nobody_out(house: House, key: str) -> None:
    for _ in range(3 * access.Tries.ALLOWED):  # a page that polls with a cookie of yesterday
        refused(house.client().get("/api/v1/presets", headers={"x-api-key": "old"}), 401, "key_needed")
    assert house.client().post("/signin", data={"key": key}, follow_redirects=False).status_code == 303


def test_many_addresses_that_guess_are_one(house: House, key: str) -> None:
    for number in range(access.Tries.ALL_ALLOWED):
        house.client(f"192.0.2.{number}").get("/api/v1/presets", headers={"x-api-key": f"guess{number}"})
    refused(house.client("198.51.100.1").get("/api/v1/presets", headers={"x-api-key": "one more"}), 429, "too_many_tries")


def test_a_key_that_is_taken_away_opens_nothing_and_its_browsers_are_out(house: House, key: str) -> None:
    owner = {"x-api-key": key}
    phone = house.client()
    new = phone.post("/api/v1/keys", json={"name": "phone"}, headers=owner).json()
    assert "set-cookie" not in phone.get("/api/v1/keys", headers=owner).headers
    assert phone.post("/signin", data={"key": new["key"]}, follow_redirects=False).status_code == 303
    assert phone.get("/api/v1/presets").status_code == 200
    assert house.client().delete(f"/api/v1/keys/{new['id']}", headers=owner).status_code == 200
    refused(phone.get("/api/v1/presets"), 401, "key_needed")
    refused(house.client().get("/api/v1/presets", headers={"x-api-key": new["key"]}), 401, "key_needed")
    refused(house.client().delete(f"/api/v1/keys/{new['id']}", headers=owner), 404, "unknown_key")


def test_the_last_key_stays_while_one_is_asked_for(house: House, key: str) -> None:
    client, owner = house.client(), {"x-api-key": key}
    (only,) = client.get("/api/v1/keys", headers=owner).json()["keys"]
    refused(client.delete(f"/api/v1/keys/{only['id']}", headers=owner), 409, "last_key")
    assert client.patch("/api/v1/settings", json={"access": "open"}, headers=owner).status_code == 200
    assert client.delete(f"/api/v1/keys/{only['id']}").status_code == 200


def test_a_session_ends(house: House, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "SESSION_SECONDS", -1.0)
    browser = house.client()
    browser.post("/signin", data={"key": key}, follow_redirects=False)
    session = house.services.keys.session_of(house.services.keys.all()[0].id)
    assert house.services.keys.find_session(session) is None


def test_keys_of_another_process_count_at_once(house: House, key: str) -> None:
    _, secret = access.Keys(house.services.storage.home).make("from the command line")
    assert house.client().get("/api/v1/presets", headers={"x-api-key": secret}).status_code == 200


@pytest.mark.parametrize("text", ["{", "[]", '{"keys": [{"id": 1}], "sessions": []}', "null"])
def test_a_damaged_file_lets_nobody_in(house: House, key: str, text: str) -> None:
    (house.services.storage.home / "keys.json").write_text(text)
    refused(house.client().get("/api/v1/presets", headers={"x-api-key": key}), 401, "key_needed")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_key_has_a_name(client: TestClient, name: str) -> None:
    refused(client.post("/api/v1/keys", json={"name": name}), 400, "bad_request")


def test_what_is_stored_is_for_its_owner_alone(house: House, key: str) -> None:
    file = house.services.storage.home / "keys.json"
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0
    stored = json.loads(file.read_text())
    assert [len(each["hash"]) for each in stored["keys"]] == [64]


def test_a_socket_without_a_key_is_closed(house: House, key: str) -> None:
    with pytest.raises(WebSocketDisconnect), house.client().websocket_connect("/gradio_api/queue/join"):
        pass


def test_a_use_that_cannot_be_noted_keeps_nobody_out(house: House, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "put", Mock(side_effect=OSError(28, "no space left")))
    house.services.keys._noted.clear()
    assert house.client().get("/api/v1/presets", headers={"x-api-key": key}).status_code == 200


def test_cookies_of_other_servers_of_this_machine_hide_nothing(house: House, key: str) -> None:
    browser = house.client()
    browser.post("/signin", data={"key": key})
    name, session = next(iter(browser.cookies.items()))
    mine = f"{name}={session}"
    for cookies in (f'theirs={{"a": "b"}}; {mine}', f"a[b]=1; {mine}", f"nothing; {mine}", f'{mine}; q="'):
        assert house.client().get("/api/v1/keys", headers={"cookie": cookies}).status_code == 200, cookies


def test_whoever_guesses_from_everywhere_fills_no_memory() -> None:
    tries = access.Tries()
    for number in range(3000):
        with suppress(access.TooManyTries):
            tries.wrong(f"2001:db8::{number:x}", f"guess {number}")
    assert len(tries._wrong) <= tries.ALL_ALLOWED + 1


def test_a_file_of_keys_that_cannot_be_read_for_a_moment_locks_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = access.Keys(tmp_path)
    _, secret = keys.make("studio")
    with monkeypatch.context() as windows:
        windows.setattr(Path, "read_text", Mock(side_effect=PermissionError("in use")))
        assert keys.find(secret) is None  # never read so far
    assert keys.find(secret) is not None
