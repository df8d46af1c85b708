"""The tools: what is said about sounds at once, what jobs make of them, and what a player asks about the sounds of a job."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from inference.presets.replace import Region
from webui.api import schemas
from webui.api.deps import BaseUrl, ListeningDep, ServicesDep, choice_of
from webui.services.errors import BadRequest
from webui.services.tools import Order

router = APIRouter(prefix="/api/v1", tags=["tools"])

BINARY, PNG = "application/octet-stream", "image/png"
KEEP = {"Cache-Control": "private, max-age=86400"}  # a job's sounds never change
Reference = Annotated[dict[str, str], Field(description='{"upload": ID}, {"job": ID, "file": RESULT} or {"job": ID}', max_length=2)]
ToolName = Literal["convert", "cut", "join", "speed-key", "mix", "gain"]
ERRORS = schemas.errors(400, 404, 409, 410, 415)


class OneSound(BaseModel):
    """A sound that is here."""

    input: Reference


class TwoSounds(BaseModel):
    """A sound, and what it should be."""

    reference: Reference
    estimate: Reference


class Picture(OneSound):
    """A sound, and the size of its picture in pixels."""

    width: int = 1600
    height: int = 400


class ToolOrder(BaseModel):
    """What to do with some sounds."""

    inputs: list[Reference] = Field(min_length=1, max_length=64)
    settings: dict[str, Any] = Field(default={}, description="Of the tool; docs/api.md has them.")
    format: str = Field(default="", description="wav, flac, mp3, m4a or opus; by default as the settings say.")
    subtype: str = ""
    title: str = Field(default="", max_length=1000)
    door: Literal["ui", "rest"] = "rest"


class Replacement(BaseModel):
    """A part of a result that is to be separated again."""

    file: str = Field(description="The result.")
    start: float = Field(ge=0, le=86_400, description="Seconds.")
    end: float = Field(gt=0, le=86_400, description="Seconds.")
    fade: float = Field(default=0.05, ge=0, le=60, description="Seconds at each end, inside of the part.")
    model: str | None = None
    preset: str | None = None
    purpose: str | None = Field(default=None, description="One of GET /api/v1/purposes.")
    quality: str | None = Field(default=None, description="Of a purpose: best or fast; by default the best that is installed.")
    stem: str = Field(default="", max_length=200, description="Which stem takes its place; by default that of the same name.")
    others: bool = Field(default=True, description="Whether the new job has the other stems too.")
    format: str = Field(default="", description="wav, flac, mp3, m4a or opus; by default as the settings say.")
    subtype: str = ""
    title: str = Field(default="", max_length=1000)
    door: Literal["ui", "rest"] = "rest"


@router.post("/tools/info", responses=ERRORS)
async def info(services: ServicesDep, listen: ListeningDep, body: OneSound) -> dict[str, Any]:
    """A file in figures."""
    return await listen(lambda stop: services.analyses.info(services.references.resolve(body.input)[0], stop))


@router.post("/tools/key-tempo", responses=ERRORS)
async def key_tempo(services: ServicesDep, listen: ListeningDep, body: OneSound) -> dict[str, Any]:
    """Key and tempo of a piece."""
    return await listen(lambda stop: services.analyses.key_tempo(services.references.resolve(body.input)[0], stop))


@router.post("/tools/score", responses=ERRORS)
async def score(services: ServicesDep, listen: ListeningDep, body: TwoSounds) -> dict[str, Any]:
    """How near a sound is to a reference: SDR and SI-SDR."""

    def work(stop: Any) -> dict[str, Any]:
        (reference, _), (estimate, _) = services.references.resolve(body.reference), services.references.resolve(body.estimate)
        return services.analyses.score(reference, estimate, stop)

    return await listen(work)


@router.post("/tools/spectrogram", response_class=Response, responses=ERRORS)
async def spectrogram(services: ServicesDep, listen: ListeningDep, body: Picture) -> Response:
    """A picture (PNG): time to the right, 40 Hz to 20 kHz upwards in octaves."""

    def work(stop: Any) -> bytes:
        path, _ = services.references.resolve(body.input)
        return services.analyses.spectrogram(path, stop, width=body.width, height=body.height)

    return Response(await listen(work), media_type=PNG)


def named(
    upload: str | None = None,
    job: str | None = None,
    file: Annotated[str | None, Query(description="A result of the job; without it its song.")] = None,
    sample: str | None = None,
) -> dict[str, str]:
    """A reference as the parameters of an address."""
    said = {"upload": upload, "job": job, "file": file, "sample": sample}
    return {name: value for name, value in said.items() if value is not None}


@router.get("/tools/listen", response_class=FileResponse, responses=ERRORS)
async def listen_to(services: ServicesDep, listen: ListeningDep, reference: Annotated[dict[str, str], Depends(named)]) -> FileResponse:
    """A sound as FLAC, whatever it is stored as: for players. Ranges are served."""
    path, _ = await listen(lambda stop: services.analyses.copy(services.references.resolve(reference)[0], stop))
    return FileResponse(path, media_type="audio/flac")


@router.get("/tools/waveform", responses=ERRORS)
async def waveform(services: ServicesDep, listen: ListeningDep, reference: Annotated[dict[str, str], Depends(named)]) -> Response:
    """The waveform of a sound: int8 pairs (lowest, highest), 50 for each second."""
    _, path = await listen(lambda stop: services.analyses.copy(services.references.resolve(reference)[0], stop))
    return Response(await run_in_threadpool(path.read_bytes), media_type=BINARY)


@router.post("/tools/{tool}", status_code=202, responses=schemas.errors(400, 404, 409, 410, 415, 429, 507))
def run(services: ServicesDep, caller: BaseUrl, tool: ToolName, body: ToolOrder) -> dict[str, Any]:
    """Make files of sounds, as a job."""
    order = Order(services.configuration.output(body.format, body.subtype), body.door, caller, body.title)
    return services.joblist.show(services.tools.run(tool, services.references.resolve_all(body.inputs), body.settings, order))


@router.post("/jobs/{job_id}/replace", status_code=202, responses=schemas.errors(400, 404, 409, 410, 429, 507))
def replace(services: ServicesDep, caller: BaseUrl, job_id: str, body: Replacement) -> dict[str, Any]:
    """Separate a part of a job's song again and cross-fade it into one of its stems, as a new job."""
    choice = choice_of(body.preset, body.model, None, body.purpose, body.quality)
    if choice is None:
        raise BadRequest("choose a preset, a model or a purpose", hint="Send one of them.")
    order = Order(services.configuration.output(body.format, body.subtype), body.door, caller, body.title)
    region = Region(body.start, body.end, body.fade)
    return services.joblist.show(services.tools.replace(job_id, body.file, choice, region, order, stem=body.stem, others=body.others))


@router.get("/jobs/{job_id}/quality", responses=schemas.errors(400, 404, 410))
async def quality(services: ServicesDep, listen: ListeningDep, job_id: str) -> dict[str, Any]:
    """The results of a job in figures: each on its own, and whether together they are the song."""
    return await listen(lambda stop: services.analyses.quality(job_id, stop))


@router.get("/jobs/{job_id}/stems/{file}/spectrogram", response_class=Response, responses=schemas.errors(400, 404))
async def stem_spectrogram(services: ServicesDep, listen: ListeningDep, job_id: str, file: str) -> Response:
    """A picture (PNG) of a result, 256 pixels high, 4096 wide at most."""
    return Response(await listen(lambda stop: services.analyses.of_result(job_id, file, stop)), media_type=PNG, headers=KEEP)


@router.get("/jobs/{job_id}/song/spectrogram", response_class=Response, responses=schemas.errors(400, 404, 410))
async def song_spectrogram(services: ServicesDep, listen: ListeningDep, job_id: str) -> Response:
    """The same of the job's song."""
    return Response(await listen(lambda stop: services.analyses.of_song(job_id, stop)), media_type=PNG, headers=KEEP)


@router.get("/jobs/{job_id}/song/info", responses=schemas.errors(400, 404, 410))
async def song_info(services: ServicesDep, listen: ListeningDep, job_id: str) -> dict[str, Any]:
    """Rate, channels and length of the song as a player gets it: as its stems."""
    return await _song(services, listen, job_id)


@router.get("/jobs/{job_id}/song/peaks", responses=schemas.errors(400, 404, 410))
async def song_peaks(services: ServicesDep, listen: ListeningDep, job_id: str) -> Response:
    """The song's waveform: int8 pairs (lowest, highest), 50 for each second."""
    await _song(services, listen, job_id)
    return Response(await run_in_threadpool(services.songs.peaks, job_id), media_type=BINARY, headers=KEEP)


@router.get("/jobs/{job_id}/song/pcm", responses=schemas.errors(400, 404, 410))
async def song_pcm(
    services: ServicesDep,
    listen: ListeningDep,
    job_id: str,
    start: Annotated[int, Query(ge=0, description="First sample.")] = 0,
    frames: Annotated[int, Query(ge=1, description="Samples per channel.")] = 5 * 48_000,
) -> Response:
    """The song's samples for a player: interleaved 16-bit integers, little-endian."""
    await _song(services, listen, job_id)
    samples = await run_in_threadpool(lambda: services.songs.pcm(job_id, start=start, frames=frames))
    return Response(samples, media_type=BINARY)


async def _song(services: ServicesDep, listen: ListeningDep, job_id: str) -> dict[str, Any]:
    """What is known of the copy of a job's song, which is made where there is none: players that have it wait for no analysis."""
    found = await run_in_threadpool(services.songs.info, job_id)
    return found if found is not None else await listen(lambda stop: services.songs.make(job_id, stop))
