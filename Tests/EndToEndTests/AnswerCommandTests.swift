// The commands that ask what trials answered, and which of them and of their parameters matter: on made images, as a user types them.

import Foundation
import GRDB
import SweepTestSupport
import Testing

struct AnswerCommandTests {
  let folder = TemporaryFolder()
  var binary: SweepBinary { SweepBinary(in: folder.path) }

  private func ran(_ text: String = CommandTests.small) throws {
    try folder.write(text, to: "small.yaml")
    #expect(try binary.run("run", "small.yaml", "-q").status == 0)
  }

  private func json(_ arguments: String...) throws -> [[String: Any]] {
    let result = try binary.run(arguments + ["--format", "json"])
    #expect(result.status == 0, "\(result.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
  }

  @Test func rankMarksTheTrialsThatCannotBeToldFromTheBest() throws {
    try ran()
    let rows = try json("rank")
    #expect(rows[0]["tied"] as? Bool == true && rows[0]["behind_lower"] as? Double == 0)
    #expect(rows.allSatisfy { row in (row["behind_upper"] as? Double ?? -1) >= (row["behind_lower"] as? Double ?? 0) })
    let tied = rows.count { $0["tied"] as? Bool == true }
    let table = try binary.run("rank")
    #expect(table.output.split(separator: "\n").count { $0.contains("≈") } == tied)
    #expect(table.errors.contains("\(tied) of 6 trials cannot be told from the best (≈): 95 % confidence set, paired over 100 images"))
    #expect(table.errors.contains("is partly luck") && table.errors.contains("trials so chosen have test accuracies of 0."))
  }

  @Test func repeatedSeedsAreRankedAsGroups() throws {
    try ran(CommandTests.small.replacing("  epochs:", with: "  seed: {values: [1, 2, 3]}\n  epochs:"))
    let rows = try json("rank", "--group-by", "all-but-seed")
    #expect(rows.count == 6 && rows.allSatisfy { $0["trials"] as? Int == 3 && $0["error_validation_accuracy"] is Double })
    let means = rows.compactMap { $0["mean_validation_accuracy"] as? Double }
    #expect(means == means.sorted(by: >))
    let byEta = try binary.run("query", "SELECT avg(validation_accuracy) FROM trials_small GROUP BY eta ORDER BY 1 DESC", "--format", "csv")
    let groups = try json("rank", "--group-by", "eta").compactMap { $0["mean_validation_accuracy"] as? Double }
    for (mean, line) in zip(groups, byEta.output.split(separator: "\n").dropFirst()) { #expect(abs(mean - (Double(line) ?? 0)) < 1e-12) }
    #expect(rows.allSatisfy { $0["tied"] is Bool && $0["behind_upper"] is Double })
    #expect(try binary.run("rank", "--group-by", "eta").errors.contains("lambda differs inside a group"))
    for bad in ["", "all-but-", "eta,eta", "eta,"] { #expect(try binary.run("rank", "--group-by", bad).status == 64, "\(bad)") }
    #expect(try binary.run("rank", "--group-by", "lambda, eta").status == 0)
    let slip = try binary.run("rank", "--group-by", "all-but-sed")
    #expect(slip.status == 64 && slip.errors.contains("did you mean 'seed'?"))
    let importance = try binary.run("importance")
    #expect(importance.output.contains("noise between seeds") && importance.errors.contains("exact functional ANOVA of 18 trials"))
  }

  @Test func importanceOfAFullGridSumsToOneAndWhereItIsNotFullTheBestTenthIsAsked() throws {
    try ran()
    let shares = try json("importance").compactMap { $0["share"] as? Double }
    #expect(shares.count == 3 && abs(shares.reduce(0, +) - 1) < 1e-12)
    // One point is missing now.
    try DatabaseQueue(path: folder.path("results.sqlite")).write { try $0.execute(sql: "UPDATE trial SET state = 'failed' WHERE number = 1") }
    let part = try binary.run("importance")
    #expect(part.errors.contains("PED-ANOVA of 5 trials, which are no full grid") && part.output.split(separator: "\n").count == 4)
    try DatabaseQueue(path: folder.path("results.sqlite")).write { try $0.execute(sql: "UPDATE trial SET state = 'failed' WHERE number > 2") }
    let one = try binary.run("importance")
    #expect(one.status == 65 && one.errors.contains("no parameter but the seed differs") || one.errors.contains("too few complete trials (1)"))
  }

  @Test func comparingTellsImagesApartAndRefusesOtherImages() throws {
    try ran()
    let rows = try json("compare", "1", "6")
    #expect(rows.map { $0["split"] as? String } == ["validation", "test"] && rows.map { $0["images"] as? Int } == [100, 200])
    for row in rows {
      let (one, other) = (row["only_first"] as? Int ?? 0, row["only_second"] as? Int ?? 0)
      let difference = Double(one - other) / Double(row["images"] as? Int ?? 1)
      #expect(abs((row["difference"] as? Double ?? 9) - difference) < 1e-12)
    }
    let same = try json("compare", "best", "best")
    #expect(same.allSatisfy { $0["p"] as? Double == 1 && $0["only_first"] as? Int == 0 })
    try folder.write(CommandTests.small.replacing("images: {value: 100}", with: "images: {value: 90}"), to: "other.yaml")
    #expect(try binary.run("run", "other.yaml", "-q", "--name", "other").status == 0)
    let refused = try binary.run("compare", "small:1", "other:1")
    #expect(refused.status == 65 && refused.errors.contains("not the same validation images"))
    #expect(try binary.run("compare", "small:x", "1").status == 64)
  }

  @Test func predictionsAreThoseOfTheMetricsAndTheKeptModelGivesThemAgain() throws {
    try ran()
    let best = try #require(try json("rank", "--top", "1").first)
    for split in ["validation", "test"] {
      let kept = try binary.run("predict", "--split", split, "--format", "csv")
      #expect(kept.output == (try binary.run("predict", "best", "--split", split, "--recompute", "--format", "csv").output))
      let lines = kept.output.split(separator: "\n").dropFirst()
      let right = lines.count { $0.contains(",true,") }
      #expect(Double(right) / Double(lines.count) == best["\(split)_accuracy"] as? Double)
    }
    for row in try json("eval") {
      let split = row["split"] as? String ?? ""
      for metric in ["loss", "cost", "accuracy"] { #expect(row[metric] as? Double == best["\(split)_\(metric)"] as? Double, "\(split) \(metric)") }
    }
    let worst = try #require(try json("rank").last?["trial"] as? Int)
    let none = try binary.run("eval", "\(worst)")
    #expect(none.status == 65 && none.errors.contains("no model of trial small:\(worst) is kept") && none.errors.contains("keep_models: all"))
  }

  @Test func whereTheBestEpochCountsItsAnswersAreKeptWhicheverWorkersTrained() throws {
    // Trainings of unequal length, so that workers take over parts of each other's cohorts.
    try folder.write(
      """
      name: best
      method: grid
      metric: {name: validation_accuracy, goal: maximize, at: best}
      parameters:
        eta: {values: [0.003, 0.01, 0.03, 0.1, 0.3, 1]}
        lambda: {values: [0, 0.01]}
        epochs: {values: [20, 150]}
        dataset: {value: synthetic}
        training_images: {value: 500}
        validation_images: {value: 300}
      """, to: "best.yaml")
    for workers in ["1", "2", "3"] {
      let path = "\(workers).sqlite"
      #expect(try binary.run("run", "best.yaml", "-q", "--workers", workers, "--db", path).status == 0)
      let wrong = """
        SELECT count(*) FROM prediction AS p JOIN trial_metric AS m ON m.trial_id = p.trial_id
        JOIN metric AS d ON d.id = m.metric_id AND d.name = 'validation_accuracy' WHERE p.epoch <> m.max_epoch
        """
      #expect(try Results.integer(folder.path(path), wrong) == 0)
      #expect(try Results.integer(folder.path(path), "SELECT count(*) FROM prediction") == 48)
    }
    let kept = try ["1", "2", "3"].map { try Results.outcomes(folder.path("\($0).sqlite")) }
    #expect(kept[0] == kept[1] && kept[1] == kept[2])
  }

  @Test func nothingIsKeptWhereTheFileSaysSo() throws {
    try ran("keep_predictions: none\nkeep_models: none\n" + CommandTests.small)
    #expect(try Results.outcomes(folder.path("results.sqlite")).isEmpty)
    let rank = try binary.run("rank")
    #expect(rank.status == 0 && !rank.output.contains("behind the best"))
    #expect(try binary.run("classes").errors.contains("keep_predictions: all"))
  }

  @Test func trialsThatAnswerNoImagesAreToldSo() throws {
    try folder.write("trainer: test-function\nmethod: grid\nmetric: {name: value}\nparameters:\n  x: {values: [1, 2]}\n", to: "f.yaml")
    #expect(try binary.run("run", "f.yaml", "-q").status == 0)
    for command in [["classes"], ["predict"], ["compare", "1", "2"]] {
      #expect(try binary.run(command).errors.contains("trials of 'test-function' answer no images"), "\(command)")
    }
    #expect(try binary.run("eval").errors.contains("trials of 'test-function' leave no models"))
  }

  @Test func ofOneTrialNothingIsSaidOfLuck() throws {
    try ran(CommandTests.small.replacing("[0.001, 0.01, 0.1]", with: "[0.01]").replacing("[0, 0.1]", with: "[0]"))
    #expect(try binary.run("rank").errors == "sweep: sweep small\n")
  }

  @Test func theSharesOfTheClassesSumToOne() throws {
    try ran()
    let rows = try json("classes", "best", "1")
    #expect(rows.count == 10)
    for column in rows[0].keys where column != "class" {
      #expect(abs(rows.reduce(0) { $0 + ($1[column] as? Double ?? 9) } - 1) < 1e-12, "\(column)")
    }
    let query = """
      SELECT label, avg(correct) FROM predictions_small WHERE split = 'test' AND trial = 1 GROUP BY label
      """
    #expect(try binary.run("query", query).output.split(separator: "\n").count == 12)
  }

  @Test func theGapsAreMetrics() throws {
    try ran()
    for row in try json("show", "1") {
      func value(_ name: String) -> Double { row[name] as? Double ?? .nan }
      #expect(abs(value("loss_gap") - (value("validation_loss") - value("train_loss"))) < 1e-12)
      #expect(abs(value("accuracy_gap") - (value("train_accuracy") - value("validation_accuracy"))) < 1e-12)
    }
  }
}
