// `sweep query SQL`: any question, read-only whatever the SQL says.

import ArgumentParser
import SweepCore
import SweepReport
import SweepStore

struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Ask the results database a question in SQL. It is opened for reading only.",
    discussion: """
      Each sweep has views: trials_NAME, a row per trial, and epochs_NAME, a row per trial and epoch, with a column for each parameter and
      metric; predictions_NAME, a row per image that a trial answered. Without SQL, the tables and views are listed with their columns. docs/sql-cookbook.md has questions with answers.

      EXAMPLE
        sweep query
        sweep query "SELECT eta, max(validation_accuracy) FROM trials_quickstart GROUP BY eta"
        sweep query "SELECT epoch, train_loss FROM epochs_quickstart WHERE trial = 7" --format csv
      """)

  @Argument(help: "One SQL statement; '-' reads it from standard input.") var sql: String?
  @Option(help: "Seconds that the query may take; 0: as long as it takes.") var timeout = 60.0
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func validate() throws {
    guard (0...1e9).contains(timeout) else { throw ValidationError("--timeout is \(timeout); use 0 to 1e9 seconds") }
  }

  func run() throws {
    Store.limitMemory(megabytes: 100)
    let store = try database.reading()
    guard let sql else {
      let relations = try store.relations()
      return try format.print(
        Table(
          columns: [Table.Column("table"), Table.Column("columns")],
          rows: relations.map { [.text($0.name), .text($0.columns.joined(separator: " "))] }))
    }
    let text = sql == "-" ? Array(AnyIterator { readLine(strippingNewline: false) }).joined() : sql
    try store.query(text, timeout: timeout == 0 ? nil : timeout) { columns, forEachRow in
      try format.print(Table(columns: columns.map { Table.Column($0) }, forEachRow: forEachRow))
    }
  }
}
