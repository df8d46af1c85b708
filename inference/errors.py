"""Everything that can go wrong with a song, a model or a preset, as one tree.

    MsstError                 code, message, hint, params
    ├── BadAudio              the file cannot be decoded, or what it holds is not usable sound
    │   ├── UnsupportedFormat nothing here reads this kind of file
    │   └── EmptyAudio        readable, but without a single sample
    ├── BadOutputFormat       container, bit depth or bit rate that cannot be written
    ├── BadOption             a choice for a separation that is out of its range
    ├── UnknownModel          no catalogue entry of this name
    ├── ModelNotInstalled     a catalogue entry whose weights are not on this machine yet
    ├── BadConfig             a model's YAML that cannot be read, or says too little
    ├── BadWeights            a checkpoint that is unsafe, damaged or of another network
    ├── UnknownPreset         no preset of this name
    ├── BadPreset             a preset that says something impossible, and where
    ├── DeviceUnavailable     a device that this machine does not have
    ├── OutOfMemory           the device is too small even for the smallest chunk
    ├── DiskFull              a result could not be written for lack of space
    └── Cancelled             the caller asked to stop

`code` is stable and machine-readable (the key of its translation is `error.<code>`), `message` says what was wrong with which
value, `hint` says what to do about it, and `params` holds the values for a translated message.
"""

from __future__ import annotations


class MsstError(Exception):
    """Base of all errors that are shown to a user."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "", **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.params = params


class BadAudio(MsstError):
    """The file cannot be decoded, or what it holds is not usable sound."""

    code = "bad_audio"


class UnsupportedFormat(BadAudio):
    """Nothing here reads this kind of file."""

    code = "unsupported_format"


class EmptyAudio(BadAudio):
    """The file is readable, but holds no sample."""

    code = "empty_audio"


class BadOutputFormat(MsstError):
    """A container, bit depth or bit rate that cannot be written."""

    code = "bad_output_format"


class BadOption(MsstError):
    """A choice for a separation that does not exist or is out of its range."""

    code = "bad_option"


class UnknownModel(MsstError):
    """No catalogue entry has this name."""

    code = "unknown_model"


class ModelNotInstalled(MsstError):
    """The catalogue has the model, this machine does not have its weights."""

    code = "model_not_installed"


class BadConfig(MsstError):
    """A model's configuration that cannot be read, or does not say what is needed."""

    code = "bad_config"


class BadWeights(MsstError):
    """A checkpoint that is unsafe to read, damaged, or of another network."""

    code = "bad_weights"


class UnknownPreset(MsstError):
    """No preset has this name."""

    code = "unknown_preset"


class BadPreset(MsstError):
    """A preset that says something impossible."""

    code = "bad_preset"


class DeviceUnavailable(MsstError):
    """A device was asked for that this machine does not have."""

    code = "device_unavailable"


class OutOfMemory(MsstError):
    """The device is too small even for the smallest chunk."""

    code = "out_of_memory"


class DiskFull(MsstError):
    """A result could not be written for lack of space."""

    code = "disk_full"


class Cancelled(MsstError):
    """The caller asked to stop."""

    code = "cancelled"

    def __init__(self, message: str = "cancelled", *, hint: str = "", **params: object) -> None:
        super().__init__(message, hint=hint, **params)
