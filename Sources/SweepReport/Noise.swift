// What a ranking can say for certain: which trials cannot be told from the best, and what the choice of the best is worth.
// Reads the answers that the store keeps; the statistics are in Statistics/.

import SweepCore
import SweepStore

/// The noise in a sweep's ranking, where the objective is an accuracy on images whose answers are kept.
package struct Noise: Sendable {
  package let images: Int
  /// By trial, of those whose answers are kept.
  package let members: [Trial.ID: ConfidenceSet.Member]
  package let tied: Int
  /// The best trial's score and what to expect of it elsewhere.
  package let selection: SelectionEffect

  /// nil where there is nothing to compare: another kind of objective, or no answers kept.
  package init?(of sweep: SweepRecord, in store: Store) throws(SweepError) {
    guard sweep.objective.goal == .maximize, let split = Self.split(of: sweep.objective.metric) else { return nil }
    let found = try store.answers(sweep, split: split)
    guard let first = found.first else { return nil }
    let answers = PairedAnswers(found.map(\.correct))
    let draws = BootstrapDraws(covariance: answers.covariance, estimates: found.count)
    let set = ConfidenceSet(answers, draws: draws)
    images = first.correct.count
    tied = set.tied
    members = Dictionary(uniqueKeysWithValues: zip(found.map(\.trial), set.members))
    var tests: [Double]?
    if split != "test" {
      let known = Dictionary(
        uniqueKeysWithValues: try store.answers(sweep, split: "test").map { ($0.trial, Double($0.correct.ones) / Double($0.correct.count)) })
      let all = found.compactMap { known[$0.trial] }
      tests = all.count == found.count ? all : nil
    }
    selection = SelectionEffect(answers.accuracies, draws: draws, tests: tests)
  }

  /// The split behind a metric such as validation_accuracy.
  package static func split(of metric: String) -> String? { metric.hasSuffix("_accuracy") ? String(metric.dropLast("_accuracy".count)) : nil }

  /// What a person should know beside the table, in sentences.
  package var sentences: [String] {
    let mark =
      tied == 1
      ? "1 of \(members.count) trials is told from all others as the best" : "\(tied) of \(members.count) trials cannot be told from the best (≈)"
    let expected =
      selection.test.map { "; test accuracy of a trial so chosen: \(fixed($0.mean, digits: 4)) ± \(fixed($0.deviation, digits: 4))" } ?? ""
    return [
      "\(mark): 95 % confidence set, paired over \(counted(images, "image"))",
      "the best trial was chosen by its \(fixed(selection.chosen, digits: 4)), which is partly luck: on new images expect "
        + "\(fixed(selection.corrected, digits: 4))\(expected)",
    ]
  }
}
