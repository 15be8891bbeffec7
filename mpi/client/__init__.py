"""What a platform service imports to talk to the index: typed, sync and asyncio.

    from mpi.client import IndexClient
    from mpi.records import HumanName, PatientRecord, Sex

    with IndexClient("mpi.example.org:50051") as index:
        name = HumanName(text="王小明")
        record = PatientRecord(source="cqmu1", local_id="00123", names=(name,), sex=Sex.MALE, birth_date="1980-05-06")
        answer = index.resolve(record)
        person = index.lookup(source="cqmu1", local_id="00123")
        for link in person.links:
            ...  # link.source knows the patient as link.local_id, with link.grade

``AsyncIndexClient`` is the same with ``await``. Both speak the nouns of ``mpi.records`` and raise the errors of
``mpi.errors``; docs/api.md describes every call as it goes over the wire.
"""

from mpi.client.answers import CrosswalkLine, ReviewLine, ServiceInfo
from mpi.client.asynchronous import AsyncIndexClient
from mpi.client.synchronous import IndexClient

__all__ = ["AsyncIndexClient", "CrosswalkLine", "IndexClient", "ReviewLine", "ServiceInfo"]
