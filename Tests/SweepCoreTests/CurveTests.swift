import SweepCore
import Testing

struct CurveTests {
  @Test func whatIsNotFiniteDoesNotCount() {
    var curve = Curve()
    for (epoch, value) in [0.5, .infinity, 0.9, .nan, 0.7].enumerated() { curve.add(value, epoch: epoch) }
    #expect(curve.epochs == [0, 2, 4] && curve.values == [0.5, 0.9, 0.7])
  }

  @Test func anEpochThatComesAgainReplacesWhatCameAfterIt() {
    var curve = Curve()
    for epoch in 1...5 { curve.add(Double(10 - epoch), epoch: epoch) }
    curve.add(1, epoch: 3)
    #expect(curve.values == [9, 8, 1])
    curve.add(.nan, epoch: 2)
    #expect(curve.values == [9])
  }

  @Test func whatCameAfterAnEpochCanBeDropped() {
    var curve = Curve()
    for epoch in 1...5 { curve.add(Double(epoch), epoch: epoch) }
    curve.cut(after: 2)
    #expect(curve.epochs == [1, 2])
  }
}
