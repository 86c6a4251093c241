// `sweep run FILE` and `sweep resume [SWEEP]`: the same work, from the file or from what the database knows.

import ArgumentParser
import SweepCore
import SweepKit
import SweepStore

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Plan a sweep file and run what has not run yet; print the ranked table.",
    discussion: """
      Running the same file again goes on where it was: finished trials stay, interrupted ones continue from their last epoch.
      Ctrl-C finishes the current epoch, or tells programs to end, saves and exits with 130; a second Ctrl-C stops at once.
      Nothing recorded is lost either way.

      EXAMPLE
        sweep run sweeps/quickstart.yaml
        sweep run sweeps/quickstart.yaml --name second-try --workers 1
        sweep run sweeps/quickstart.yaml --name more eta=0.01,0.03 'seed=range(1,6)'
        sweep run search.yaml --name again --seed 2 --prior search
      """)

  @OptionGroup var source: SweepFileArguments
  @Option(help: "Run it as a sweep of another name.") var name: String?
  @Flag(help: "The sweep of that name is this one, though its file, program, folder or environment changed since trials ran.") var same = false
  @OptionGroup var search: SearchOptions
  @OptionGroup var options: RunOptions
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func validate() throws {
    if name?.isEmpty == true { throw ValidationError("--name is empty; give the sweep a name") }
    if (name?.utf8.count ?? 0) > SweepFile.longestName { throw ValidationError("--name is longer than \(SweepFile.longestName) bytes") }
  }

  func run() throws {
    let loaded = try source.load(try Registry.builtin())
    loaded.tell()
    try options.run(search.applied(to: loaded.file).renamed(name), isSame: same, database: database, format: format)
  }
}

struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a sweep that was interrupted, from the database alone.",
    discussion: """
      EXAMPLE
        sweep resume
        sweep resume cifar10-grid --retry-failed
      """)

  @Argument(help: "The sweep's name (default: the newest that is not finished).") var sweep: String?
  @OptionGroup var options: RunOptions
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func run() throws {
    let store = try database.reading()
    let unfinished = try sweep == nil ? store.newestUnfinished(orFailed: options.retryFailed) : nil
    let record = try unfinished ?? store.sweep(named: sweep)
    try store.close()  // a reader that stays would keep the log beside the file when the sweep has ended
    try options.run(try record.file, database: database, format: format)
  }
}
