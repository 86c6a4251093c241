// What it costs to start a program and to hear what it prints: trials that do nothing beside GNU parallel, and programs that print much at once.

import ArgumentParser
import Foundation
import SweepCore

struct ProgramBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "programs", abstract: "Programs started a second, beside GNU parallel; lines read a second.")

  @Option(help: "Trials that do nothing.") var trials = 1000
  @Option(help: "Programs that print at once.") var printers = 64
  @Option(help: "Lines a second of each.") var rate = 10_000
  @Option(help: "Lines of each.") var lines = 100_000

  private static let parallel = "/usr/bin/parallel"

  func run() throws {
    try BenchmarkCommand.head(
      "Programs",
      "`/bin/true` \(trials) times, two at a time: with a row for each trial and attempt, a folder and two logs, durable against `kill -9`; and with "
        + "GNU parallel and its `--joblog`. Best of three, in turn.")
    let folder = try Folder()
    try folder.write("name: nothing\ncommand: [/bin/true]\nmethod: grid\nparameters: {i: {min: 1, max: \(trials)}}", to: "nothing.yaml")
    try folder.write((1...trials).map { "\($0)\n" }.joined(), to: "numbers")
    var (ours, theirs): ([Double], [Double]) = ([], [])
    for number in 1...3 {
      ours.append(try Child.sweep("run", "nothing.yaml", "-q", "--workers", "2", "--db", "\(number).sqlite", in: folder).seconds)
      guard access(Self.parallel, X_OK) == 0 else { continue }
      let arguments = ["-j2", "--joblog", "\(number).log", "/bin/true", "::::", "numbers"]
      theirs.append(try Child(Self.parallel, arguments, in: folder, environment: ["HOME": folder.path]).seconds)
    }
    let best = ours.min() ?? .nan
    var rows: [[ParameterValue]] = [[.text("sweep"), .rounded(best, 2, " s"), .rounded(Double(trials) / best, 0), .text("")]]
    if let other = theirs.min() {
      rows.append([.text("parallel --joblog"), .rounded(other, 2, " s"), .rounded(Double(trials) / other, 0), .rounded(other / best, 1, " ×")])
    }
    try BenchmarkCommand.table(["", "time", "trials/s", "ours is faster by"], rows)
    try printing()
  }

  /// Of every hundred lines one is a report, and then all are.
  private func printing() throws {
    BenchmarkCommand.print(
      "\(printers) programs at once, each printing \(lines) lines, \(rate) a second if they are read as fast; lines that are in the logs, and epochs "
        + "that are in the database:\n")
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let rows = try [100, 1].map { every -> [ParameterValue] in
      let folder = try Folder()
      let command = [program, "print-lines", "--lines", String(lines), "--rate", String(rate), "--report-every", String(every)]
      try folder.write(
        "name: lines\ncommand: \(command)\nmethod: grid\nmetric: {name: loss}\nparameters: {i: {min: 1, max: \(printers)}}", to: "lines.yaml")
      let child = try Child.sweep("run", "lines.yaml", "-q", "--workers", String(printers), in: folder)
      let printed = try Child("/bin/sh", ["-c", "cat results.sqlite-trials/lines/*/attempt-1/output.log | wc -l"], in: folder).output
      let epochs = try Child.number("SELECT count(*) FROM epochs_lines WHERE loss IS NOT NULL", in: folder)
      return [
        .text("\(every == 1 ? "all" : "1 in \(every)")"), .rounded(child.seconds, 1, " s"),
        .rounded(Double(printers * lines) / child.seconds, 0),
        .text("\(printed.trimmingCharacters(in: .whitespacesAndNewlines)) of \(printers * lines)"),
        .text("\(Int(epochs)) of \(printers * (lines / every))"), .rounded(child.peak, 0, " MB"),
      ]
    }
    try BenchmarkCommand.table(["lines that report", "time", "lines/s", "in the logs", "in the database", "peak memory"], rows)
  }
}

/// What the programs of the benchmark are.
struct PrintLines: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "print-lines", abstract: "Print lines at a rate.", shouldDisplay: false)

  @Option var lines: Int
  @Option var rate: Int
  @Option var reportEvery: Int

  func run() throws {
    let start = ContinuousClock.now
    var done = 0
    while done < lines {
      // A hundredth of a second's at a time.
      var text = ""
      for line in done + 1...min(lines, done + max(1, rate / 100)) {
        text += line % reportEvery == 0 ? "step=\(line) loss=\(1 / Double(line))\n" : "line \(line) tells of nothing that anybody measures\n"
        done = line
      }
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
      let ahead = Double(done) / Double(rate) - (ContinuousClock.now - start) / .seconds(1)
      if ahead > 0 { usleep(UInt32(ahead * 1e6)) }
    }
  }
}
