import SweepCore
import Testing

struct HistoryTests {
  private let first = Trial.ID(rawValue: 1)
  private let second = Trial.ID(rawValue: 2)

  @Test func valuesAreOrientedSoThatSmallerIsBetter() {
    var history = History(goal: .maximize)
    for (epoch, value) in [0.5, 0.9, .nan, 0.7].enumerated() { history.add(value, of: first, epoch: epoch) }
    history.add(0.6, of: second, epoch: 0)
    #expect(history.values(of: first) == [-0.5, -0.9, -0.7] && history.best(of: first) == -0.9)
    #expect(history.sorted(at: 0) == [-0.6, -0.5] && history.sorted(at: 2) == [-0.7] && history.sorted(at: 9).isEmpty)
  }

  @Test func anEpochThatComesAgainReplacesWhatCameAfterIt() {
    var history = History()
    for epoch in 1...5 { history.add(Double(10 - epoch), of: first, epoch: epoch) }
    history.add(1, of: first, epoch: 3)
    #expect(history.values(of: first) == [9, 8, 1] && history.best(of: first) == 1)
    #expect(history.sorted(at: 2) == [1] && history.sorted(at: 3).isEmpty)
  }

  @Test func aTrialThatStartsAnewIsForgotten() {
    var history = History()
    for trial in [first, second] { for epoch in 1...3 { history.add(Double(trial.rawValue), of: trial, epoch: epoch) } }
    history.remove(first)
    #expect(history.values(of: first).isEmpty && history.best(of: first) == nil)
    #expect(history.sorted(at: 0) == [2] && history.sorted(at: 2) == [2])
  }
}
