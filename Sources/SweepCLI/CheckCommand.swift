// `sweep check` and `sweep backup`: whether a results database is whole, and copies of one that is.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Verify a results database, and mend what can be derived.",
    discussion: """
      Looks at the file (SQLite's integrity_check), at rows whose sweep or trial is not there, at parameters, at epochs that are missing, at
      whether summaries, objectives and answers are what the epochs say, at checkpoints, and at the views. Ends with 65 where something is wrong.

      --repair writes a copy of the file, then mends what can be derived from the rest; a trial that lacks epochs runs again.

      EXAMPLE
        sweep check
        sweep check --db results.sqlite.example
        sweep check --repair
      """)

  @Flag(help: "Mend what can be derived, after the file was copied to FILE-before-repair.") var repair = false
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  /// Findings told of each check.
  private static let listed = 10

  func run() throws {
    let trainers = try Registry.builtin()
    // Only what this version can run again: its trainer knows the parameters.
    func isSequential(_ sweep: SweepRecord) -> Bool {
      guard let file = try? sweep.file, let trainer = trainers[file.trainer], !trainer.isOpen else { return false }
      return Set(file.space.names) == Set(trainer.parameters.map(\.name))
    }
    let store = try database.reading()
    var checkup = try store.check(isSequential: isSequential)
    try store.close()
    if repair, checkup.findings.contains(where: \.canBeRepaired) { checkup = try mend(isSequential) }
    try format.print(table(of: checkup))
    guard !checkup.findings.isEmpty else { return }
    tell(checkup.findings)
    throw ExitCode(SweepError.Kind.input.exitCode)
  }

  /// - Returns: what is left.
  private func mend(_ isSequential: (SweepRecord) -> Bool) throws -> Checkup {
    let store = try Store.open(database.path)
    store.tellWarnings()
    // Nobody plans or runs meanwhile.
    let locks = try store.sweeps().map { try RunnerLock(database: store.path, sweep: $0.name) }
    defer { withExtendedLifetime(locks) {} }
    let (mended, copy, left) = try store.repair(isSequential: isSequential)
    try store.close()
    Terminal.error("mended \(counted(mended.count, "finding")); the file as it was is \(copy)")
    for sweep in Set(mended.filter(\.meansRunningAgain).compactMap(\.sweep)).sorted() {
      Terminal.error("trials of '\(sweep)' that lacked epochs wait again: sweep resume \(sweep)")
    }
    return left
  }

  private func table(of checkup: Checkup) -> Table {
    let columns = [Table.Column("check"), Table.Column("examined"), Table.Column("problems")]
    return Table(
      columns: columns,
      rows: Finding.Check.allCases.map { check in
        [
          .text(check.rawValue), checkup.examined[check].map(ParameterValue.integer) ?? .null,
          .integer(checkup.findings.count { $0.check == check }),
        ]
      })
  }

  private func tell(_ findings: [Finding]) {
    for check in Finding.Check.allCases {
      let own = findings.filter { $0.check == check }
      for finding in own.prefix(Self.listed) {
        let place = [finding.trial.map { "trial \($0)" }, finding.sweep.map { "'\($0)'" }].compactMap { $0 }.joined(separator: " of ")
        Terminal.error("\(check.rawValue): \(place.isEmpty ? "" : "\(place): ")\(finding.problem)")
      }
      if own.count > Self.listed { Terminal.error("\(check.rawValue): … and \(own.count - Self.listed) more") }
    }
    let mendable = findings.count(where: \.canBeRepaired)
    let isBroken = findings.contains { $0.check == .file && !$0.canBeRepaired }
    if !repair, !isBroken, mendable > 0 {
      Terminal.error("'sweep check --repair' mends \(mendable == findings.count ? "all of it" : "\(mendable) of it")")
    }
    if isBroken || mendable < findings.count { Terminal.error("what cannot be derived: \(Store.salvage(database.path))") }
  }
}

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the results database, also while a sweep runs.",
    discussion: """
      The copy is the database as it was at one moment, is verified, and appears whole or not at all. Logs and checkpoints of programs are
      files of their own, beside the database, and not part of it.

      EXAMPLE
        sweep backup monday.sqlite
        sweep backup /backup/results.sqlite --db results.sqlite
      """)

  @Argument(help: "The copy; a file that does not exist.", completion: .file()) var file: String
  @OptionGroup var database: DatabaseOption

  func run() throws {
    let store = try database.reading()
    try store.backup(to: file)
    let counts = try store.sweeps().map { try store.counts(sweepID: $0.id).total }
    try store.close()
    Terminal.error("\(file) holds \(counted(counts.count, "sweep")), \(counted(counts.reduce(0, +), "trial"))")
  }
}
