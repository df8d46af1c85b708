"""How this server downloads: its endpoints, proxy and patience, from the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inference.catalogue import HubWeights, Repo
from tools.hub import Disk, Endpoint, ForbiddenAddress, Policy, Source, parse_endpoint, plan
from webui.settings import Settings


@dataclass(frozen=True)
class DownloadChoice:
    """What somebody chose for one installation; persisted with it."""

    endpoints: tuple[str, ...] = ()  # in this order instead of the settings'
    url: str = ""  # the weights from this address, before all others


@dataclass(frozen=True)
class Downloads:
    """How to download."""

    endpoints: tuple[Endpoint, ...]
    policy: Policy = field(default_factory=Policy)
    parallel: int = 2  # at a time
    disk: Disk = field(default_factory=Disk, compare=False)  # the same for all settings

    @classmethod
    def of(cls, settings: Settings) -> Downloads:
        """As the settings say."""
        names = dict.fromkeys((settings.hub_endpoint, *settings.hub_mirrors))
        endpoints = tuple(dict.fromkeys(parse_endpoint(name) for name in names))
        return cls(endpoints, Policy(proxy=settings.proxy), settings.parallel_downloads)

    def sources(self, hub: HubWeights, choice: DownloadChoice) -> list[Source]:
        """Where the weights can be had. Raises ForbiddenAddress."""
        own = [Source("address", choice.url)] if choice.url else []
        return own + plan(hub.repos, self._chosen(choice))

    def config_sources(self, hub: HubWeights, choice: DownloadChoice) -> list[Source]:
        """Where the YAML beside them can be had."""
        if hub.config_path is None:
            return []
        repos = [repo.model_copy(update={"path": hub.config_path}) for repo in hub.repos if _has_config(repo, hub.config_path)]
        return plan(repos, self._chosen(choice))

    def check(self, choice: DownloadChoice) -> None:
        """Refuse what is no endpoint or no address. Raises ForbiddenAddress."""
        self._chosen(choice)
        if choice.url:
            plan([Repo(host="url", repo="", path=choice.url)], ())

    def _chosen(self, choice: DownloadChoice) -> Sequence[Endpoint]:
        """The endpoints of a choice. Only the settings may name one inside the private network."""
        if not choice.endpoints:
            return self.endpoints
        found = []
        for name in choice.endpoints:
            endpoint = parse_endpoint(name)
            mine = next((each for each in self.endpoints if each.base == endpoint.base), None)
            if mine is None and endpoint.trust == "operator":
                raise ForbiddenAddress(
                    f"the endpoint {name[:200]!r} is not in the settings",
                    hint="Known are hub, hf-mirror and modelscope; others go into MSST_HUB_ENDPOINT or MSST_HUB_MIRRORS.",
                )
            found.append(mine or endpoint)
        return found


def _has_config(repo: Repo, path: str) -> bool:
    """A plain address of weights says nothing about other files, unless the path is an address too."""
    return repo.host != "url" or "://" in path
