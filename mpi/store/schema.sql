-- The database of one index. A new file is made from this; an older one becomes this by migrations/ (a test compares them).
--
-- What may ever be updated or deleted, and by whom:
--   meta      one row; schema_version by a migration, model and encoding when the model in use changes
--   journal   nothing: rows are only appended, in the order of seq
--
-- No index and no key: secondary indexes slow a commit and have been a source of corruption in DuckDB 1.5. seq is dense
-- because one writer assigns it and the store refuses anything else; look-ups by seq and "at" prune by zone maps.

CREATE TABLE meta (
    schema_version INTEGER NOT NULL,
    index_id       VARCHAR NOT NULL,                                     -- uuid, made once
    master_key     BLOB    NOT NULL CHECK (octet_length(master_key) = 32), -- secret of the master-ID permutation, made once
    created_at     BIGINT  NOT NULL,                                     -- µs since 1970-01-01 UTC
    model          VARCHAR NOT NULL,                                     -- name@hash last used; empty before the first
    encoding       VARCHAR NOT NULL                                      -- encoding version last used
);

-- Every durable fact, in one order. See journal.py for what each column means. Hashes do not compress; saying so spares a
-- checkpoint the attempt.
CREATE TABLE journal (
    seq               BIGINT    NOT NULL,
    "at"              BIGINT    NOT NULL,
    outcome           UTINYINT  NOT NULL CHECK (outcome > 0),
    source            VARCHAR   NOT NULL CHECK (source <> ''),
    local_id          VARCHAR   NOT NULL,
    previous_local_id VARCHAR,
    generation        INTEGER   NOT NULL,
    record_no         BIGINT    NOT NULL CHECK (record_no >= 0),
    person_no         BIGINT    NOT NULL CHECK (person_no >= 0),
    master_code       BIGINT    NOT NULL,
    request_id        VARCHAR,
    body_hash         BLOB      USING COMPRESSION uncompressed CHECK (octet_length(body_hash) = 16),
    content_hash      BLOB      USING COMPRESSION uncompressed CHECK (octet_length(content_hash) = 16),
    payload           BLOB,
    "rows"            BLOB      NOT NULL,
    dictionary        BLOB      NOT NULL,
    encoding          VARCHAR   NOT NULL,
    model             VARCHAR   NOT NULL,
    weight            INTEGER   NOT NULL,
    probability       DOUBLE    NOT NULL,
    population        BIGINT    NOT NULL,
    grade             UTINYINT  NOT NULL,
    reasons           BIGINT    NOT NULL,
    relationship      UTINYINT  NOT NULL,
    candidates        BLOB      NOT NULL,
    flags             INTEGER   NOT NULL,
    review_task       BIGINT    NOT NULL,
    recorded_at       BIGINT,
    answer            BLOB      NOT NULL
);

-- What holds now: one line per record that is neither retired (outcome 7) nor absorbed by another number (flag 2).
-- STALE events (outcome 9) are kept in the journal and never applied. The link's grade, probability and model are those of
-- the event that made the link; the content is that of the last event that brought one (content_seq).
CREATE VIEW current_records AS
SELECT
    record_no,
    arg_max(source, seq)                                   AS source,
    arg_max(local_id, seq)                                 AS local_id,
    arg_max(generation, seq)                               AS generation,
    arg_max(person_no, seq)                                AS person_no,
    arg_max(master_code, seq)                              AS master_code,
    min("at")                                              AS since,
    arg_min(grade, seq)                                    AS grade,
    arg_min(probability, seq)                              AS probability,
    arg_min(model, seq)                                    AS model,
    max(seq)                                               AS seq,
    max(seq) FILTER (content_hash IS NOT NULL)             AS content_seq
FROM journal
WHERE outcome <> 9
GROUP BY record_no
HAVING arg_max(outcome, seq) <> 7 AND (arg_max(flags, seq) & 2) = 0;

-- Under which number each source knows which person.
CREATE VIEW crosswalk AS
SELECT source, local_id, master_code FROM current_records;

-- Tasks nobody has decided: opened by the event whose seq they carry, closed by any later event that carries it too.
CREATE VIEW open_reviews AS
SELECT
    seq AS task, "at" AS opened_at, outcome, source, local_id, record_no, person_no, master_code,
    weight, probability, population, model, reasons, relationship, candidates
FROM journal AS opening
WHERE review_task = seq
  AND seq NOT IN (SELECT review_task FROM journal WHERE review_task <> 0 AND review_task <> seq);

-- The change feed. Dense, so that a reader can tell that it missed nothing; STALE entries (outcome 9) changed no answer.
CREATE VIEW changes AS
SELECT seq, "at", outcome, source, local_id, previous_local_id, record_no, person_no, master_code, review_task
FROM journal;
