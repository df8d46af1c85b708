"""Read the tensors of a pickled checkpoint without running the pickle.

A pickle is a program: it names any function of any module (GLOBAL) and calls it (REDUCE, NEWOBJ). Here a name never becomes the
thing it names. The few names that checkpoints need get stand-ins, made afresh for each file, that only write down what they
were called with; every other name becomes a class that may be mentioned but never called. When the program has ended, the notes
are turned into tensors by ordinary code.

This does what `torch.load(weights_only=True)` does, which has no list of one's own before torch 2.5 and builds no NumPy arrays.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from inference.errors import BadWeights

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # what torch before 1.6 wrote first
_DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
}

_DAMAGE = (  # what an unpickler and the code behind it raise on input that is cut or overwritten
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, MemoryError),
    *(ValueError, TypeError, LookupError, AttributeError, RuntimeError, OverflowError, StopIteration),
)


class _Refused(Exception):
    """The pickle tried to call something that no checkpoint needs."""


@dataclass
class _Storage:
    """A run of numbers beside the pickle."""

    key: str
    dtype: torch.dtype


@dataclass
class _Tensor:
    """A view of a storage."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def read(self, storages: Callable[[str], bytes]) -> Tensor:
        data = bytearray(storages(self.storage.key))
        whole = torch.frombuffer(data, dtype=self.storage.dtype) if data else torch.empty(0, dtype=self.storage.dtype)
        return whole.as_strided(self.size, self.stride, self.offset).contiguous()


class _NumpyDtype:
    """`numpy.dtype`: its code ("f4") from the call, its byte order from the state."""

    def __init__(self, code: str, *_: object) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    def real(self) -> np.dtype[Any]:
        if self.code[0] not in "fiub":
            raise _Refused(f"holds NumPy values of type {self.code!r}")
        dtype: np.dtype[Any] = np.dtype(f"{self.order}{self.code}" if self.order in ("<", ">") else self.code)
        return dtype


class _NumpyArray:
    """`numpy.ndarray`: everything is in the state."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, self.fortran, self.data = state

    def read(self) -> Tensor:
        data = self.data if isinstance(self.data, bytes) else self.data.encode("latin1")
        flat = np.frombuffer(data, self.dtype.real())
        array = flat.reshape(self.shape, order="F" if self.fortran else "C")
        return torch.from_numpy(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("="), copy=True))


def _stand_ins() -> dict[str, Any]:
    """Name in the pickle -> what it gets to see. Made anew for every file, so that none can change what the next one sees."""

    class Ordered(dict[Any, Any]):
        pass

    class Dtype(_NumpyDtype):
        pass

    class NdArray(_NumpyArray):
        pass

    def rebuild_tensor(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
        return _Tensor(storage, offset, tuple(size), tuple(stride))

    def first(value: object, *_: object) -> object:
        return value

    known: dict[str, Any] = {
        "collections.OrderedDict": Ordered,
        "torch._utils._rebuild_tensor_v2": rebuild_tensor,
        "torch._utils._rebuild_parameter": first,
        "torch.Size": lambda sizes=(): tuple(sizes),
        "_codecs.encode": lambda text, encoding="latin1": str(text).encode(encoding),
        "numpy.dtype": Dtype,
        "numpy.ndarray": NdArray,
    }
    for core in ("numpy.core", "numpy._core"):  # before and since NumPy 2
        known[f"{core}.multiarray._reconstruct"] = lambda *_: NdArray()
        known[f"{core}.multiarray.scalar"] = lambda *_: None  # a learning rate, a best score: of no use here
    return known


class _Unpickler(pickle.Unpickler):
    """Runs the program on stand-ins."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")
        self.known = _stand_ins()
        self.storages: dict[str, _Storage] = {}  # all that the pickle refers to

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name; a class that cannot be called for an unknown one."""
        full = f"{module}.{name}"
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        return self.known.get(full) or _uncallable(full)

    def persistent_load(self, pid: Any) -> _Storage:
        """A reference to numbers outside the pickle: ("storage", dtype, key, device, count, ...)."""
        kind, dtype, key = pid[:3]
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise _Refused(f"refers to {kind!r} of {dtype!r}")
        return self.storages.setdefault(str(key), _Storage(str(key), dtype))


def _uncallable(full: str) -> type:
    def refuse(cls: type, *_: object, **__: object) -> None:
        raise _Refused(f"would run {full}")

    return type(full.rpartition(".")[2] or "unknown", (), {"__new__": refuse})


def read_pickle(path: Path) -> dict[str, Tensor]:
    """The state dict in a file that `torch.save` wrote, of any version: .ckpt, .pth, .pt, .th, .chpt.

    Raises:
        BadWeights: not such a file, damaged, without tensors, or it would run code.
    """
    try:
        with path.open("rb") as file:
            _refuse_other_kinds(file, path.name)
            tree, storages = _read_zip(file) if zipfile.is_zipfile(file) else _read_legacy(file)
            found = {name: _realised(value, storages) for name, value in _state_dict(tree).items()}
            return {name: tensor for name, tensor in found.items() if tensor is not None}
    except _Refused as refusal:
        raise BadWeights(
            f"{path.name} is not safe to load: it {refusal}",
            hint="Weights hold numbers, not programs. Nothing of it was run. Get the model from its author, as .safetensors if possible.",
            file=path.name,
            reason="unsafe",
        ) from refusal
    except _DAMAGE as error:
        raise BadWeights(
            f"{path.name} is damaged or no checkpoint of PyTorch: {error}", hint="Download it again.", file=path.name, reason="damaged"
        ) from error


_OTHER_KINDS = (
    (
        "web_page",
        (b"<!doctype html", b"<html"),
        "is a web page, so its download failed",
        "Download it again; the page may ask for a login.",
    ),
    (
        "pointer",
        (b"version https://git-lfs",),
        "is a pointer to a file elsewhere (Git LFS)",
        "Download the file itself from the model's page.",
    ),
    ("onnx", (b"\x08\x07\x12", b"\x08\x08\x12", b"\x08\x06\x12"), "looks like an ONNX network", "ONNX models are not supported."),
    ("error_page", (b"not found", b"access denied", b'{"error'), "is an error message of a server", "Download it again."),
    ("archive", (b"\x1f\x8b", b"7z\xbc\xaf", b"rar!"), "is a compressed archive", "Unpack it first."),
)


def _refuse_other_kinds(file: BinaryIO, name: str) -> None:
    head = file.read(64).lstrip().lower()
    file.seek(0)
    if not head:
        raise BadWeights(f"{name} is empty", hint="Download it again.", file=name, reason="empty")
    for reason, starts, what, hint in _OTHER_KINDS:
        if head.startswith(starts):
            raise BadWeights(f"{name} {what}", hint=hint, file=name, reason=reason)


def _read_zip(file: BinaryIO) -> tuple[Any, Callable[[str], bytes]]:
    """The format since torch 1.6: NAME/data.pkl and NAME/data/KEY."""
    archive = zipfile.ZipFile(file)
    index = next(name for name in archive.namelist() if name.endswith("data.pkl"))
    root = index.removesuffix("data.pkl")
    order = f"{root}byteorder"
    if order in archive.namelist() and archive.read(order) != b"little":
        raise ValueError("written on a big-endian machine")
    with archive.open(index) as pickled:
        return _Unpickler(pickled).load(), lambda key: archive.read(f"{root}data/{key}")


def _read_legacy(file: BinaryIO) -> tuple[Any, Callable[[str], bytes]]:
    """The format before torch 1.6: magic, version, machine, tree and keys as pickles, then each key's count and numbers."""
    file.seek(0)
    if _Unpickler(file).load() != _LEGACY_MAGIC:
        raise ValueError("it does not begin as one")
    _Unpickler(file).load()
    _Unpickler(file).load()
    reader = _Unpickler(file)
    tree = reader.load()
    data = {}
    for key in _Unpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        data[key] = file.read(count * reader.storages[key].dtype.itemsize)
    return tree, data.__getitem__


def _state_dict(tree: Any) -> dict[str, Any]:
    """The part of a checkpoint that names tensors: itself, or nested as trainers do it."""
    if isinstance(tree, dict):
        if any(isinstance(value, (_Tensor, _NumpyArray)) for value in tree.values()):
            return tree
        for key in ("state_dict", "state", "model", "model_state_dict", "ema"):
            if isinstance(tree.get(key), dict):
                return _state_dict(tree[key])
    raise ValueError("there are no weights in it")


def _realised(value: object, storages: Callable[[str], bytes]) -> Tensor | None:
    if isinstance(value, _Tensor):
        return value.read(storages)
    return value.read() if isinstance(value, _NumpyArray) else None
