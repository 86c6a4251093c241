// What choosing the best does to its score: the best of many on the same images is partly the luckiest.

import SweepCore

/// The score of a chosen trial, and what to expect of it on images that had no part in the choice.
///
/// The choice is repeated on bootstrap draws θ̂* of all trials' accuracies. Its optimism is the mean of θ̂*_c − θ̂_c for the trial c that
/// each draw chooses (Efron 1983, "Estimating the error rate of a prediction rule"; for a minimum over models Tibshirani and Tibshirani
/// 2009, "A bias correction for the minimum error rate in cross-validation"). An estimate: the truth lies around it as far as n images let it.
package struct SelectionEffect: Sendable {
  /// The accuracy that the trial was chosen for.
  package let chosen: Double
  /// That, less the optimism of the choice.
  package let corrected: Double
  /// Mean and standard deviation, over the draws, of the test accuracy of the trial that each chooses; nil without test answers.
  package let test: (mean: Double, deviation: Double)?

  /// - Parameters:
  ///   - values: the accuracies that the choice is made by.
  ///   - tests: the accuracies of the same trials on the test images.
  package init(_ values: [Double], draws: BootstrapDraws, tests: [Double]?) {
    let best = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    var (optimism, sum, squares) = (0.0, 0.0, 0.0)
    for group in 0..<draws.groups {
      for lane in 0..<BootstrapDraws.Lanes.scalarCount {
        var (top, deviation, choice) = (-Double.infinity, 0.0, 0)
        for index in values.indices {
          let drawn = Double(draws[index, group: group][lane])
          if values[index] + drawn > top { (top, deviation, choice) = (values[index] + drawn, drawn, index) }
        }
        optimism += deviation
        if let tests {
          sum += tests[choice]
          squares += tests[choice] * tests[choice]
        }
      }
    }
    let count = Double(draws.count)
    chosen = values[best]
    corrected = values[best] - max(0, optimism / count)  // below 0 by the draws' own chance alone
    test = tests.map { _ in (sum / count, max(0, squares / count - sum / count * sum / count).squareRoot()) }
  }
}
