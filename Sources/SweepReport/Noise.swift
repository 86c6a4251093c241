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
  /// Ranked trials that could not be compared: their answers are not kept, or they answered other images.
  package let left: Int
  /// The best trial's score and what to expect of it elsewhere.
  package let selection: SelectionEffect

  /// More trials than this are not compared with each other.
  package static let compared = 1000

  /// nil where there is nothing to compare: another kind of objective, or no answers kept.
  /// - Parameter ranked: how many trials are ranked in all.
  package init?(of sweep: SweepRecord, ranked: Int, in store: Store) throws(SweepError) {
    // Answers are kept of the epoch that counts by the sweep's own objective.
    guard !sweep.isRankedByOther, let split = Self.split(of: sweep.objective) else { return nil }
    let found = try store.answers(sweep, split: split, limit: Self.compared)
    guard let first = found.first else { return nil }
    let answers = PairedAnswers(found.map(\.correct))
    let draws = BootstrapDraws(covariance: answers.covariance, estimates: found.count)
    let set = ConfidenceSet(answers, draws: draws)
    images = first.correct.count
    tied = set.tied
    left = max(0, ranked - found.count)
    members = Dictionary(uniqueKeysWithValues: zip(found.map(\.trial), set.members))
    var tests: [Double]?
    if split != "test" {
      let known = Dictionary(
        uniqueKeysWithValues: try store.answers(sweep, split: "test", limit: Self.compared).map {
          ($0.trial, Double($0.correct.ones) / Double($0.correct.count))
        })
      let all = found.compactMap { known[$0.trial] }
      tests = all.count == found.count ? all : nil
    }
    selection = SelectionEffect(answers.accuracies, draws: draws, tests: tests)
  }

  /// The split behind an objective such as the largest validation_accuracy; nil for any other kind.
  package static func split(of objective: Objective) -> String? {
    guard objective.goal == .maximize, objective.metric.hasSuffix("_accuracy") else { return nil }
    return String(objective.metric.dropLast("_accuracy".count))
  }

  /// Which images each trial labelled rightly, of those trials that can be compared; none where the objective is no accuracy.
  package static func answers(of sweep: SweepRecord, in store: Store) throws(SweepError) -> [Trial.ID: Bitset] {
    guard !sweep.isRankedByOther, let split = split(of: sweep.objective) else { return [:] }
    return Dictionary(uniqueKeysWithValues: try store.answers(sweep, split: split, limit: compared).map { ($0.trial, $0.correct) })
  }

  /// What a person should know beside the table, in sentences.
  package var sentences: [String] {
    let compared = "\(counted(members.count, "trial"))\(left > 0 ? " whose answers are kept" : "")"
    let set =
      (members.count == 1 ? "only 1 trial can be compared" : "\(tied) of \(compared) cannot be told from the best (≈)")
      + ": 95 % confidence set, paired over \(counted(images, "image"))"
    // The choice among those that are left out had its luck, too: the figures below would be those of another choice.
    guard left == 0 else { return [set + "; \(left) more were not compared"] }
    guard members.count > 1 else { return [] }
    func rounded(_ value: Double) -> String { fixed(value, digits: 4) }
    let error = (selection.corrected * (1 - selection.corrected) / Double(images)).squareRoot()
    let test =
      selection.test.map { "; trials so chosen have test accuracies of \(rounded($0.mean)) (standard deviation \(rounded($0.deviation)))" } ?? ""
    return [
      set,
      "the best trial was chosen by its \(rounded(selection.chosen)), which is partly luck: on new images of the kind expect "
        + "\(rounded(selection.corrected)) ± \(rounded(error))\(test)",
    ]
  }
}
