BEGIN TRANSACTION;
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
INSERT INTO "meta" VALUES('generation',2);
CREATE TABLE people (
            person_id  TEXT PRIMARY KEY,
            name       TEXT NOT NULL,
            name_key   TEXT NOT NULL UNIQUE,
            role       TEXT NOT NULL,
            created_at REAL NOT NULL,
            seal       BLOB NOT NULL
        ) STRICT;
INSERT INTO "people" VALUES('p1','Ada Lovelace','ada lovelace','admin',1764000000.0,X'00');
CREATE TABLE templates (
            template_id TEXT PRIMARY KEY,
            person_id   TEXT NOT NULL REFERENCES people (person_id) ON DELETE CASCADE,
            model_id    TEXT NOT NULL,
            embedding   BLOB NOT NULL,
            quality     REAL NOT NULL,
            created_at  REAL NOT NULL
        ) STRICT;
INSERT INTO "templates" VALUES('t1','p1','model',X'01',0.9,1764000000.0);
CREATE INDEX templates_by_person ON templates (person_id);
CREATE TRIGGER people_INSERT AFTER INSERT ON people BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
CREATE TRIGGER people_UPDATE AFTER UPDATE ON people BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
CREATE TRIGGER people_DELETE AFTER DELETE ON people BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
CREATE TRIGGER templates_INSERT AFTER INSERT ON templates BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
CREATE TRIGGER templates_UPDATE AFTER UPDATE ON templates BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
CREATE TRIGGER templates_DELETE AFTER DELETE ON templates BEGIN UPDATE meta SET value = value + 1 WHERE key = 'generation'; END;
COMMIT;
PRAGMA user_version=1;
