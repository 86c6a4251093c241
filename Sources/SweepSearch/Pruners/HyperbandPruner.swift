// Early stopping as W&B's sweeps do it: `early_terminate: {type: hyperband}` of a sweep file.
// It sees the values a trial has reported, in their order; epochs without a finite value do not count.

import SweepCore

/// Stops a trial that is not among the best 1/eta at a band, an entry of its curve (after Li et al. 2017, "Hyperband", JMLR 18, §3; by the rule of
/// W&B's sweeps 0.3.0, hyperband_stopping.py, which compares all trials that have come so far, in any state, instead of running brackets).
///
/// A trial below the first band goes on, and so does one that is as good as the threshold; at a band the first trial is never stopped, and of
/// two with the default eta of 3 the worse one is.
public struct HyperbandPruner: Pruner {
  /// The entries of a curve, from 1, at which trials are compared, ascending. Where there are none, no trial is stopped.
  package let bands: [Int]
  package let eta: Double
  /// Whether the value at the band counts; otherwise the best value so far does.
  package let strict: Bool

  /// - Parameters:
  ///   - maxIterations: `max_iter`: with `brackets` the last band is maxIterations/eta. Comes before `minIterations` where both are given.
  ///   - brackets: `s`: how many bands there are at most.
  ///   - minIterations: `min_iter`: the first band.
  ///   - eta: above 1.
  package init(maxIterations: Int?, brackets s: Int?, minIterations: Int?, eta: Double = 3, strict: Bool = true) {
    precondition(eta > 1, "eta is above 1")
    bands = Self.bands(maxIterations: maxIterations, brackets: s, minIterations: minIterations, eta: eta)
    (self.eta, self.strict) = (eta, strict)
  }

  /// ⌊maxIterations/etaⁱ⌋ for i = 1...s as long as it is at least 1, ascending; otherwise ⌊minIterations·etaⁱ⌋ for i = 0..<100, as far as they are
  /// at most 2⁵³: no trial is longer. Bands can repeat.
  package static func bands(maxIterations: Int?, brackets s: Int?, minIterations: Int?, eta: Double) -> [Int] {
    var bands: [Int] = []
    if let maxIterations, let s {
      var band = Double(maxIterations) / eta
      while bands.count < s, band >= 1 {
        bands.append(Int(min(band, 0x1p53)))
        band /= eta
      }
      return bands.reversed()
    }
    guard let minIterations else { return [] }
    var band = Double(minIterations)
    while bands.count < 100, band <= 0x1p53 {
      bands.append(Int(band))
      band *= eta
    }
    return bands
  }

  public func verdict(on trial: Trial.ID, after epoch: Int, given history: History) -> Verdict {
    stops(history.values(of: trial), best: history.best(of: trial), sortedAt: history.sorted(at:)) ? .prune : .proceed
  }

  /// Whether a trial is to stop. Of all values smaller is better, as in a `History`.
  /// - Parameters:
  ///   - values: its finite objective values so far, in the order reported.
  ///   - best: the smallest of them, where it is known.
  ///   - sortedAt: the values of all trials, this one too, that have an entry (from 0), ascending.
  package func stops(_ values: [Double], best: Double? = nil, sortedAt: (_ entry: Int) -> [Double]) -> Bool {
    guard let band = bands.last(where: { $0 <= values.count }), band >= 1 else { return false }
    let rivals = sortedAt(band - 1)
    guard !rivals.isEmpty else { return false }
    let threshold = rivals[min(Int((1 / eta) * Double(rivals.count)), rivals.count - 1)]
    return (strict ? values[band - 1] : best ?? values.min() ?? values[band - 1]) > threshold
  }
}
