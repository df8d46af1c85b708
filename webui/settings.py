"""Every setting of the server, with its limits and what a page needs to offer it.

Environment variables MSST_NAME and arguments of the command line rule; what neither says, HOME/settings.json may
(services/configuration.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from inference.errors import MsstError
from inference.options import MAX_OVERLAP, Overlap, Precision
from inference.presets.names import DEFAULT as DEFAULT_NAME
from inference.presets.names import fields_of
from inference.types import MAX_RATE, MIN_RATE, WRITABLE
from tools.hub import check_proxy, parse_endpoint
from webui.paths import ROOT

Access = Literal["open", "keys"]
_DEVICE = re.compile(r"auto|cpu|(?:cuda|mps|xpu|directml|cpu)(?::\d{1,2})?")


@dataclass(frozen=True)
class About:
    """What belongs to a setting beside its value."""

    group: str  # where it stands among the others
    live: bool = True  # a change applies at once; else at the next start
    guarded: bool = False  # opens the server or its network: only for its owner, see api.deps.OwnerOnly
    fixed: bool = False  # only the environment can say it
    unit: str = ""
    suggested: tuple[str | int, ...] = ()  # values to offer where others are possible too


class Settings(BaseSettings):
    """What can be set, with the defaults of a single user's own machine."""

    model_config = SettingsConfigDict(
        env_prefix="MSST_", extra="ignore", frozen=True, validate_default=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    home: Annotated[Path, About("storage", live=False, guarded=True, fixed=True)] = ROOT / "data" / "user"
    """Folder of everything that a user makes or installs: jobs, results, models, presets."""

    host: Annotated[str, About("network", live=False, guarded=True, suggested=("127.0.0.1", "0.0.0.0"))] = "127.0.0.1"  # noqa: S104 - offered, not bound
    """Address to listen on; 0.0.0.0 opens the server to the network."""

    port: Annotated[int, About("network", live=False, guarded=True)] = Field(default=7860, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""

    public_url: Annotated[AnyHttpUrl | None, About("network", guarded=True)] = None
    """Address under which callers reach the server (download links in callbacks and answers); by default what the caller used."""

    page: Annotated[bool, About("network", live=False, guarded=True)] = True
    """Serve the page at /. Without it the REST service starts faster and needs less memory."""

    share: Annotated[bool, About("network", live=False, guarded=True)] = False
    """Open a public address through Gradio's relay, for a notebook in the cloud."""

    language: Annotated[str, About("page")] = "auto"
    """Language of the page: auto (the browser's), en, zh-CN, zh-TW, ja, ko."""

    access: Annotated[Access, About("access", guarded=True)] = "open"
    """Who is let in: open (everybody who reaches the server) or keys (whoever has one of its keys; the page asks for it)."""

    device: Annotated[str, About("computing", suggested=("auto", "cpu"))] = "auto"
    """Where models run: auto, cpu, cuda, cuda:0, mps ...; several, as in cuda:0,cuda:1, share the chunks of a song."""

    precision: Annotated[Precision, About("computing")] = "auto"
    """auto, exact (float32) or fast (16 bits in matrix products and convolutions). auto measures a model's first chunk both ways and is
    fast where the difference is 40 dB below the weakest stem."""

    overlap: Annotated[Overlap, About("computing")] = "standard"
    """How much the chunks of a song overlap: standard (the model's own), fast (one second), high, or so many chunks per chunk length."""

    parallel_jobs: Annotated[int, About("computing")] = Field(default=1, ge=1, le=16)
    """Jobs that run at the same time, each in a process of its own."""

    queue_limit: Annotated[int, About("limits", unit="jobs")] = Field(default=100, ge=1)
    """Jobs that may wait; beyond that uploads are answered 429."""

    job_time_limit: Annotated[float, About("limits", unit="s")] = Field(default=6 * 3600.0, gt=0)
    """Seconds that one job may run before it is stopped and failed."""

    max_upload_mb: Annotated[float, About("limits", unit="MB")] = Field(default=512, gt=0)
    """Largest upload in megabytes (1,048,576 bytes)."""

    max_model_mb: Annotated[float, About("limits", unit="MB")] = Field(default=4096, gt=0)
    """Largest checkpoint of one's own that can be uploaded, in megabytes (1,048,576 bytes)."""

    retention_days: Annotated[float, About("storage", unit="days")] = Field(default=7, ge=0)
    """Days after which an ended job and its files are deleted; 0 keeps them for ever."""

    kept_steps_gb: Annotated[float, About("storage", unit="GB")] = Field(default=10, ge=0)
    """Gigabytes (1,073,741,824 bytes) that finished steps of presets may take in HOME/cache, so that a changed or repeated preset need
    not begin from the start; the least recently used go first, 0 keeps none."""

    callback_allow: Annotated[tuple[str, ...], NoDecode, About("network", guarded=True)] = ()
    """Hosts, addresses or networks (10.0.0.0/8) inside the private network that callbacks may go to, separated by commas.
    Public addresses are always allowed, and so is a loopback address for a caller on this machine."""

    link_allow: Annotated[tuple[str, ...], NoDecode, About("network", guarded=True)] = ()
    """Hosts, addresses or networks (10.0.0.0/8) inside the private network that songs may be fetched from by their address, separated by
    commas. Public addresses are always allowed."""

    callback_backoff: Annotated[float, About("network", unit="s")] = Field(default=2.0, gt=0)
    """Seconds before the second try of a callback; each further pause is three times as long."""

    hub_endpoint: Annotated[str, About("downloads", guarded=True, suggested=("hub", "hf-mirror", "modelscope"))] = "hub"
    """Where models are downloaded from: hub (huggingface.co), hf-mirror, modelscope, or the address of a server that speaks the hub's
    protocol, which may lie inside the private network."""

    hub_mirrors: Annotated[tuple[str, ...], NoDecode, About("downloads", guarded=True, suggested=("hub", "hf-mirror", "modelscope"))] = (
        "hf-mirror",
        "modelscope",
    )
    """Endpoints to try after hub_endpoint, in this order, separated by commas; empty for none."""

    proxy: Annotated[str, About("downloads", guarded=True)] = ""
    """Proxy for downloads: an address (http://127.0.0.1:7890, socks5://...), none, or empty for what the system or HTTPS_PROXY says."""

    parallel_downloads: Annotated[int, About("downloads")] = Field(default=2, ge=1, le=16)
    """Models that are downloaded at the same time."""

    output_format: Annotated[str, About("output", suggested=tuple(WRITABLE))] = "wav"
    """Format of results where a job does not say one: wav, flac, mp3, m4a, opus. The tasks of /upload keep theirs (wav)."""

    output_subtype: Annotated[str, About("output")] = ""
    """Bit depth or bit rate of results in that format: FLOAT, PCM_16, PCM_24, 320k ...; empty for the format's default."""

    output_rate: Annotated[int | None, About("output", unit="Hz", suggested=(44100, 48000, 96000))] = Field(
        default=None, ge=MIN_RATE, le=MAX_RATE
    )
    """Sample rate of results in Hz; nothing for that of the song."""

    output_name: Annotated[str, About("output")] = DEFAULT_NAME
    """Names of results where a preset says none, of the fields {song}, {stem}, {step} and {model}."""

    log_level: Annotated[str, About("storage", suggested=("debug", "info", "warning", "error"))] = "info"
    """Least severe log lines shown: debug, info, warning, error."""

    @field_validator("overlap")
    @classmethod
    def _possible(cls, overlap: Overlap) -> Overlap:
        if isinstance(overlap, int) and not 1 <= overlap <= MAX_OVERLAP:
            raise ValueError(f"must be standard, fast, high or 1 to {MAX_OVERLAP}")
        return overlap

    @field_validator("device")
    @classmethod
    def _device(cls, device: str) -> str:
        if not all(_DEVICE.fullmatch(name.strip().lower()) for name in device.split(",")):
            raise ValueError("must be auto, cpu, cuda, mps, xpu or directml, with :NUMBER if you like, or several with commas")
        return device

    @field_validator("output_format")
    @classmethod
    def _format(cls, name: str) -> str:
        if name.lower() not in WRITABLE:
            raise ValueError(f"must be one of {', '.join(WRITABLE)}")
        return name.lower()

    @field_validator("output_subtype")
    @classmethod
    def _subtype(cls, name: str) -> str:
        if name and not any(name in known for known in WRITABLE.values()):
            raise ValueError("must be FLOAT, PCM_16, PCM_24, PCM_32, or a bit rate such as 320k")
        return name

    @field_validator("output_rate", mode="before")
    @classmethod
    def _rate(cls, rate: object) -> object:
        return None if rate == "" else rate

    @field_validator("output_name")
    @classmethod
    def _name(cls, template: str) -> str:
        fields_of(template or DEFAULT_NAME)
        return template or DEFAULT_NAME

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @field_validator("hub_endpoint")
    @classmethod
    def _endpoint(cls, name: str) -> str:
        return _accepted(parse_endpoint, name)

    @field_validator("hub_mirrors")
    @classmethod
    def _endpoints(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_accepted(parse_endpoint, name) for name in names)

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, proxy: str) -> str:
        return _accepted(check_proxy, proxy.strip())

    @field_validator("callback_allow", "link_allow", "hub_mirrors", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @property
    def kept_steps_bytes(self) -> int:
        """The limit of kept steps in bytes."""
        return int(self.kept_steps_gb * 1024**3)

    @property
    def max_upload_bytes(self) -> int:
        """The upload limit in bytes."""
        return int(self.max_upload_mb * 1024 * 1024)

    @property
    def max_model_bytes(self) -> int:
        """The limit of an uploaded checkpoint in bytes."""
        return int(self.max_model_mb * 1024 * 1024)


def _accepted(check: Callable[[str], object], text: str) -> str:
    """`text` itself, when `check` has nothing against it."""
    try:
        check(text)
    except MsstError as error:
        raise ValueError(f"{error.message}. {error.hint}") from error
    return text
