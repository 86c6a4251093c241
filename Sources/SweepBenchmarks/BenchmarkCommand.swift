// `make bench`: how fast the tool is, as ratios measured in one run, in Markdown for docs/benchmarks.md. Not a part of the product.

import ArgumentParser
import Foundation
import SweepCore
import SweepReport
import SweepTraining

@main
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep-benchmarks", abstract: "Measure kernels, sweeps, bookkeeping and queries; print Markdown.",
    subcommands: [
      Sgemm.self, KernelBenchmark.self, SweepBenchmark.self, BookkeepingBenchmark.self, ProgramBenchmark.self, PrintLines.self, PeerBenchmark.self,
    ])

  /// Prints a heading with what it takes to read the figures below it: the machine and the day.
  static func head(_ title: String, _ text: String) throws {
    let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model = info.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ": ").last ?? "unknown processor"
    let date = Date().formatted(.iso8601.year().month().day())
    print(
      "\n## \(title)\n\n\(text)\n\n\(date), \(model), \(ProcessInfo.processInfo.activeProcessorCount) cores, kernels \(try Kernels.chosen().name).\n")
  }

  /// At once: a pipe should show what is done.
  static func print(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  /// Prints the rows as a Markdown table; texts as they are.
  static func table(_ columns: [String], _ rows: [[ParameterValue]]) throws {
    print(try MarkdownExporter().text(of: Table(columns: columns.map { Table.Column($0) }, rows: rows)))
  }
}

extension ParameterValue {
  /// A number with so many digits, as a text that stays as it is.
  static func rounded(_ number: Double, _ digits: Int, _ unit: String = "") -> ParameterValue { .text(fixed(number, digits: digits) + unit) }
}
