// The lab's Tables 5 and 6: which classes the rightly and the wrongly labelled images of a split belong to.

import SweepCore

/// The share of each class among the correctly and among the incorrectly labelled images of a trial.
package struct ClassShares: Sendable, Equatable {
  package let classes: [String]
  /// [classes], summing to 1 (or all 0 where no image is labelled rightly).
  package let correct: [Double]
  /// [classes], of the incorrectly labelled.
  package let incorrect: [Double]

  package init(_ predictions: Predictions) {
    classes = predictions.split.classes
    var counts = (right: [Int](repeating: 0, count: classes.count), wrong: [Int](repeating: 0, count: classes.count))
    for (predicted, label) in zip(predictions.predicted, predictions.split.labels) where Int(label) < classes.count {
      if predicted == label { counts.right[Int(label)] += 1 } else { counts.wrong[Int(label)] += 1 }
    }
    func shares(_ counts: [Int]) -> [Double] {
      let total = counts.reduce(0, +)
      return counts.map { total > 0 ? Double($0) / Double(total) : 0 }
    }
    (correct, incorrect) = (shares(counts.right), shares(counts.wrong))
  }

  /// A row for each class, two columns for each trial.
  /// - Precondition: all trials answered images of the same classes.
  package static func table(_ trials: [(name: String, shares: ClassShares)]) -> Table {
    let classes = trials.first?.shares.classes ?? []
    precondition(trials.allSatisfy { $0.shares.classes == classes }, "the trials have the same classes")
    let columns = trials.flatMap { name, _ in
      ["correct", "incorrect"].map { Table.Column("\($0)_\(name)", title: "\($0), \(name)", format: Table.rounded) }
    }
    return Table(
      columns: [.init("class")] + columns,
      rows: classes.indices.map { index in
        [.text(classes[index])] + trials.flatMap { [.real($0.shares.correct[index]), .real($0.shares.incorrect[index])] }
      })
  }
}
