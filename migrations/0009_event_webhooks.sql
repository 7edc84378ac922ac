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

-- Runs that an event of a bucket started have the trigger 'api' and this set: kinds cannot
-- be added to the column's check without writing the table, and all that refers to it, anew.
ALTER TABLE runs ADD COLUMN by_event INTEGER NOT NULL DEFAULT 0 CHECK (by_event IN (0, 1));
