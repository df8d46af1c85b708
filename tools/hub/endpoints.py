"""Where a model's files can be had: hubs, their mirrors, plain addresses.

repos of a record x endpoints in the user's order --plan--> sources, the first one tried first
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit

from tools.hub.errors import ForbiddenAddress

Trust = Literal["known", "operator", "stranger"]
"""known: a hub that everybody uses; it may not send us into a private network.
operator: an endpoint that whoever runs this server chose; it may lie inside, and so may what it points to.
stranger: an address from outside; it must be public, by whatever name."""


@dataclass(frozen=True)
class Endpoint:
    """A server of files in repositories."""

    name: str
    base: str  # an address without a slash at its end
    kind: Literal["hub", "modelscope"]
    trust: Trust = "known"

    def source(self, repo: str, path: str) -> Source:
        """The file `path` in the repository `repo` (owner/name), in its main branch."""
        if self.kind == "modelscope":
            folder = quote(path.rpartition("/")[0], safe="")
            listing = f"{self.base}/api/v1/models/{quote(repo)}/repo/files?Revision=master&Recursive=false&Root={folder}"
            return Source(self.name, f"{self.base}/models/{quote(repo)}/resolve/master/{quote(path)}", self.trust, Listing(listing, path))
        from huggingface_hub import hf_hub_url  # some tenths of a second, needed by a download only

        return Source(self.name, hf_hub_url(repo, path, endpoint=self.base), self.trust)


@dataclass(frozen=True)
class Listing:
    """Where a hub says the checksum of a file, when it does not say it on the way to the file."""

    url: str  # answers {"Data": {"Files": [{"Path", "Size", "Sha256"}, ...]}}
    path: str  # of the file, as listed there


@dataclass(frozen=True)
class Source:
    """One address of one file."""

    name: str  # of the endpoint, for people
    url: str
    trust: Trust = "stranger"
    listing: Listing | None = None
    allow: tuple[str, ...] = ()  # hosts, addresses and networks inside the private network that a stranger's address may lead to


KNOWN = {
    "hub": Endpoint("hub", "https://huggingface.co", "hub"),
    "hf-mirror": Endpoint("hf-mirror", "https://hf-mirror.com", "hub"),
    "modelscope": Endpoint("modelscope", "https://modelscope.cn", "modelscope"),
}
"""By the name that a user writes in a setting."""

HOME = {"huggingface": "hub", "modelscope": "modelscope"}
"""Host of a repository -> the endpoint that has it when the user chose none that does."""


class Repo(Protocol):
    """A file in a repository, as a record of the catalogue names it."""

    @property
    def host(self) -> str:
        """huggingface, modelscope or url."""
        ...

    @property
    def repo(self) -> str:
        """owner/name; empty for a url."""
        ...

    @property
    def path(self) -> str:
        """Inside the repository; the whole address for a url."""
        ...


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint of a setting: the name of a known one, or the address of a server that speaks the hub's protocol.

    Raises:
        ForbiddenAddress: neither.
    """
    text = text.strip()
    if text.casefold() in KNOWN:
        return KNOWN[text.casefold()]
    for known in KNOWN.values():
        if text.rstrip("/").casefold() == known.base:
            return known
    return Endpoint(urlsplit(web_address(text)).netloc, text.rstrip("/"), "hub", "operator")


def web_address(text: str) -> str:
    """`text` itself, when it is a web address.

    Raises:
        ForbiddenAddress: it is none, or it carries a user name or password.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _no_address(text, str(error)) from error
    if parts.scheme not in ("http", "https") or not host or any(character.isspace() for character in text):
        known = ", ".join(KNOWN)
        raise _no_address(text, f"it is none of {known}, and it does not begin with http:// or https:// and name a host")
    if parts.username is not None:
        raise _no_address(text, "it may not carry a user name or password")
    return text


def plain_source(address: str) -> Source:
    """An address from outside.

    Raises:
        ForbiddenAddress: it is none.
    """
    return Source(urlsplit(web_address(address)).netloc, address)


def _no_address(text: str, why: str) -> ForbiddenAddress:
    return ForbiddenAddress(f"{text[:200]!r} is no address to download from: {why}", url=text[:200])


def plan(repos: Sequence[Repo], endpoints: Sequence[Endpoint]) -> list[Source]:
    """The sources of a file, the first one to be tried first.

    Each endpoint in the user's order gives what it has of the repositories; plain addresses come last. A repository that none of
    them has is asked for at its home.

    Raises:
        ForbiddenAddress: a record's plain address is none.
    """
    sources = [endpoint.source(repo.repo, repo.path) for endpoint in endpoints for repo in repos if _has(endpoint, repo)]
    sources += [plain_source(repo.path) for repo in repos if repo.host == "url"]
    if not sources:
        sources = [KNOWN[HOME[repo.host]].source(repo.repo, repo.path) for repo in repos if repo.host in HOME]
    return list(dict.fromkeys(sources))


def _has(endpoint: Endpoint, repo: Repo) -> bool:
    return repo.host == ("modelscope" if endpoint.kind == "modelscope" else "huggingface")
