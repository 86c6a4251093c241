// How a running sweep looks on standard error: live bars on a terminal, a line now and then where it is piped, nothing with --quiet.

import SweepCore
import SweepKit
import SweepReport
import SweepStore
import Synchronization

/// Shows a running sweep.
protocol ProgressDisplay: SweepObserver {
  /// A line that stays.
  func say(_ line: String)
  /// Leaves the screen as a later command expects it.
  func close()
}

/// Messages, but no progress.
struct QuietDisplay: ProgressDisplay {
  func observe(_ event: SweepEvent) {}
  func say(_ line: String) { Terminal.error(line) }
  func close() {}
}

/// A plain line at most every two seconds.
// Sendable: all state is in the one Mutex.
final class LineDisplay: ProgressDisplay {
  private let state = Mutex<(progress: RunProgress, last: ContinuousClock.Instant?)>((RunProgress(), nil))

  func observe(_ event: SweepEvent) {
    state.withLock { state in
      state.progress.note(event)
      let now = ContinuousClock.now
      if case .planned = event {
        state.last = now
        Terminal.error(state.progress.opening)
      }
      guard state.progress.hasNews, let last = state.last, now - last > .seconds(2), state.progress.isSettled else { return }
      state.last = now
      Terminal.error(state.progress.line)
    }
  }

  func say(_ line: String) { state.withLock { _ in Terminal.error(line) } }
  func close() {}
}

/// An overall bar and a line for each running cohort, drawn over each other.
// Sendable: all state is in the one Mutex.
final class LiveDisplay: ProgressDisplay {
  private let state = Mutex<(progress: RunProgress, drawn: Int, last: ContinuousClock.Instant?)>((RunProgress(), 0, nil))
  private let hasColour = Terminal.allowsColour

  func observe(_ event: SweepEvent) {
    state.withLock { state in
      state.progress.note(event)
      if case .planned = event { Terminal.error(state.progress.opening) }
      let now = ContinuousClock.now
      guard state.progress.hasNews, state.last.map({ now - $0 > .milliseconds(100) }) ?? true, state.progress.isSettled else { return }
      state.last = now
      draw(&state.drawn, state.progress)
    }
  }

  func say(_ line: String) {
    state.withLock { state in
      draw(&state.drawn, nil)
      Terminal.error(line)
      if state.progress.hasNews { draw(&state.drawn, state.progress) }
    }
  }

  func close() { state.withLock { draw(&$0.drawn, nil) } }

  /// Replaces the lines drawn last. More lines than the terminal has could not be replaced again.
  private func draw(_ drawn: inout Int, _ progress: RunProgress?) {
    let size = Terminal.size
    let lines = (progress?.lines(width: size.columns) ?? []).prefix(max(1, size.rows - 1))
    let up = drawn > 0 ? "\u{1b}[\(drawn)A\r\u{1b}[J" : ""
    let text = lines.enumerated().map { index, line in hasColour && index == 0 ? "\u{1b}[1m\(line)\u{1b}[0m" : line }
    Terminal.control(up + text.map { $0 + "\n" }.joined())
    drawn = lines.count
  }
}

extension RunProgress {
  private var timeLeft: String { secondsLeft.map(duration) ?? "–" }
  private var rate: String { "\(fixed(epochsPerSecond, digits: 1)) epochs/s" }

  /// Said once, before anything runs.
  var opening: String {
    guard let plan else { return "" }
    let resumed = plan.resumed > 0 ? ", \(plan.resumed) of them interrupted before" : ""
    let new = plan.result.added > 0 ? " (\(plan.result.added) new)" : ""
    if plan.isEndless {
      let trials = (try? plan.sweep.file)?.rules.runCap.map { "up to \(counted($0, "trial"))" } ?? "trials without end, until it is stopped"
      return "\(plan.sweep.name): \(trials)\(resumed), \(counted(plan.workers, "worker"))"
    }
    return "\(plan.sweep.name): \(counted(plan.result.planned, "trial"))\(new), \(plan.toRun) to run\(resumed), \(counted(plan.workers, "worker"))"
  }

  private var bestText: String {
    guard let best, let plan else { return "" }
    return ", best \(plan.sweep.objective.metric) \(fixed(best.value, digits: 4)) (trial \(best.trial))"
  }

  /// "12/40 trials, 1 failed"
  private func trials(after mark: String) -> String {
    let count = plan?.isEndless ?? false ? "\(ended) trials" : "\(ended)/\(plan?.toRun ?? 0) trials"
    return count + (failed > 0 ? "\(mark)\(failed) failed" : "")
  }

  var line: String {
    let rates = "\(trials(after: ", ")), \(counted(epochs, "epoch")), \(rate)"
    return plan?.isEndless ?? false ? rates + bestText : "\(Int(fraction * 100)) %, \(rates), \(timeLeft) left\(bestText)"
  }

  /// The overall bar, then a line for each worker.
  func lines(width: Int) -> [String] {
    let barWidth = max(10, min(30, width - 60))
    let filled = Int((fraction * Double(barWidth)).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: barWidth - filled)
    let isEndless = plan?.isEndless ?? false
    let top =
      isEndless ? "\(trials(after: "  "))  \(rate)" : "\(bar) \(Int(fraction * 100)) %  \(trials(after: "  "))  \(rate)  \(timeLeft) left"
    let objective = plan?.sweep.objective.metric ?? ""
    let rows = cohorts.sorted { $0.key < $1.key }.map { worker, entry in
      let trials = entry.trials
      let numbers = trials.count == 1 ? "trial \(trials[0].number)" : "\(trials.count) trials"
      let total = trials.compactMap(\.plannedEpochs).max().map { "/\($0)" } ?? ""
      let best = entry.best.map { "  \(trials.count > 1 ? "best " : "")\(objective) \(fixed($0, digits: 4))" } ?? ""
      return "  \(worker + 1)  \(numbers)\(common(trials))  epoch \(entry.epoch)\(total)\(best)"
    }
    return ([top] + rows).map { String(Table.visible($0).prefix(width - 1)) }
  }

  /// The swept parameters that all trials of a cohort share: "  batch_size 50".
  private func common(_ trials: [Trial]) -> String {
    guard let first = trials.first?.assignment else { return "" }
    let shared = zip(first.names, first.values).filter { name, value in
      (plan.map { $0.swept.contains(name) } ?? false) && trials.allSatisfy { $0.assignment[name] == value }
    }
    return shared.prefix(3).map { "  \($0) \($1)" }.joined()
  }
}
