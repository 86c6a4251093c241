// The views that people query: trials_<sweep> and epochs_<sweep>, with a column for each parameter and metric.
// Made when a sweep is planned, made anew when it gets a parameter or a metric. Views hold no data, so they can be dropped at any time.

import GRDB
import SweepCore

/// The columns of a sweep's views, in order, each with a name of its own whatever parameters and metrics are called.
package struct ViewColumns: Sendable, Equatable {
  package let parameters: [(name: String, column: String)]
  package let metrics: [(name: String, column: String)]

  /// The columns that every view of trials has.
  package static let fixed = ["trial", "state", "attempt", "epochs_done", "objective", "started_at", "finished_at", "reason"]
  /// Names that a parameter or metric cannot have in a view or an export.
  static let reserved = fixed + ["rank", "epoch", "tied", "behind_lower", "behind_upper"]

  /// The columns of objectives beyond the first: objective_2, objective_3, …
  package static func further(_ objectives: Int) -> [String] { objectives < 2 ? [] : (2...objectives).map { "objective_\($0)" } }

  /// A name that is taken (SQL does not tell capitals) gets `parameter_` or `metric_` in front, then a number behind.
  /// - Parameter objectives: how many the sweep has.
  package init(parameters: [String], metrics: [String], objectives: Int = 1) {
    var taken = Set(Self.reserved + Self.further(objectives) + (objectives > 1 ? ["front"] : []))
    func column(_ name: String, _ prefix: String) -> String {
      var candidate = name
      var number = 1
      while !taken.insert(candidate.lowercased()).inserted {
        candidate = number == 1 ? prefix + name : "\(prefix)\(name)_\(number)"
        number += 1
      }
      return candidate
    }
    self.parameters = parameters.map { ($0, column($0, "parameter_")) }
    self.metrics = metrics.map { ($0, column($0, "metric_")) }
  }

  package static func == (one: ViewColumns, other: ViewColumns) -> Bool {
    one.parameters.elementsEqual(other.parameters, by: ==) && one.metrics.elementsEqual(other.metrics, by: ==)
  }
}

/// The part of a view's name that stands for the sweep: letters, digits and _ stay, everything else becomes _.
package func viewSlug(of name: String) -> String {
  String(
    name.unicodeScalars.map { $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) || $0 == "_" ? Character($0) : "_" })
}

enum Views {
  /// Drops and makes the views of one sweep.
  static func remake(_ db: Database, sweepID: Int64, slug: String, parameters: [String]) throws {
    // SQLite has views of 2,000 columns; beyond that the metrics are in the tables alone.
    let limit = max(0, min(ReportWriter.mostMetrics, 1900 - parameters.count))
    let metrics = try Row.fetchAll(db, sql: "SELECT id, name FROM metric WHERE sweep_id = ? ORDER BY id LIMIT ?", arguments: [sweepID, limit])
    let objectives = 1 + (try Int.fetchOne(db, sql: "SELECT count(*) FROM objective WHERE sweep_id = ?", arguments: [sweepID]) ?? 0)
    let columns = ViewColumns(parameters: parameters, metrics: try metrics.map { try $0.get("name") }, objectives: objectives)
    let parameterColumns = columns.parameters.map { name, column in
      "\(value(of: name)) AS \(quoted(column))"
    }
    let trialMetrics = try zip(metrics, columns.metrics).map { metric, column in
      "(SELECT m.last FROM trial_metric AS m WHERE m.trial_id = t.id AND m.metric_id = \(try metric.get("id") as Int64)) AS \(quoted(column.column))"
    }
    let epochMetrics = try zip(metrics, columns.metrics).map { metric, column in
      "max(CASE e.metric_id WHEN \(try metric.get("id") as Int64) THEN e.value END) AS \(quoted(column.column))"
    }
    func list(_ columns: [String]) -> String { columns.joined(separator: ",\n  ") }
    let further = ViewColumns.further(objectives).enumerated().map { index, column in
      "(SELECT o.value FROM objective_value AS o WHERE o.trial_id = t.id AND o.place = \(index + 2)) AS \(column)"
    }
    let fixed = ["t.number AS trial"] + ViewColumns.fixed.dropFirst().flatMap { ["t.\($0)"] + ($0 == "objective" ? further : []) }
    try db.execute(
      sql: """
        DROP VIEW IF EXISTS \(quoted("trials_\(slug)"));
        CREATE VIEW \(quoted("trials_\(slug)")) AS SELECT
          \(list(fixed + parameterColumns + trialMetrics))
        FROM trial AS t WHERE t.sweep_id = \(sweepID);
        DROP VIEW IF EXISTS \(quoted("epochs_\(slug)"));
        CREATE VIEW \(quoted("epochs_\(slug)")) AS SELECT
          \(list(["t.number AS trial", "e.epoch"] + parameterColumns + epochMetrics))
        FROM trial AS t JOIN epoch_metric AS e ON e.trial_id = t.id WHERE t.sweep_id = \(sweepID) GROUP BY t.number, e.epoch;
        DROP VIEW IF EXISTS \(quoted("predictions_\(slug)"));
        CREATE VIEW \(quoted("predictions_\(slug)")) AS
          WITH RECURSIVE start (first) AS (
            SELECT 0 UNION ALL SELECT first + \(step) FROM start WHERE first + \(step) < (SELECT max(images) FROM split)),
          place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < \(step)),
          part AS MATERIALIZED (
            SELECT t.number AS trial, s.name AS split, s.images, classes, first, hex(substr(labels, first + 1, \(step))) AS labels,
              hex(substr(predicted, first + 1, \(step))) AS predicted, hex(substr(probability, 2 * first + 1, 2 * \(step))) AS probability
            FROM trial AS t JOIN prediction AS p ON p.trial_id = t.id JOIN split AS s ON s.id = p.split_id JOIN start ON first < s.images
            WHERE t.sweep_id = \(sweepID)),
          answer AS (
            SELECT trial, split, first + i AS image, classes, \(byte("labels", "i")) AS label, \(byte("predicted", "i")) AS predicted,
              \(byte("probability", "2 * i")) * 256 + \(byte("probability", "2 * i + 1")) AS step
            FROM part JOIN place ON first + i < images)
        SELECT trial, split, image, classes ->> label AS label, classes ->> predicted AS predicted, label = predicted AS correct,
          step / 65535.0 AS probability
        FROM answer;
        """)
  }

  /// Images of a part of the blobs of predictions: SQLite reads a blob as a whole for each piece of it.
  private static let step = 200

  /// The byte at a place of a text in base 16: SQLite has no function for a byte of a blob, but it can spell it.
  private static func byte(_ text: String, _ place: String) -> String {
    func digit(_ offset: Int) -> String { "instr('123456789ABCDEF', substr(\(text), 2 * (\(place)) + \(offset), 1))" }
    return "(\(digit(1)) * 16 + \(digit(2)))"
  }

  private static func quoted(_ identifier: String) -> String { SQLText.quoted(name: identifier) }
  private static func quotedText(_ text: String) -> String { SQLText.quoted(text) }

  /// A trial's parameter. A path takes everything up to the next quote as it is, and so cannot say what JSON escapes: it is looked for among all.
  private static func value(of name: String) -> String {
    name.contains { $0 == "\"" || $0 == "\\" }
      ? "(SELECT value FROM json_each(t.parameters) WHERE key = \(quotedText(name)))"
      : "json_extract(t.parameters, \(quotedText("$.\"\(name)\"")))"
  }
}
