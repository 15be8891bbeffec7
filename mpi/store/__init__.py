"""The store: one DuckDB file per index, an append-only journal in it, its tail beside it. The only room that knows DuckDB.

journal.py     events: one as a struct, many as columns, and as an Arrow batch
tail.py        what is durable and not yet in the table: one wait for the disk instead of a transaction
store.py       open, append, replay, look up, close
schema.sql     the tables and the views over them; the list of what may ever be updated
queries.sql    every statement the store runs, by name
migrations/    how an older file becomes what schema.sql says
"""

from mpi.store.files import Settings
from mpi.store.journal import EventColumns, JournalEvent, JournalFlag
from mpi.store.store import Store
from mpi.store.views import Meta, RequestEntry

__all__ = ["EventColumns", "JournalEvent", "JournalFlag", "Meta", "RequestEntry", "Settings", "Store"]
