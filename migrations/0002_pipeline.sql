-- Repositories and their runs. Times are unix milliseconds (0: not yet), booleans 0 or 1.

CREATE TABLE repositories (
    id             TEXT PRIMARY KEY,
    project_id     TEXT NOT NULL,
    name           TEXT NOT NULL,
    clone_url      TEXT NOT NULL,
    branch         TEXT NOT NULL,
    credential     BLOB,                        -- sealed; NULL: none
    webhook_secret BLOB NOT NULL,               -- sealed
    last_number    INTEGER NOT NULL DEFAULT 0,  -- of the newest run
    deleted_at     INTEGER NOT NULL DEFAULT 0,  -- not 0: being removed; the row obliges to finish that
    created_at     INTEGER NOT NULL,
    UNIQUE (project_id, name)
);

-- A repository that comes back under its name goes on counting: its artifacts are
-- kept by the run's number, and the old ones stay.
CREATE TABLE former_repositories (
    project_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (project_id, name)
);

-- seq orders all runs: the queue is first in, first out, and lists page by it.
CREATE TABLE runs (
    id                 TEXT PRIMARY KEY,
    seq                INTEGER NOT NULL UNIQUE,
    repository_id      TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    project_id         TEXT NOT NULL,
    number             INTEGER NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('queued', 'running', 'success', 'failed', 'canceled', 'error')),
    trigger_kind       TEXT NOT NULL CHECK (trigger_kind IN ('manual', 'api', 'webhook')),
    triggered_by       TEXT NOT NULL,
    branch             TEXT NOT NULL,
    commit_hash        TEXT NOT NULL,
    commit_message     TEXT NOT NULL,
    author             TEXT NOT NULL,
    variables          BLOB,                    -- sealed, dropped when the run ends
    error              TEXT NOT NULL DEFAULT '',
    cancel_requested   INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    cleanup_owed       INTEGER NOT NULL DEFAULT 0 CHECK (cleanup_owed IN (0, 1)), -- the engine may still hold something
    revision           INTEGER NOT NULL,
    announced_revision INTEGER NOT NULL DEFAULT 0,
    created_at         INTEGER NOT NULL,
    started_at         INTEGER NOT NULL DEFAULT 0,
    finished_at        INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository_id, number)
);
CREATE INDEX runs_repository ON runs (repository_id, seq);
CREATE INDEX runs_project ON runs (project_id, seq);
CREATE INDEX runs_going ON runs (state, seq) WHERE state IN ('queued', 'running');
CREATE INDEX runs_cleanup ON runs (seq) WHERE cleanup_owed = 1;
CREATE INDEX runs_unannounced ON runs (seq) WHERE revision > announced_revision;

CREATE TABLE run_stages (
    run_id   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('pending', 'running', 'success', 'failed', 'canceled', 'skipped', 'error')),
    PRIMARY KEY (run_id, position)
);

-- log says where a step's output is: nowhere, in a file of the state folder, or in the object store.
CREATE TABLE run_steps (
    id          TEXT PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    stage       INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    name        TEXT NOT NULL,
    image       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'running', 'success', 'failed', 'canceled', 'skipped', 'error')),
    exit_code   INTEGER,
    error       TEXT NOT NULL DEFAULT '',
    log         TEXT NOT NULL DEFAULT 'none' CHECK (log IN ('none', 'local', 'stored')),
    log_size    INTEGER NOT NULL DEFAULT 0,
    started_at  INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run_id, stage, position)
);
CREATE INDEX run_steps_log ON run_steps (log) WHERE log = 'local';

CREATE TABLE run_artifacts (
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    step_id    TEXT NOT NULL,
    size       INTEGER NOT NULL,
    bucket     TEXT NOT NULL,
    object_key TEXT NOT NULL,
    PRIMARY KEY (run_id, path)
);

-- A webhook that is delivered twice starts one run.
CREATE TABLE webhook_deliveries (
    repository_id TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    delivery_id   TEXT NOT NULL,
    run_id        TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (repository_id, delivery_id)
);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);
