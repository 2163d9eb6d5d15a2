"""What processes that work on pictures say to each other: typed values, which can only become values.

Not pickle, which runs what it reads. A message is a sign, the length of its text, and the text in MessagePack; paths
are bytes, arrays their shape and numbers.
"""

import os
from pathlib import Path
from typing import IO, Any, TypeVar, get_origin

import msgspec
import numpy as np

Message = TypeVar("Message")

DONE, FAILED = b"+", b"-"
LENGTH_BYTES = 8


class FailedElsewhereError(RuntimeError):
    """A bug of ours came up in the other process: its type and words."""


def write_message(stream: IO[bytes], message: object) -> None:
    """Sends a dataclass, or a tuple or list of them and of plain values."""
    _write(stream, DONE, _ENCODER.encode(message))


def write_failure(stream: IO[bytes], error: Exception) -> None:
    """Sends an exception, which `read_message` raises."""
    words = f"{type(error).__name__}: {error}".encode(errors="replace")
    _write(stream, FAILED, words)


def read_message(stream: IO[bytes], kind: type[Message]) -> Message:
    """The next message, which has to be of the type; EOFError where the other process ended before it was whole."""
    head = stream.read(1 + LENGTH_BYTES)
    if len(head) < 1 + LENGTH_BYTES or head[:1] not in (DONE, FAILED):  # the other one says something else
        raise EOFError
    length = int.from_bytes(head[1:], "little")
    text = stream.read(length)
    if len(text) < length:
        raise EOFError
    if head[:1] == FAILED:
        raise FailedElsewhereError(text.decode())
    return msgspec.msgpack.decode(text, type=kind, dec_hook=_decoded)


def _write(stream: IO[bytes], sign: bytes, text: bytes) -> None:
    stream.write(sign + len(text).to_bytes(LENGTH_BYTES, "little") + text)
    stream.flush()


def _encoded(value: object) -> object:
    if isinstance(value, Path):
        return os.fsencode(value)
    if isinstance(value, np.ndarray):
        return list(value.shape), np.ascontiguousarray(value, dtype="<f8").tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no message has a {type(value).__name__}")


def _decoded(kind: type, value: Any) -> object:
    if issubclass(get_origin(kind) or kind, Path):
        return Path(os.fsdecode(value))
    shape, numbers = value
    return np.frombuffer(numbers, dtype="<f8").astype(np.float64).reshape(shape)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encoded)
