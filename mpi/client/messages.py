"""Nouns to the wire: what a client asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mpi.errors import InputError
from mpi.records import Address, HumanName, Identifier, PatientRecord
from mpi.v1 import identity_pb2, records_pb2

RecordOrKey = PatientRecord | tuple[str, str]
"""A record, or the (source, local_id) of one that the index holds."""


def patient_record(record: PatientRecord) -> records_pb2.PatientRecord:
    """Raises InputError for a text that cannot be sent (a lone surrogate) or a number out of range."""
    try:
        message = records_pb2.PatientRecord(
            source=record.source,
            local_id=record.local_id,
            names=[_name(n) for n in record.names],
            sex=record.sex,  # type: ignore[arg-type]  # an IntEnum with the same numbers (a test compares them)
            birth_date=record.birth_date,
            identifiers=[identifier(i) for i in record.identifiers],
            phones=record.phones,
            addresses=[_address(a) for a in record.addresses],
            ethnicity=record.ethnicity,
            multiple_birth_order=record.multiple_birth_order,
            deceased_date=record.deceased_date,
            recorded_at=record.recorded_at,
            attributes=record.attributes,
        )
        if record.guardian is not None:
            guardian = record.guardian
            message.guardian.name = guardian.name
            message.guardian.phone = guardian.phone
            message.guardian.relationship = guardian.relationship
            if guardian.identifier is not None:
                message.guardian.identifier.CopyFrom(identifier(guardian.identifier))
    except (ValueError, TypeError):  # their messages quote the value
        raise InputError("record", "holds a text that is not Unicode, or a number out of range") from None
    return message


def _name(name: HumanName) -> records_pb2.HumanName:
    return records_pb2.HumanName(
        text=name.text,
        family=name.family,
        given=name.given,
        use=name.use,  # type: ignore[arg-type]  # an IntEnum with the same numbers (a test compares them)
    )


def identifier(document: Identifier) -> records_pb2.Identifier:
    """A number on a document."""
    message = records_pb2.Identifier(
        type=document.type,  # type: ignore[arg-type]  # an IntEnum with the same numbers (a test compares them)
        value=document.value,
        issuer=document.issuer,
    )
    if document.period_start or document.period_end:
        message.period.start = document.period_start
        message.period.end = document.period_end
    return message


def _address(address: Address) -> records_pb2.Address:
    filled = {part: text for part in Address.__struct_fields__ if (text := getattr(address, part))}
    return records_pb2.Address(**filled)


def resolve(record: PatientRecord, request_id: str | None) -> identity_pb2.ResolveRequest:
    """One record to register or update."""
    return identity_pb2.ResolveRequest(record=patient_record(record), request_id=request_id or "")


def batch_resolve(
    records: Sequence[PatientRecord], request_ids: Sequence[str] | None, *, explain: bool
) -> identity_pb2.BatchResolveRequest:
    """Records to register or update, each with a request_id or none with any."""
    ids = request_ids if request_ids is not None else [""] * len(records)
    requests = [resolve(record, request_id) for record, request_id in zip(records, ids, strict=True)]
    return identity_pb2.BatchResolveRequest(requests=requests, include_reasons=explain)


def match(
    record: PatientRecord, *, limit: int, near_misses: bool, explain: bool, only_certain: bool
) -> identity_pb2.MatchPersonsRequest:
    """A search."""
    return identity_pb2.MatchPersonsRequest(
        record=patient_record(record),
        limit=limit,
        include_near_misses=near_misses,
        include_reasons=explain,
        only_certain=only_certain,
    )


def lookup(key: identity_pb2.LookupKey, sources: Iterable[str]) -> identity_pb2.LookupRequest:
    """Whom to look up, and which sources' links to return."""
    return identity_pb2.LookupRequest(key=key, sources=sources)


def lookup_key(
    *, source: str | None, local_id: str | None, document: Identifier | None, master_id: str | None
) -> identity_pb2.LookupKey:
    """Exactly one kind of key. Raises InputError otherwise."""
    by_record = source is not None or local_id is not None
    if by_record + (document is not None) + (master_id is not None) != 1:
        raise InputError("key", "is required: one of source with local_id, identifier, master_id")
    if document is not None:
        return identity_pb2.LookupKey(identifier=identifier(document))
    if master_id is not None:
        return identity_pb2.LookupKey(master_id=master_id)
    return identity_pb2.LookupKey(record=record_key(source or "", local_id or ""))


def record_key(source: str, local_id: str) -> records_pb2.RecordKey:
    """Source and local number."""
    return records_pb2.RecordKey(source=source, local_id=local_id)


def any_lookup_key(key: tuple[str, str] | Identifier | str) -> identity_pb2.LookupKey:
    """(source, local_id), a document, or a master ID."""
    if isinstance(key, str):
        return identity_pb2.LookupKey(master_id=key)
    if isinstance(key, Identifier):
        return identity_pb2.LookupKey(identifier=identifier(key))
    return identity_pb2.LookupKey(record=record_key(*key))


def compared(record: RecordOrKey) -> identity_pb2.ComparedRecord:
    """One side of a comparison."""
    if isinstance(record, PatientRecord):
        return identity_pb2.ComparedRecord(given=patient_record(record))
    return identity_pb2.ComparedRecord(stored=record_key(*record))
