// `make lab`: runs the lab's sweeps and writes all of its tables and figures, with the report's figures beside ours. Not a part of the product.

import ArgumentParser
import Foundation
import SweepCore
import SweepReport
import SweepStore

@main
struct LabCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep-lab", abstract: "Run the lab's sweeps and write its tables and figures as HTML, Markdown, PNG and SVG.",
    discussion: """
      Sweeps that are finished are not run again: a second call only writes the pages.

      EXAMPLE
        sweep-lab --sweeps sweeps --output lab
      """)

  @Option(help: "The folder of the sweep files.") var sweeps = "sweeps"
  @Option(help: "The folder that gets results.sqlite, lab.html, lab.md and the figures.") var output = "lab"

  func run() throws {
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      let start = ContinuousClock.now
      for name in LabReport.sweeps { try runSweep("\(sweeps)/\(name).yaml") }
      let store = try Store.openReadOnly(database)
      let page = try LabPage(in: store).document()
      try page.write(to: "\(output)/lab.html")
      try page.writeFigures(to: output, endings: ["png", "svg"])
      try MarkdownPage.text(of: page, figures: nil, ending: "png").write(toFile: "\(output)/lab.md", atomically: true, encoding: .utf8)
      let seconds = fixed((ContinuousClock.now - start) / .seconds(1), digits: 0)
      print("\(output)/lab.html, \(output)/lab.md and \(page.figureNames.count) figures in \(seconds) s")
    } catch let error as SweepError {
      for diagnostic in error.diagnostics { FileHandle.standardError.write(Data("sweep-lab: error: \(diagnostic)\n".utf8)) }
      throw ExitCode(65)
    }
  }

  private var database: String { "\(output)/results.sqlite" }

  /// Runs the built `sweep`, beside this program, with its progress on standard error.
  private func runSweep(_ file: String) throws {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let process = Process()
    process.executableURL = own.appendingPathComponent("sweep")
    process.arguments = ["run", file, "--db", database]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw SweepError(.io, "the sweep did not finish", place: file, remedy: "see above; 'make lab' again goes on where it was")
    }
  }
}

extension Document {
  fileprivate var figureNames: [String] { blocks.compactMap { if case .figure(_, let name, _) = $0 { name } else { nil } } }
}
