// A search in a plain loop, without runner, store or clock. For tests of samplers.

import SweepCore
import SweepSearch

/// A trial that ended; without values it failed.
func outcome(_ number: Int, _ point: Assignment, _ values: [Double]?, curve: [Double] = []) -> History.Outcome {
  var reported = Curve()
  for (epoch, value) in curve.enumerated() { reported.add(value, epoch: epoch + 1) }
  return History.Outcome(
    number: number, assignment: point, state: values == nil ? .failed : .complete, objectives: values?.map { $0.isFinite ? $0 : nil } ?? [nil],
    curve: reported)
}

/// Runs trials one after the other.
/// - Parameters:
///   - lag: how many of the newest trials are pending when the next is chosen.
///   - isFresh: a new search for each trial.
/// - Returns: all that were chosen, fewer than `trials` where the search has ended, and what is known in the end.
func run(
  _ sampler: any AdaptiveSampler, _ problem: SearchProblem, trials: Int, lag: Int = 0, isFresh: Bool = false, prior: [History.Outcome] = [],
  _ values: (Assignment) -> [Double]?
) throws -> (suggestions: [Suggestion], history: History) {
  try run(sampler, problem, trials: trials, lag: lag, isFresh: isFresh, prior: prior) { outcome($0, $1, values($1)) }
}

/// The same, with the outcome of a trial by its number and point.
func run(
  _ sampler: any AdaptiveSampler, _ problem: SearchProblem, trials: Int, lag: Int = 0, isFresh: Bool = false, prior: [History.Outcome] = [],
  outcome: (Int, Assignment) -> History.Outcome
) throws -> (suggestions: [Suggestion], history: History) {
  var (suggestions, outcomes) = ([Suggestion](), prior)
  var search = try sampler.search(problem)
  for number in 1...trials {
    if isFresh { search = try sampler.search(problem) }
    let known = max(outcomes.count - lag, prior.count)
    let pending = outcomes[known...].map { History.Pending(number: $0.number, assignment: $0.assignment) }
    guard let suggestion = try search.suggest(number, given: History(outcomes: Array(outcomes[..<known]), pending: pending)) else { break }
    suggestions.append(suggestion)
    outcomes.append(outcome(number, suggestion.point))
  }
  return (suggestions, History(outcomes: outcomes))
}
