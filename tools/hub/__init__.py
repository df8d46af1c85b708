"""Downloads of models: from hubs and their mirrors, resumed, checked, in place only when they are right.

endpoints.py  where a file can be had: endpoints, sources, the order to try them
fetch.py      one file, from the first source that has it
wire.py       one request: redirects, proxies, forbidden addresses
part.py       what is there so far, and its checksum
"""

from __future__ import annotations

from tools.hub.endpoints import KNOWN, Endpoint, Source, parse_endpoint, plain_source, plan
from tools.hub.errors import DownloadFailed, ForbiddenAddress, WrongBytes
from tools.hub.fetch import Policy, Receipt, Wanted, fetch
from tools.hub.part import Disk, sha256_of
from tools.hub.progress import Progress
from tools.hub.proxies import check_proxy

__all__ = [
    "KNOWN",
    "Disk",
    "DownloadFailed",
    "Endpoint",
    "ForbiddenAddress",
    "Policy",
    "Progress",
    "Receipt",
    "Source",
    "Wanted",
    "WrongBytes",
    "check_proxy",
    "fetch",
    "parse_endpoint",
    "plain_source",
    "plan",
    "sha256_of",
]
