// The tables, as migrations. A released migration is never edited: a change is a new one. The rules live here, not in Swift: NOT NULL,
// CHECK, UNIQUE and foreign keys. docs/schema.md explains every column.

import GRDB
import SweepCore

enum Schema {
  /// "SWEP" in ASCII: tells our files from other programs' (PRAGMA application_id).
  static let applicationID = 0x5357_4550

  /// The migration that made the indexes of states and objectives what they are.
  static let indexesByFlag = "2"

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(
        sql: """
          CREATE TABLE sweep (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (name <> ''),
            slug TEXT NOT NULL UNIQUE COLLATE NOCASE,
            definition TEXT NOT NULL CHECK (json_valid(definition)),
            metric TEXT NOT NULL,
            goal TEXT NOT NULL CHECK (goal IN ('minimize', 'maximize')),
            metric_at TEXT NOT NULL CHECK (metric_at IN ('last', 'best')),
            created_at TEXT NOT NULL
          ) STRICT;

          CREATE TABLE trial (
            id INTEGER PRIMARY KEY,
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number > 0),
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            planned INTEGER NOT NULL DEFAULT 1 CHECK (planned IN (0, 1)),
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'complete', 'pruned', 'diverged', 'failed')),
            attempt INTEGER NOT NULL DEFAULT 0,
            epochs_done INTEGER NOT NULL DEFAULT 0,
            objective REAL,
            started_at TEXT,
            finished_at TEXT,
            reason TEXT,
            UNIQUE (sweep_id, number),
            UNIQUE (sweep_id, parameters)
          ) STRICT;
          CREATE INDEX trial_state ON trial (sweep_id, state, number);
          CREATE INDEX trial_objective ON trial (sweep_id, objective);

          CREATE TABLE metric (
            id INTEGER PRIMARY KEY,
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            UNIQUE (sweep_id, name)
          ) STRICT;

          CREATE TABLE epoch_metric (
            trial_id INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            epoch INTEGER NOT NULL CHECK (epoch >= 0),
            metric_id INTEGER NOT NULL REFERENCES metric (id) ON DELETE CASCADE,
            value REAL,
            PRIMARY KEY (trial_id, epoch, metric_id)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE trial_metric (
            trial_id INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            metric_id INTEGER NOT NULL REFERENCES metric (id) ON DELETE CASCADE,
            last REAL,
            last_epoch INTEGER NOT NULL,
            min REAL,
            min_epoch INTEGER,
            max REAL,
            max_epoch INTEGER,
            PRIMARY KEY (trial_id, metric_id)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE checkpoint (
            trial_id INTEGER PRIMARY KEY REFERENCES trial (id) ON DELETE CASCADE,
            epoch INTEGER NOT NULL,
            format TEXT NOT NULL,
            state BLOB NOT NULL
          ) STRICT;

          CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            trial_id INTEGER REFERENCES trial (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            detail TEXT
          ) STRICT;

          CREATE VIEW parameter AS
            SELECT trial.id AS trial_id, member.key AS name, member.atom AS value, member.type AS type
            FROM trial, json_each(trial.parameters) AS member;
          """)
    }
    migrator.registerMigration(indexesByFlag) { db in
      // Counting trials by state reads an index alone; planning a trial does not touch the ranking.
      try db.execute(
        sql: """
          DROP INDEX trial_state;
          CREATE INDEX trial_state ON trial (sweep_id, state, planned, number);
          CREATE INDEX trial_interrupted ON trial (sweep_id) WHERE state = 'waiting' AND planned AND attempt > 0;
          DROP INDEX trial_objective;
          CREATE INDEX trial_objective ON trial (sweep_id, objective, number) WHERE objective IS NOT NULL;
          """)
    }
    migrator.registerMigration("3") { db in
      // What trials answered, image by image, and the models that are kept. The small bitset comes first: rankings read it alone.
      try db.execute(
        sql: """
          CREATE TABLE split (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            source TEXT NOT NULL,
            fingerprint INTEGER NOT NULL,
            images INTEGER NOT NULL CHECK (images > 0),
            classes TEXT NOT NULL CHECK (json_valid(classes)),
            labels BLOB NOT NULL CHECK (length(labels) = images),
            UNIQUE (name, source, fingerprint)
          ) STRICT;

          CREATE TABLE prediction (
            trial_id INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            split_id INTEGER NOT NULL REFERENCES split (id),
            epoch INTEGER NOT NULL,
            correct BLOB NOT NULL,
            predicted BLOB NOT NULL,
            probability BLOB NOT NULL CHECK (length(probability) = 2 * length(predicted)),
            UNIQUE (trial_id, split_id)
          ) STRICT;

          CREATE TABLE model (
            trial_id INTEGER PRIMARY KEY REFERENCES trial (id) ON DELETE CASCADE,
            epoch INTEGER NOT NULL,
            format TEXT NOT NULL,
            state BLOB NOT NULL
          ) STRICT;
          """)
    }
    migrator.registerMigration("4") { db in
      // What each run of a program took and how it ended.
      try db.execute(
        sql: """
          CREATE TABLE attempt (
            trial_id INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            attempt INTEGER NOT NULL CHECK (attempt > 0),
            started_at TEXT NOT NULL,
            finished_at TEXT,
            result TEXT CHECK (result IN ('complete', 'pruned', 'diverged', 'failed', 'interrupted')),
            reason TEXT,
            exit_code INTEGER,
            signal INTEGER,
            seconds REAL,
            cpu_seconds REAL,
            memory_bytes INTEGER,
            process INTEGER,
            log TEXT,
            forgiven INTEGER NOT NULL DEFAULT 0 CHECK (forgiven IN (0, 1)),
            PRIMARY KEY (trial_id, attempt)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("5") { db in
      // Decisions of a search, changes that have a number, points that are run again on purpose. A table's constraints cannot be changed: trial is
      // made anew. GRDB defers foreign keys during a migration, so that the rows that refer to it stay.
      try db.execute(
        sql: """
          PRAGMA legacy_alter_table = ON;  -- the views of sweeps have no table meanwhile
          CREATE TABLE new_trial (
            id INTEGER PRIMARY KEY,
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number > 0),
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            repeat INTEGER NOT NULL DEFAULT 0 CHECK (repeat >= 0),
            planned INTEGER NOT NULL DEFAULT 1 CHECK (planned IN (0, 1)),
            state TEXT NOT NULL DEFAULT 'waiting'
              CHECK (state IN ('waiting', 'running', 'paused', 'complete', 'pruned', 'diverged', 'failed')),
            attempt INTEGER NOT NULL DEFAULT 0,
            position INTEGER NOT NULL DEFAULT 0,
            epochs_done INTEGER NOT NULL DEFAULT 0,
            until INTEGER CHECK (until > 0),
            parent_id INTEGER REFERENCES trial (id) ON DELETE SET NULL,
            objective REAL,
            started_at TEXT,
            finished_at TEXT,
            reason TEXT,
            held TEXT CHECK (held IS NULL OR json_valid(held)),
            revision INTEGER NOT NULL DEFAULT 0,
            UNIQUE (sweep_id, number),
            UNIQUE (sweep_id, parameters, repeat)
          ) STRICT;
          INSERT INTO new_trial (id, sweep_id, number, parameters, planned, state, attempt, epochs_done, objective, started_at, finished_at, reason)
            SELECT id, sweep_id, number, parameters, planned, state, attempt, epochs_done,
              CASE WHEN abs(objective) <= 1.7976931348623157e308 THEN objective END, started_at, finished_at, reason FROM trial;
          DROP VIEW parameter;
          DROP TABLE trial;
          ALTER TABLE new_trial RENAME TO trial;
          PRAGMA legacy_alter_table = OFF;
          CREATE INDEX trial_state ON trial (sweep_id, state, planned, number);
          CREATE INDEX trial_interrupted ON trial (sweep_id) WHERE state = 'waiting' AND planned AND attempt > 0;
          CREATE INDEX trial_objective ON trial (sweep_id, objective, number) WHERE objective IS NOT NULL;
          CREATE INDEX trial_revision ON trial (sweep_id, revision, number) WHERE revision > 0;
          CREATE VIEW parameter AS
            SELECT trial.id AS trial_id, member.key AS name, member.atom AS value, member.type AS type
            FROM trial, json_each(trial.parameters) AS member;

          ALTER TABLE sweep ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
          CREATE INDEX event_sweep ON event (sweep_id, id);

          -- Objectives beyond the first, which is in the row of the sweep and in trial.objective.
          CREATE TABLE objective (
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            place INTEGER NOT NULL CHECK (place > 1),
            metric TEXT NOT NULL,
            goal TEXT NOT NULL CHECK (goal IN ('minimize', 'maximize')),
            metric_at TEXT NOT NULL CHECK (metric_at IN ('last', 'best')),
            PRIMARY KEY (sweep_id, place)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE objective_value (
            trial_id INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
            place INTEGER NOT NULL CHECK (place > 1),
            value REAL,
            PRIMARY KEY (trial_id, place)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE decision (
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number > 0),
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('enumerate', 'start', 'resume', 'clone', 'stop', 'exhausted')),
            trial_id INTEGER REFERENCES trial (id) ON DELETE CASCADE,
            parent_id INTEGER REFERENCES trial (id) ON DELETE SET NULL,
            until INTEGER CHECK (until > 0),
            position INTEGER CHECK (position >= 0),
            waits INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            PRIMARY KEY (sweep_id, number)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX decision_trial ON decision (trial_id) WHERE trial_id IS NOT NULL;
          """)
      // A value that is not finite never wins: summaries that an infinite one has won are made again from their epochs.
      let infinite = try Row.fetchAll(
        db,
        sql: "SELECT trial_id, metric_id FROM trial_metric WHERE abs(min) > 1.7976931348623157e308 OR abs(max) > 1.7976931348623157e308")
      for row in infinite { try MetricSummary.recompute(db, trialID: try row.get(0), metricID: try row.get(1)) }
      for trial in Set(try infinite.map { try $0.get(0) as Int64 }) { try db.execute(sql: MetricSummary.objectiveSQL, arguments: [trial]) }
    }
    migrator.registerMigration("6") { db in
      // Who chose a point, and points that are to be tried before any other.
      try db.execute(
        sql: """
          ALTER TABLE trial ADD COLUMN sampler TEXT;
          CREATE INDEX trial_enqueued ON trial (sweep_id, number) WHERE sampler = 'enqueued';

          CREATE TABLE enqueued (
            sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            place INTEGER NOT NULL CHECK (place > 0),
            parameters TEXT NOT NULL CHECK (json_valid(parameters)),
            at TEXT NOT NULL,
            PRIMARY KEY (sweep_id, place)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }

  /// - Throws: where the file has tables but none of ours, or migrations that this version does not know, or nothing at all.
  static func check(_ database: any DatabaseReader, path: String, mayBeEmpty: Bool) throws {
    try database.read { db in
      let id = try Int.fetchOne(db, sql: "PRAGMA application_id")
      // The migrator's own table alone is a database whose maker was killed before the first migration.
      let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'") ?? 0
      if tables == 0, !mayBeEmpty {
        throw SweepError(.input, "the database is empty", place: path, remedy: "run a sweep first, or name another with --db or SWEEP_DB")
      }
      if tables > 0, id != applicationID {
        throw SweepError(.input, "the database belongs to another program", place: path, remedy: "name another with --db or SWEEP_DB")
      }
      if try tables > 0 && migrator.hasBeenSuperseded(db) {
        throw SweepError(.input, "the database was written by a newer version of sweep", place: path, remedy: "update sweep")
      }
    }
  }
}
