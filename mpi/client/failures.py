"""Errors from the wire: google.rpc.Status with its details back to the exceptions of mpi.errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mpi.errors import (
    Conflict,
    DeadlinePassed,
    InputError,
    MpiError,
    NotFound,
    QueueFull,
    RequestIdReused,
    SourceUnknown,
    StoreError,
    Unavailable,
)

DETAILS_KEY = "grpc-status-details-bin"
_DEFAULT_RETRY_S = 1.0
_UNKNOWN_OUTCOME = (
    "the deadline passed before the answer came; a write may have been stored: repeat it with the same request_id or content"
)


def error_of_call(error: grpc.RpcError) -> MpiError:
    """The exception that a failed call stands for."""
    call: Any = error  # both flavours of call have these three methods; grpc's typing knows only of RpcError
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            return error_of(status_pb2.Status.FromString(value))
    code = call.code().value[0]
    return error_of(status_pb2.Status(code=code, message=call.details() or ""))


def error_of(status: status_pb2.Status) -> MpiError:
    """The exception that a status stands for; the code decides where there are no details."""
    info, violation, retry = _details(status.details)
    wait = retry.retry_delay.ToTimedelta().total_seconds() if retry is not None else _DEFAULT_RETRY_S
    reason = info.reason if info is not None else ""
    if status.code == code_pb2.INVALID_ARGUMENT:
        return _input_error(reason, violation, status.message)
    if status.code == code_pb2.NOT_FOUND:
        return NotFound(reason.removesuffix("_NOT_FOUND") or "METHOD")
    if status.code == code_pb2.RESOURCE_EXHAUSTED:
        return _with_reason(QueueFull(wait), reason, status.message)
    if status.code in (code_pb2.UNAVAILABLE, code_pb2.CANCELLED):
        return Unavailable(reason or "UNAVAILABLE", status.message or "the service cannot be reached", wait)
    if status.code == code_pb2.DEADLINE_EXCEEDED:
        return DeadlinePassed() if reason else _with_reason(DeadlinePassed(), "", _UNKNOWN_OUTCOME)
    if status.code in (code_pb2.FAILED_PRECONDITION, code_pb2.ABORTED):
        return Conflict(reason or "CONFLICT", status.message)
    return _with_reason((StoreError if reason == StoreError.reason else MpiError)(), reason, status.message)


def _details(
    details: Iterable[Any],
) -> tuple[
    error_details_pb2.ErrorInfo | None, error_details_pb2.BadRequest.FieldViolation | None, error_details_pb2.RetryInfo | None
]:
    info, violation, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    has_info = has_violation = has_retry = False
    for detail in details:
        has_info = detail.Unpack(info) or has_info
        has_violation = detail.Unpack(violation) or has_violation
        has_retry = detail.Unpack(retry) or has_retry
    field = violation.field_violations[0] if has_violation and violation.field_violations else None
    return info if has_info else None, field, retry if has_retry else None


def _input_error(reason: str, violation: error_details_pb2.BadRequest.FieldViolation | None, message: str) -> InputError:
    if reason == RequestIdReused.reason:
        return RequestIdReused()
    kind = SourceUnknown if reason == SourceUnknown.reason else InputError
    return kind(violation.field, violation.description) if violation is not None else kind("request", message)


def _with_reason(error: MpiError, reason: str, message: str) -> MpiError:
    if reason:
        error.reason = reason
    if message:
        error.args = (message,)
    return error
