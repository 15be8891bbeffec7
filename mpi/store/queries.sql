-- Every statement of the store, by name: a marker line and what follows it. Parameters are $1, $2, … in the order given beside the name.

-- name: read_version
-- The schema version of a file that has a meta table.
SELECT schema_version FROM meta;

-- name: has_meta
-- Whether this is a database of ours at all.
SELECT count(*) FROM duckdb_tables() WHERE table_name = 'meta';

-- name: read_meta
SELECT schema_version, index_id, master_key, created_at, model, encoding FROM meta;

-- name: create_meta
-- $1 schema version, $2 index id, $3 master key, $4 created at
INSERT INTO meta VALUES ($1, $2, $3, $4, '', '');

-- name: update_version
-- $1 schema version. Only a migration runs this.
UPDATE meta SET schema_version = $1;

-- name: update_model
-- $1 model, $2 encoding version
UPDATE meta SET model = $1, encoding = $2;

-- name: tune_writer
-- The writer's two statements have nothing to optimise; leaving the optimiser out saves 0.4 ms a commit.
PRAGMA disable_optimizer;

-- name: prepare_append
-- ``incoming`` is an Arrow stream that is registered once and yields whatever batch is to be appended.
PREPARE append_batch AS INSERT INTO journal SELECT * FROM incoming;

-- name: append_batch
EXECUTE append_batch;

-- name: append_one
-- The columns of journal in their order. For a single event this is faster than the Arrow way (docs/decisions/store-append.md).
INSERT INTO journal VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
    $27, $28, $29
);

-- name: last_sequence
-- The number of events, their last number; equal unless the file was tampered with.
SELECT count(*), coalesce(max(seq), 0) FROM journal;

-- name: replay
-- $1 after, $2 last. In the order of insertion, which is the order of seq; the reader checks that.
SELECT
    seq, "at", outcome, source, local_id, previous_local_id, generation, record_no, person_no, master_code, request_id,
    body_hash, content_hash, "rows", dictionary, encoding, model, probability, grade, flags, review_task, recorded_at
FROM journal
WHERE seq > $1 AND seq <= $2;

-- name: replay_with_payload
-- $1 after, $2 last. As replay, and the records as received: for a rebuild under another encoding version.
SELECT
    seq, "at", outcome, source, local_id, previous_local_id, generation, record_no, person_no, master_code, request_id,
    body_hash, content_hash, "rows", dictionary, encoding, model, probability, grade, flags, review_task, recorded_at, payload
FROM journal
WHERE seq > $1 AND seq <= $2;

-- name: other_encoding
-- $1 after, $2 encoding version. Whether any event after a number was made with another encoding version: no line, or one.
SELECT 1 FROM journal WHERE seq > $1 AND encoding <> $2 LIMIT 1;

-- name: tasks
-- $1 last, $2 encoding version. Who was asked about whom: the person of each event that opened a task, and its candidates.
SELECT person_no, candidates FROM journal WHERE review_task = seq AND seq <= $1 AND encoding = $2;

-- name: event
-- $1 seq
SELECT * FROM journal WHERE seq = $1;

-- name: record_payload
-- $1 record_no. The content that is applied, not a stale one.
SELECT payload FROM journal
WHERE record_no = $1 AND payload IS NOT NULL AND outcome <> 9
ORDER BY seq DESC LIMIT 1;

-- name: changes
-- $1 after, $2 limit
SELECT seq, "at", outcome, source, local_id, previous_local_id, record_no, person_no, master_code, review_task
FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: changes_of_sources
-- $1 after, $2 limit, $3 sources
SELECT seq, "at", outcome, source, local_id, previous_local_id, record_no, person_no, master_code, review_task
FROM changes WHERE seq > $1 AND list_contains($3, source) ORDER BY seq LIMIT $2;

-- name: request_ids
-- $1 not before, µs since 1970-01-01 UTC
SELECT request_id, body_hash, seq, "at" FROM journal
WHERE "at" >= $1 AND request_id IS NOT NULL;

-- name: reviews
SELECT * FROM open_reviews ORDER BY task;

-- name: crosswalk
SELECT source, local_id, master_code FROM crosswalk ORDER BY source, local_id;

-- name: checkpoint
CHECKPOINT;
