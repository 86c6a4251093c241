// Trials that cost nothing: well-known functions of two variables, for trying a sweep, a sampler or the bookkeeping without a training.

import Foundation
import SweepCore

/// The trainer behind `trainer: test-function`. A trial reports f(x, y) + 1 − epoch / epochs: a curve that falls to f at the last epoch.
///
/// There is nothing to save between epochs; an interrupted trial starts anew.
package struct TestFunctionTrainer: CohortTrainer {
  /// A function to minimise. Each has one smallest value, 0, or where the comment says so.
  package enum Function: String, CaseIterable {
    /// x² + y²; at (0, 0).
    case sphere
    /// (1 − x)² + 100 (y − x²)²; at (1, 1). Rosenbrock 1960.
    case rosenbrock
    /// 20 + x² + y² − 10 (cos 2πx + cos 2πy); at (0, 0), among many other valleys. Rastrigin 1974.
    case rastrigin
    /// (x² + y − 11)² + (x + y² − 7)²; in four places, one of them (3, 2). Himmelblau 1972.
    case himmelblau
    /// Smallest value 0.397887 in three places, one of them (π, 2.275); for x in −5 … 10, y in 0 … 15. Branin 1972.
    case branin

    package func callAsFunction(_ x: Double, _ y: Double) -> Double {
      func square(_ value: Double) -> Double { value * value }
      switch self {
      case .sphere: return x * x + y * y
      case .rosenbrock: return square(1 - x) + 100 * square(y - x * x)
      case .rastrigin: return 20 + x * x + y * y - 10 * (cos(2 * .pi * x) + cos(2 * .pi * y))
      case .himmelblau: return square(x * x + y - 11) + square(x + y * y - 7)
      case .branin:
        return square(y - 5.1 / (4 * .pi * .pi) * x * x + 5 / .pi * x - 6) + 10 * (1 - 1 / (8 * .pi)) * cos(x) + 10
      }
    }
  }

  package static let declarations: [ParameterDeclaration] = [
    ParameterDeclaration(
      "function", .choice(Function.allCases.map(\.rawValue)), default: .text(Function.sphere.rawValue), meaning: "what is computed"),
    ParameterDeclaration("x", .real(), meaning: "the first variable"),
    ParameterDeclaration("y", .real(), default: .real(0), meaning: "the second variable"),
    ParameterDeclaration("epochs", .integer(1...1_000_000), default: .integer(10), meaning: "values that a trial reports"),
  ]

  package static let metrics = ["value"]

  package static let entry = TrainerEntry(name: "test-function", parameters: declarations, metrics: metrics) { _ in
    PooledExecutor(TestFunctionTrainer())
  }

  package init() {}

  package func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws {
    for trial in cohort.trials {
      func number(_ name: String) -> Double { trial.assignment[name]?.number ?? 0 }
      guard let function = trial.assignment["function"].flatMap({ Function(rawValue: $0.description) }), let epochs = trial.plannedEpochs else {
        preconditionFailure("the parameters were not checked: \(trial.assignment.json)")
      }
      let smallest = function(number("x"), number("y"))
      epochs: for epoch in 1...epochs {
        let metrics = EpochMetrics(epoch: epoch, values: [("value", smallest + 1 - Double(epoch) / Double(epochs))])
        let verdict = try reporter.verdict(after: metrics, of: trial)
        if let end = TrialEnd.after(metrics, isLast: epoch == epochs, verdict: verdict) {
          try reporter.report(.ended(end), of: trial)
          break epochs
        }
        if verdict != .proceed { break epochs }
      }
    }
  }
}
