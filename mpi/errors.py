"""The exception tree. Each class carries the gRPC status and the ErrorInfo reason it becomes; messages hold no patient value.

MpiError                      INTERNAL             INTERNAL
├── InputError                INVALID_ARGUMENT     FIELD_INVALID        names the field (never the value)
│   ├── SourceUnknown         INVALID_ARGUMENT     SOURCE_UNKNOWN
│   └── RequestIdReused       INVALID_ARGUMENT     REQUEST_ID_REUSED
├── NotFound                  NOT_FOUND            <WHAT>_NOT_FOUND
├── Conflict                  FAILED_PRECONDITION  per case
├── QueueFull                 RESOURCE_EXHAUSTED   QUEUE_FULL           retry after
├── Unavailable               UNAVAILABLE          per case             retry after
├── DeadlinePassed            DEADLINE_EXCEEDED    DEADLINE_EXCEEDED
├── StoreError                INTERNAL             STORE_FAILED         a commit failed: nothing was stored
├── ModelError                FAILED_PRECONDITION  MODEL_INVALID        a model file cannot be used
└── ConfigError               FAILED_PRECONDITION  CONFIG_INVALID       start-up only
"""

from __future__ import annotations

import traceback
from typing import ClassVar


class MpiError(Exception):
    """Base of all errors this package raises on purpose."""

    status: ClassVar[str] = "INTERNAL"  # name of a grpc.StatusCode; the service room converts
    reason: str = "INTERNAL"
    retry_after_s: float | None = None


class InputError(MpiError):
    """Bad input. ``field`` is a path such as ``record.names[1].family``."""

    status = "INVALID_ARGUMENT"
    reason = "FIELD_INVALID"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class SourceUnknown(InputError):
    reason = "SOURCE_UNKNOWN"


class RequestIdReused(InputError):
    reason = "REQUEST_ID_REUSED"

    def __init__(self) -> None:
        super().__init__("request_id", "was used before with another body")


class NotFound(MpiError):
    """``what`` is a noun in capitals: RECORD, PERSON, TASK."""

    status = "NOT_FOUND"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what.lower().replace('_', ' ')} not found")
        self.reason = f"{what}_NOT_FOUND"


class Conflict(MpiError):
    """The request is well formed, but the state of the index does not allow it."""

    status = "FAILED_PRECONDITION"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class QueueFull(MpiError):
    status = "RESOURCE_EXHAUSTED"
    reason = "QUEUE_FULL"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("the write queue is full")
        self.retry_after_s = retry_after_s


class Unavailable(MpiError):
    """Loading, draining, or refusing writes."""

    status = "UNAVAILABLE"

    def __init__(self, reason: str, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class DeadlinePassed(MpiError):
    status = "DEADLINE_EXCEEDED"
    reason = "DEADLINE_EXCEEDED"

    def __init__(self) -> None:
        super().__init__("the deadline passed before the record was processed; nothing was stored")


class StoreError(MpiError):
    reason = "STORE_FAILED"


class ModelError(MpiError):
    status = "FAILED_PRECONDITION"
    reason = "MODEL_INVALID"


class ConfigError(MpiError):
    status = "FAILED_PRECONDITION"
    reason = "CONFIG_INVALID"


def places(error: BaseException) -> str:
    """Types and code locations of an exception and of those behind it, innermost last; no messages, no values."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)
        where = " > ".join(f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in frames)
        parts.append(f"type={type(current).__name__} at={where}")
        current = current.__cause__ or current.__context__
    return " | behind it: ".join(parts)
