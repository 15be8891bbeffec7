"""Errors to the wire: every exception becomes one google.rpc.Status with ErrorInfo, and nothing of an unforeseen one leaks.

What this package raises on purpose (``mpi.errors``) travels with its message, which holds no patient value. Anything else
becomes INTERNAL with a fixed text and an id. The log names that id with the exception's type and the places in the code,
never with its message: the message of a KeyError is the key.
"""

from __future__ import annotations

import logging
import secrets
from typing import NoReturn

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from mpi.errors import InputError, MpiError, places

log = logging.getLogger(__name__)

DOMAIN = "mpi"
DETAILS_KEY = "grpc-status-details-bin"  # where gRPC keeps a google.rpc.Status, by convention of all its languages
_CODES = {code.name: code for code in grpc.StatusCode}
_INCIDENT = "incident"


class Unforeseen(MpiError):
    """Stands for an exception that nobody raised on purpose."""

    def __init__(self, incident: str) -> None:
        super().__init__(f"internal error; the log of the service names it as {incident}")
        self.incident = incident


def foreseen(error: BaseException) -> MpiError:
    """The error itself, or what stands for it after it was logged."""
    if isinstance(error, MpiError):
        return error
    if isinstance(error, DecodeError):
        return InputError("request", "cannot be read: not the message it should be, or a text that is not UTF-8")
    incident = secrets.token_hex(8)
    log.error("unforeseen error incident=%s %s", incident, places(error))
    return Unforeseen(incident)


def status_of(error: MpiError) -> status_pb2.Status:
    """The error with its details."""
    status = status_pb2.Status(code=_CODES[error.status].value[0], message=str(error))
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN)
    if isinstance(error, Unforeseen):
        info.metadata[_INCIDENT] = error.incident
    status.details.add().Pack(info)
    if isinstance(error, InputError):
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=error.problem)
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(max(1, round(error.retry_after_s * 1000)))
        status.details.add().Pack(retry)
    return status


def item_status(error: BaseException) -> status_pb2.Status:
    """Any exception as the status of one item of a batch or feed."""
    return status_of(foreseen(error))


def describe(error: BaseException) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """Code, text and trailing metadata of the status a call ends with."""
    known = foreseen(error)
    status = status_of(known)
    return _CODES[known.status], status.message, ((DETAILS_KEY, status.SerializeToString()),)


def abort(context: grpc.ServicerContext, error: BaseException) -> NoReturn:
    """End a stream with an error. Raises what gRPC ends handlers with."""
    code, text, metadata = describe(error)
    context.set_trailing_metadata(metadata)
    context.abort(code, text)
    raise AssertionError("abort raises")
