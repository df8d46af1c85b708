"""The page at /docs: all of it from here, wherever a proxy puts it."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient


def test_docs_are_made_of_files_from_here(client: TestClient) -> None:
    page = client.get("/docs").text
    addresses = re.findall(r"""(?:src|href)="([^"]*)"|url: '([^']*)'""", page)
    told = {first or second for first, second in addresses} - {"data:,"}
    assert len(told) == 3
    for address in told:
        assert address.startswith("./")
        assert client.get(address[1:]).status_code == 200
    assert '"validatorUrl": null' in page


def test_the_description_names_its_own_place_as_the_server(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["servers"] == [{"url": "."}]


def test_there_is_no_second_page_that_asks_other_hosts(client: TestClient) -> None:
    assert client.get("/redoc").status_code == 404
