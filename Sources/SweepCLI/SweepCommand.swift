// The root command, and the one place that turns an error into text and an exit code.

import ArgumentParser
import Foundation
import SweepCore
import SweepKit

@main
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Hyperparameter sweeps: plan a grid, train it, rank it, query it with SQL, resume it after anything.",
    discussion: """
      EXAMPLE
        sweep run sweeps/quickstart.yaml
        sweep rank
        sweep query "SELECT max(test_accuracy) FROM trials_quickstart"

      Results go to results.sqlite in the current folder; --db or SWEEP_DB names another file.
      Results are printed on standard output, everything else on standard error.

      EXIT CODES
        0    done
        1    done, but some trials failed
        64   bad command line
        65   bad input: sweep file, data, SQL, database
        74   reading, writing or the network failed
        75   another process runs this sweep or holds the database
        130  interrupted; 'sweep resume' goes on

      Completions: sweep --generate-completion-script bash|zsh|fish
      """,
    version: sweepVersion,
    subcommands: [
      LintCommand.self, PlanCommand.self, RunCommand.self, ResumeCommand.self, EnqueueCommand.self, StatusCommand.self, ListCommand.self,
      RankCommand.self, ShowCommand.self, LogsCommand.self, AskCommand.self, TellCommand.self, DriveCommand.self,
      PlotCommand.self, ReportCommand.self, CompareCommand.self, ImportanceCommand.self, PredictCommand.self, EvalCommand.self, ClassesCommand.self,
      QueryCommand.self, CheckCommand.self, BackupCommand.self,
      DataCommand.self,
    ])

  static func main() {
    // Whoever started this from a thread that blocks signals handed that on: Ctrl-C would do nothing.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&signals, number) }
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGPIPE, SIG_DFL)  // `sweep rank | head` ends quietly
    signal(SIGXFSZ, SIG_IGN)  // a file that may not grow is an error to tell, not the end
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as SweepError {
      for diagnostic in error.diagnostics { Terminal.error("error: \(diagnostic)") }
      Foundation.exit(error.kind.exitCode)
    } catch {
      exit(withError: error)
    }
  }
}

extension SweepError.Kind {
  /// As in sysexits.h.
  var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .input: 65
    case .io: 74
    case .busy: 75
    case .interrupted: ExitCode.interrupted.rawValue
    }
  }
}

extension ExitCode {
  static let someTrialsFailed = ExitCode(1)
  static let interrupted = ExitCode(130)
}
