"""The tables of the notifier's database; a change is a new entry at the end of :data:`MIGRATIONS`."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    -- What is known about an incident: a JSON document, with the columns that are searched.
    CREATE TABLE incidents (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id TEXT NOT NULL UNIQUE,
        camera_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX incidents_camera ON incidents (camera_id, number);

    -- Events that were taken in, so that a repeated one is dropped.
    CREATE TABLE events (
        event_id TEXT PRIMARY KEY,
        incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE INDEX events_incident ON events (incident_id);

    -- photo, update_photo, frame: JPEG; clip: MP4. Inside the database, so that an alarm survives the camera service.
    CREATE TABLE media (
        incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (incident_id, kind)
    );

    -- The outbox: one row per step and recipient. The order of ids is the order of delivery.
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
        step TEXT NOT NULL,
        subject TEXT NOT NULL DEFAULT '',      -- tells apart several notices about one incident
        channel TEXT NOT NULL,
        address TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'superseded')),
        silent INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 0,    -- of the incident that an edit has to show
        body TEXT NOT NULL DEFAULT '',         -- text of a notice
        attempts INTEGER NOT NULL DEFAULT 0,
        message_id TEXT,
        detail TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL,
        done_at REAL,
        UNIQUE (incident_id, step, channel, address, subject)
    );
    CREATE INDEX steps_waiting ON steps (channel, address, id) WHERE state = 'waiting';
    CREATE INDEX steps_dead ON steps (id) WHERE state = 'dead';

    -- Until when a recipient must be left alone (429), and where a chat moved to.
    CREATE TABLE pauses (channel TEXT, address TEXT, until REAL NOT NULL, PRIMARY KEY (channel, address));
    CREATE TABLE moves (channel TEXT, address TEXT, new_address TEXT NOT NULL, PRIMARY KEY (channel, address));

    CREATE TABLE commands (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        command_id TEXT NOT NULL UNIQUE
    );
    CREATE TABLE snoozes (camera_id TEXT PRIMARY KEY, document TEXT NOT NULL);

    -- What still has to go onto a stream of the bus: written with the change that it reports, sent when Redis is there.
    CREATE TABLE outgoing (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        message TEXT NOT NULL
    );
    """,
    """
    -- Chats that people logged in from, and what is disarmed for a while.
    CREATE TABLE chat_sessions (chat_id INTEGER PRIMARY KEY, document TEXT NOT NULL);
    CREATE TABLE disarms (camera_id TEXT PRIMARY KEY, document TEXT NOT NULL);
    """,
    """
    -- How far the escalation of an incident has come; ``paused`` while its camera is snoozed.
    CREATE TABLE climbs (
        incident_id TEXT PRIMARY KEY REFERENCES incidents (incident_id) ON DELETE CASCADE,
        level INTEGER NOT NULL DEFAULT 0,
        started_at REAL NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0
    );
    """,
    """
    -- Canaries that came, with the moments of their way (Unix time).
    CREATE TABLE canaries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id TEXT NOT NULL UNIQUE,
        opened_at REAL NOT NULL,
        created_at REAL NOT NULL,
        received_at REAL NOT NULL,
        delivered_at REAL
    );
    """,
    """
    CREATE TABLE drills (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        drill_id TEXT NOT NULL UNIQUE,
        outcome TEXT NOT NULL,
        document TEXT NOT NULL
    );
    """,
    """
    -- What was done last, by name: the date of the last summary.
    CREATE TABLE marks (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
    """
    -- Which instance of the inference service recognised a canary.
    ALTER TABLE canaries ADD COLUMN judged_by TEXT NOT NULL DEFAULT '';
    """,
    """
    -- Roles by name, as everywhere else; they were numbers.
    UPDATE chat_sessions SET document = json_set(document, '$.role', CASE json_extract(document, '$.role')
        WHEN 1 THEN 'viewer' WHEN 2 THEN 'operator' ELSE 'admin' END)
        WHERE json_type(document, '$.role') = 'integer';
    """,
    """
    -- A snooze belongs to an incident, no longer to a camera; what was snoozed or disarmed by an earlier version ends.
    DROP TABLE snoozes;
    CREATE TABLE snoozes (
        incident_id TEXT PRIMARY KEY REFERENCES incidents (incident_id) ON DELETE CASCADE,
        document TEXT NOT NULL
    );
    DELETE FROM disarms;
    """,
)
