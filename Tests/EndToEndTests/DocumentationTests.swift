// The documents say what the code does: commands, parameters, answers, and the links between them.

import Foundation
import SweepCore
import SweepExecutors
import SweepKit
import SweepTestSupport
import SweepTraining
import Testing

struct DocumentationTests {
  private func document(_ path: String) throws -> String { try String(contentsOfFile: projectFolder + "/" + path, encoding: .utf8) }

  static let commands = [
    "lint", "plan", "run", "resume", "status", "list", "rank", "show", "logs", "ask", "tell", "enqueue", "plot", "compare", "importance", "predict",
    "eval",
    "classes", "query", "check", "backup", "data",
  ]

  @Test(
    arguments: commands.map { [$0] } + ["list", "fetch", "verify"].map { ["data", $0] }
      + ["curves", "histogram", "heatmap", "parallel", "slice", "importance", "optimization", "contour", "pareto", "hypervolume"].map {
        ["plot", $0]
      }
      + [[]])
  func everyCommandsHelpHasAnExample(command: [String]) throws {
    let help = try SweepBinary(in: NSTemporaryDirectory()).run(command + ["--help"])
    #expect(help.status == 0 && help.output.contains("EXAMPLE\n"))
  }

  @Test func theReadmeNamesEveryCommandAndExitCode() throws {
    let readme = try document("README.md")
    for command in Self.commands { #expect(readme.contains("sweep \(command)"), "sweep \(command)") }
    for code in ["0", "1", "64", "65", "74", "75", "130"] { #expect(readme.contains("| \(code) |"), "exit code \(code)") }
  }

  @Test func theSweepFilePageNamesEveryKeyAndParameter() throws {
    let page = try document("docs/sweep-file.md")
    for key in [
      "name", "description", "method", "metric", "trainer", "parameters", "keep_predictions", "keep_models", "goal", "at", "value", "values", "min",
      "max", "distribution", "probabilities", "mu", "sigma", "a", "b", "q", "when", "otherwise", "impute", "impute_while_running", "target",
    ] + sweepFileKeys + limitKeys {
      #expect(page.contains("`\(key)`"), "\(key)")
    }
    for declaration in Hyperparameters.declarations + TestFunctionTrainer.declarations {
      #expect(page.contains("`\(declaration.name)`"), "\(declaration.name)")
    }
    for name in losses.names + datasets.names + TestFunctionTrainer.Function.allCases.map(\.rawValue) {
      #expect(page.contains("`\(name)`"), "\(name)")
    }
    for family in Distribution.Family.allCases { #expect(page.contains("`\(family.rawValue)`"), "\(family)") }
    for metric in Trainer.metrics + TestFunctionTrainer.metrics { #expect(page.contains("`\(metric)`"), "\(metric)") }
  }

  @Test(arguments: ["README.md", "docs/sweep-file.md"]) func theSweepFilesInTheDocumentsArePlanned(page: String) throws {
    let folder = TemporaryFolder()
    let files = try document(page).matches(of: /```yaml\n([\s\S]*?)```/)
    #expect(!files.isEmpty)
    for match in files {
      try folder.write(String(match.1), to: "file.yaml")
      let plan = try SweepBinary(in: folder.path).run("plan", "file.yaml", "--no-estimate")
      #expect(plan.status == 0, "\(match.1)\n\(plan.errors)")
    }
  }

  @Test func theSchemaPageNamesEveryTableAndColumn() throws {
    let page = try document("docs/schema.md")
    let folder = TemporaryFolder()
    try folder.write(CommandTests.small, to: "small.yaml")
    _ = try SweepBinary(in: folder.path).run("run", "small.yaml", "--quiet")
    let relations = try SweepBinary(in: folder.path).run("query", "--format", "csv").output.split(separator: "\n").dropFirst()
    for line in relations where !line.contains("_small") {
      let parts = line.split(separator: ",", maxSplits: 1)
      #expect(page.contains("`\(parts[0])`"), "table \(parts[0])")
      for column in parts[1].split(separator: " ") { #expect(page.contains("`\(column)`"), "\(parts[0]).\(column)") }
    }
  }

  static let pages: [String] = {
    func files(_ folder: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: "\(projectFolder)/\(folder)")) ?? [] }
    return (files(".") + files("docs").map { "docs/\($0)" } + files("docs/adr").map { "docs/adr/\($0)" }).filter { $0.hasSuffix(".md") }.sorted()
  }()

  @Test(arguments: pages) func everyLinkLeadsToAFile(page: String) throws {
    let folder = (page as NSString).deletingLastPathComponent
    for match in try document(page).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
      let target = (folder.isEmpty ? "" : folder + "/") + match.1
      #expect(FileManager.default.fileExists(atPath: projectFolder + "/" + target), "\(page) links to \(target)")
    }
  }

  @Test func theTourNamesEverySourceFile() throws {
    let words = Set(try document("docs/tour.md").split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "+") }.map(String.init))
    let files = FileManager.default.enumerator(atPath: projectFolder + "/Sources")?.compactMap { $0 as? String } ?? []
    for file in files where file.hasSuffix(".swift") || file.hasSuffix(".c") {
      let name = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
      #expect(words.contains(name), "\(file)")
    }
  }

  /// Each `sql` block of the cookbook is followed by a block with its answer from results.sqlite.example.
  /// SWEEP_UPDATE_DOCS=1 writes the answers anew.
  @Test func theCookbooksAnswersAreThoseOfTheExampleDatabase() throws {
    let page = try document("docs/sql-cookbook.md")
    let example = TemporaryFolder()
    try FileManager.default.copyItem(atPath: projectFolder + "/results.sqlite.example", toPath: example.path("results.sqlite"))
    var updated = page
    var questions = 0
    for match in page.matches(of: /```sql\n([\s\S]*?)\n```\n\n```text\n([\s\S]*?)```/) {
      questions += 1
      let result = try SweepBinary(in: example.path).run("query", String(match.1))
      #expect(result.status == 0, "\(match.1)\n\(result.errors)")
      updated = updated.replacing("\(match.1)\n```\n\n```text\n\(match.2)```", with: "\(match.1)\n```\n\n```text\n\(result.output)```")
      if ProcessInfo.processInfo.environment["SWEEP_UPDATE_DOCS"] == nil { #expect(result.output == match.2, "\(match.1)") }
    }
    #expect(questions >= 10)
    if updated != page, ProcessInfo.processInfo.environment["SWEEP_UPDATE_DOCS"] != nil {
      try updated.write(toFile: projectFolder + "/docs/sql-cookbook.md", atomically: true, encoding: .utf8)
    }
  }

  @Test func theExampleDatabaseIsSmallAndFinished() throws {
    let path = projectFolder + "/results.sqlite.example"
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    #expect(size > 10_000 && size < 1_000_000)
    let folder = TemporaryFolder()
    try FileManager.default.copyItem(atPath: path, toPath: folder.path("results.sqlite"))
    #expect(try Results.integer(folder.path("results.sqlite"), "SELECT count(*) FROM trial WHERE state <> 'complete'") == 0)
  }

  static let fashionIsThere = FashionMNIST().folder(in: DataFolders()) != nil

  @Test(.enabled("dataset-fashion-mnist is installed") { fashionIsThere }) func theQuickStartRunsOnRealImages() throws {
    let folder = TemporaryFolder()
    let result = try SweepBinary(in: folder.path).run("run", projectFolder + "/sweeps/quickstart.yaml")
    #expect(result.status == 0, "\(result.errors)")
    let rows = result.output.split(separator: "\n").dropFirst(2)
    #expect(rows.count >= 12)
    let best = rows.first?.split(separator: " ").dropFirst(2).first.flatMap { Double($0) } ?? 0
    #expect(best > 0.82)
  }
}
