"""What callers of the services can do wrong, beside what can be wrong with their audio (inference.errors)."""

from __future__ import annotations

from inference.errors import MsstError


class UnknownJob(MsstError):
    """No job has this id."""

    code = "unknown_job"


class BadJobId(MsstError):
    """A job id chosen by the caller that is no UUID."""

    code = "bad_job_id"


class JobExists(MsstError):
    """A job id chosen by the caller that is taken."""

    code = "job_exists"


class QueueFull(MsstError):
    """As many jobs wait as may wait."""

    code = "queue_full"
    retry_after = 30  # seconds after which a caller may try again


class NotCompleted(MsstError):
    """Results were asked for of a job that has none (yet)."""

    code = "not_completed"


class UnknownFile(MsstError):
    """A job has no result of this name."""

    code = "unknown_file"


class InputGone(MsstError):
    """A job cannot run again, because its song was deleted."""

    code = "input_gone"


class UnknownUpload(MsstError):
    """No upload has this id (any more)."""

    code = "unknown_upload"


class NotReady(MsstError):
    """An upload that is still being fetched, or that could not be."""

    code = "not_ready"


class LinkFailed(MsstError):
    """No song came from an address."""

    code = "link_failed"


class BadCallback(MsstError):
    """A callback address that is not one, or that the server may not call."""

    code = "bad_callback"


class BadRequest(MsstError):
    """A request that contradicts itself or lacks something."""

    code = "bad_request"


class TooLarge(MsstError):
    """An upload beyond the limit."""

    code = "too_large"


class UnknownInstall(MsstError):
    """No installation of this model was asked for since the server started."""

    code = "unknown_install"


class NotLocal(MsstError):
    """Something that only programs on this machine may ask for: it names a path on the server's disk."""

    code = "not_local"


class CrossOrigin(MsstError):
    """A page of another site asked this server to change something."""

    code = "cross_origin"


class WorkerDied(MsstError):
    """The compute process ended again and again while it worked on one job."""

    code = "worker_died"


class TimeLimit(MsstError):
    """A job ran longer than a job may run."""

    code = "time_limit"
