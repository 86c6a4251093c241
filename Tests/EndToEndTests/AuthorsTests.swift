// Twenty sweep files and ten training scripts as their authors write them, for libraries of all kinds (Tests/Assets/authors): what is ranked is what the
// author meant, as Tests/Assets/authors/expected.json says with the reason. Stand-ins print what libraries print that do not install everywhere.

import Foundation
import SweepTestSupport
import Testing

struct AuthorsTests {
  struct Expectation: Sendable, CustomTestStringConvertible {
    let sweep: String
    let needs: String?
    let ranked: [(parameters: [String: String], objective: Double)]
    var testDescription: String { sweep }
  }

  private static let folder = projectFolder + "/Tests/Assets/authors"

  private static let all: [Expectation] = {
    guard let data = FileManager.default.contents(atPath: folder + "/expected.json"),
      let rows = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]]
    else { return [] }
    return rows.compactMap { row in
      guard let sweep = row["sweep"] as? String, let ranked = row["ranked"] as? [[Any]] else { return nil }
      let points = ranked.compactMap { pair -> (parameters: [String: String], objective: Double)? in
        guard pair.count == 2, let parameters = pair[0] as? [String: Any], let objective = (pair[1] as? NSNumber)?.doubleValue else { return nil }
        return (parameters.mapValues(text), objective)
      }
      return points.count == ranked.count ? Expectation(sweep: sweep, needs: row["needs"] as? String, ranked: points) : nil
    }
  }()

  private static func text(_ value: Any) -> String {
    if let number = value as? NSNumber { return number.doubleValue.description }
    return "\(value)"
  }

  private static func named(_ needs: String?) -> [Expectation] { all.filter { $0.needs == needs } }

  /// Runs it in a copy of the folder, so that nothing is left there.
  private func check(_ expected: Expectation) throws {
    let folder = TemporaryFolder()
    let copy = folder.path("authors")
    try FileManager.default.copyItem(atPath: Self.folder, toPath: copy)
    let binary = SweepBinary(in: copy, environment: ["PATH": Python.path, "PYTHONDONTWRITEBYTECODE": "1"])
    let run = try binary.run("run", expected.sweep, "-q")
    #expect(run.status == 0, "\(run.errors)")
    let ranked = try binary.run("rank", "--format", "json").output
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(ranked.utf8)) as? [[String: Any]])
    #expect(rows.count == expected.ranked.count, "\(run.errors)\n\(ranked)")
    let objectives = try Results.texts(copy + "/results.sqlite", "SELECT objective FROM trial ORDER BY number").compactMap(Double.init)
    for (row, expected) in zip(rows, expected.ranked) {
      for (name, value) in expected.parameters { #expect(row[name].map(Self.text) == value, "\(name) of \(row)\n\(run.errors)") }
      let objective = objectives[((row["trial"] as? Int) ?? 1) - 1]
      #expect(
        abs(objective - expected.objective) <= 1e-5 * abs(expected.objective), "\(objective) of \(row), not \(expected.objective)\n\(run.errors)")
    }
  }

  @Test func thereAreTwenty() { #expect(Self.all.count == 20) }

  @Test(arguments: named(nil)) func whatIsRankedIsWhatTheAuthorMeant(expected: Expectation) throws { try check(expected) }

  @Test(.enabled(if: Python.has("wandb"), "python3 has no wandb"), arguments: named("wandb"))
  func whatIsRankedIsWhatTheAuthorMeantOfWandb(expected: Expectation) throws { try check(expected) }

  @Test(.enabled(if: Python.has("tensorboard"), "python3 has no tensorboard"), arguments: named("tensorboard"))
  func whatIsRankedIsWhatTheAuthorMeantOfTensorBoard(expected: Expectation) throws { try check(expected) }
}
