-- Where events of buckets are posted to. Times are unix milliseconds.

CREATE TABLE event_webhooks (
    name        TEXT PRIMARY KEY,
    url         TEXT NOT NULL,
    authorities TEXT NOT NULL,
    insecure    INTEGER NOT NULL CHECK (insecure IN (0, 1)),
    token       BLOB,                               -- sealed; NULL: none
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- Runs that an event of a bucket started count as started over the API and carry its
-- name here; the kinds of triggers cannot be added to without writing the table anew.
ALTER TABLE runs ADD COLUMN event TEXT NOT NULL DEFAULT '';
