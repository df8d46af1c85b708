"""How a job's results are named to callers, and where they can be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from webui.services.job import Job, Spec
from webui.services.storage import KEPT

if TYPE_CHECKING:
    from webui.settings import Settings


def result_names(job: Job) -> list[str]:
    """`{task_id}/extra_output/{file}` for each result; `{task_id}/{file}` for the main one of a job without `extra_output`."""
    return [f"{job.id}/{'' if is_apart(job.spec, result.main) else f'{KEPT}/'}{result.file}" for result in job.results]


def is_apart(spec: Spec, main: bool) -> bool:
    """Whether a result lies beside the folder of the others."""
    return main and not spec.extra_output


def download_urls(job: Job, settings: Settings, base_url: str) -> list[str]:
    """An absolute address for each result: under the setting `public_url`, or else where the caller found the server."""
    base = str(settings.public_url or base_url).rstrip("/")
    return [f"{base}/download/{job.id}/{quote(result.file)}" for result in job.results]
