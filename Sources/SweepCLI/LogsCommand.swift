// `sweep logs TRIAL`: what a trial's program printed, of any attempt, to its end or while it runs.

import ArgumentParser
import Foundation
import SweepCore
import SweepStore

struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Print what a trial's program printed: its standard output, and its standard error on ours.",
    discussion: """
      EXAMPLE
        sweep logs 7
        sweep logs 7 --follow
        sweep logs best --attempt 1
      """)

  @Argument(help: "The trial: its number or 'best', or SWEEP:NUMBER.") var trial: TrialReference
  @Option(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "Which attempt (default: the last).") var attempt: Int?
  @Flag(name: .shortAndLong, help: "Go on printing until the attempt has ended.") var follow = false
  @Flag(help: "Print the path of the log, not the log; errors.log is beside it.") var path = false
  @OptionGroup var database: DatabaseOption

  func run() throws {
    let store = try database.reading()
    let found = try trial.found(in: store, sweep: sweep)
    let record = try attempt(of: found, in: store)
    guard let log = record.log else {
      throw SweepError(.input, "trial \(found.name) has no log", place: store.path, remedy: "only trials that are programs have")
    }
    if path { return Terminal.output(log + "\n") }
    guard let file = FileHandle(forReadingAtPath: log) else {
      throw SweepError(.io, "the log is not there any more", place: log, remedy: "it was moved or removed with the folder beside the database")
    }
    let errors = FileHandle(forReadingAtPath: (log as NSString).deletingLastPathComponent + "/errors.log")
    func copy(_ file: FileHandle?, to target: FileHandle) throws {
      while let data = try file?.read(upToCount: 1 << 16), !data.isEmpty { try target.write(contentsOf: data) }
    }
    while true {
      // In this order: what was printed before the end was seen is then printed, too.
      let isOver = try !follow || attempt(of: found, in: store).result != nil || !isRun(found, in: store)
      try copy(file, to: .standardOutput)
      try copy(errors, to: .standardError)
      if isOver { return }
      usleep(200_000)
    }
  }

  private func attempt(of found: FoundTrial, in store: Store) throws(SweepError) -> AttemptRecord {
    let attempts = try store.attempts(of: found.trial.id)
    guard let last = attempts.last else {
      throw SweepError(
        .input, "trial \(found.name) has not run as a program\(found.trial.state == .waiting ? " yet" : "")", place: store.path,
        remedy: "only trials that are programs have logs")
    }
    guard let attempt else { return last }
    guard let record = attempts.first(where: { $0.number == attempt }) else {
      throw SweepError(.input, "trial \(found.name) has no attempt \(attempt)", place: store.path, remedy: "its attempts are 1 to \(last.number)")
    }
    return record
  }

  private func isRun(_ found: FoundTrial, in store: Store) -> Bool { RunnerLock.isHeld(database: store.path, sweep: found.sweep.name) }
}
