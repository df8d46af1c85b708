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


class NotWaiting(MsstError):
    """A job that does not wait in the line, and so has no place there."""

    code = "not_waiting"


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


class BadSetting(MsstError):
    """A setting that there is not, or a value that is none for it."""

    code = "bad_setting"


class SettingRuled(MsstError):
    """A setting that the environment or the command line says."""

    code = "setting_ruled"


class NotOwner(MsstError):
    """Something that opens the server or its network: for its owner alone."""

    code = "not_owner"


class KeyNeeded(MsstError):
    """The server asks for a key, and there was none, or a wrong one."""

    code = "key_needed"


class TooManyTries(MsstError):
    """Wrong keys again and again."""

    code = "too_many_tries"
    retry_after = 60  # seconds after which a caller may try again


class UnknownKey(MsstError):
    """There is no such key."""

    code = "unknown_key"


class NoKey(MsstError):
    """Keys cannot be asked for by who has none: nobody could get in any more."""

    code = "no_key"


class LastKey(MsstError):
    """The last key cannot be taken away while the server asks for one."""

    code = "last_key"


class ShareFailed(MsstError):
    """No public address could be opened."""

    code = "share_failed"


class WorkerDied(MsstError):
    """The compute process ended again and again while it worked on one job."""

    code = "worker_died"


class TimeLimit(MsstError):
    """A job ran longer than a job may run."""

    code = "time_limit"


class PresetChanged(MsstError):
    """A preset is not any more what its editor started from."""

    code = "preset_changed"
