BEGIN TRANSACTION;
CREATE TABLE commands (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        command_id TEXT NOT NULL UNIQUE
    );
CREATE TABLE events (
        event_id TEXT PRIMARY KEY,
        incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE
    ) WITHOUT ROWID;
INSERT INTO "events" VALUES('e1','i1');
CREATE TABLE incidents (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id TEXT NOT NULL UNIQUE,
        camera_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        document TEXT NOT NULL
    );
INSERT INTO "incidents" VALUES(1,'i1','front-door',1,'{}');
CREATE TABLE media (
        incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (incident_id, kind)
    );
INSERT INTO "media" VALUES('i1','photo',X'FFD8');
CREATE TABLE moves (channel TEXT, address TEXT, new_address TEXT NOT NULL, PRIMARY KEY (channel, address));
CREATE TABLE outgoing (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        message TEXT NOT NULL
    );
INSERT INTO "outgoing" VALUES(1,'deliveries','{}');
CREATE TABLE pauses (channel TEXT, address TEXT, until REAL NOT NULL, PRIMARY KEY (channel, address));
CREATE TABLE snoozes (camera_id TEXT PRIMARY KEY, document TEXT NOT NULL);
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
INSERT INTO "steps" VALUES(1,'i1','text','','console','','waiting',0,0,'',0,NULL,'',1764000000.0,NULL);
CREATE INDEX incidents_camera ON incidents (camera_id, number);
CREATE INDEX events_incident ON events (incident_id);
CREATE INDEX steps_waiting ON steps (channel, address, id) WHERE state = 'waiting';
CREATE INDEX steps_dead ON steps (id) WHERE state = 'dead';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('incidents',1);
INSERT INTO "sqlite_sequence" VALUES('steps',1);
INSERT INTO "sqlite_sequence" VALUES('outgoing',1);
COMMIT;
PRAGMA user_version=1;
