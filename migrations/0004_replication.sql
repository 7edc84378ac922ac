-- Which buckets are copied to other S3 clusters. Times are unix milliseconds.

CREATE TABLE replication_rules (
    id                TEXT PRIMARY KEY,
    bucket            TEXT NOT NULL,
    bucket_created_at INTEGER NOT NULL,             -- a bucket of the same name made later is another
    prefix            TEXT NOT NULL,
    endpoint          TEXT NOT NULL,
    region            TEXT NOT NULL,
    style             TEXT NOT NULL,
    authorities       TEXT NOT NULL,
    target_bucket     TEXT NOT NULL,
    access_key        TEXT NOT NULL,
    secret_key        BLOB NOT NULL,                -- sealed
    deletes           INTEGER NOT NULL CHECK (deletes IN (0, 1)),
    existing          INTEGER NOT NULL CHECK (existing IN (0, 1)),
    paused            INTEGER NOT NULL CHECK (paused IN (0, 1)),
    created_at        INTEGER NOT NULL
);
CREATE INDEX replication_rules_bucket ON replication_rules (bucket);

-- Uploads that were begun at a target, to go on with after a restart or to end.
CREATE TABLE replication_uploads (
    rule_id   TEXT NOT NULL REFERENCES replication_rules (id) ON DELETE CASCADE,
    key       TEXT NOT NULL,
    source    TEXT NOT NULL,                        -- which content it is of
    upload_id TEXT NOT NULL,
    PRIMARY KEY (rule_id, key)
) WITHOUT ROWID;
