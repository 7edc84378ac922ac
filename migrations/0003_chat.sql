-- Rooms, messages and the event log. Times are unix milliseconds; an empty
-- author, client ID or card key means there is none.

CREATE TABLE chat_rooms (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('all', 'project', 'direct')),
    project_id TEXT,                            -- kind project
    member_key TEXT,                            -- kind direct: the sorted user IDs, so one room a set
    name       TEXT NOT NULL,
    last_seq   INTEGER NOT NULL DEFAULT 0,      -- room sequence of the newest message
    created_at INTEGER NOT NULL,
    CHECK ((kind = 'project') = (project_id IS NOT NULL)),
    CHECK ((kind = 'direct') = (member_key IS NOT NULL))
);
CREATE UNIQUE INDEX chat_rooms_all ON chat_rooms (kind) WHERE kind = 'all';
CREATE UNIQUE INDEX chat_rooms_project ON chat_rooms (project_id) WHERE project_id IS NOT NULL;
CREATE UNIQUE INDEX chat_rooms_direct ON chat_rooms (member_key) WHERE member_key IS NOT NULL;

INSERT INTO chat_rooms (id, kind, name, created_at) VALUES ('all', 'all', '', 0);

CREATE TABLE chat_members (
    room_id TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
) WITHOUT ROWID;
CREATE INDEX chat_members_user ON chat_members (user_id, room_id);

-- The log. seq is the sync token: there is one writer, so the order of numbers is
-- the order of commits. A number is never given twice, hence AUTOINCREMENT.
CREATE TABLE chat_events (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('message', 'message_changed', 'room', 'read')),
    room_id    TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
    room_seq   INTEGER NOT NULL,                -- the message meant, or where a reader now is
    user_id    TEXT NOT NULL                    -- kind read: the reader
);

-- The first event, so that no sync token a client ever gets is 0, "I hold nothing".
INSERT INTO chat_events (kind, room_id, room_seq, user_id) VALUES ('room', 'all', 0, '');

CREATE TABLE chat_messages (
    seq           INTEGER PRIMARY KEY,          -- that of its event
    id            TEXT NOT NULL UNIQUE,
    room_id       TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
    room_seq      INTEGER NOT NULL,
    author_id     TEXT NOT NULL,                -- empty: Croft itself
    client_id     TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('text', 'file', 'card')),
    text          TEXT NOT NULL,
    payload       TEXT NOT NULL,                -- JSON of the file or the card
    card_key      TEXT NOT NULL,
    card_revision INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    edited_at     INTEGER NOT NULL              -- 0: never
);
CREATE UNIQUE INDEX chat_messages_room ON chat_messages (room_id, room_seq);
CREATE UNIQUE INDEX chat_messages_client ON chat_messages (author_id, client_id) WHERE client_id <> '';
CREATE UNIQUE INDEX chat_messages_card ON chat_messages (room_id, card_key) WHERE card_key <> '';

-- A file's row is written before its object; room_seq 0 means that its message
-- is not committed yet, which after a crash it never will be; -1 that it is being removed.
CREATE TABLE chat_files (
    id           TEXT PRIMARY KEY,
    room_id      TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
    room_seq     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
);
CREATE INDEX chat_files_pending ON chat_files (created_at) WHERE room_seq <= 0;

-- How far each user has read. event_seq is the one read event that the log keeps
-- of a reader and room.
CREATE TABLE chat_reads (
    user_id   TEXT NOT NULL,
    room_id   TEXT NOT NULL REFERENCES chat_rooms (id) ON DELETE CASCADE,
    read_seq  INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) WITHOUT ROWID;
