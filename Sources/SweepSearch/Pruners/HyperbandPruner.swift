// Early stopping with the bands and the rule of W&B's sweeps: `early_terminate: {type: hyperband}` of a sweep file.

import SweepCore

/// Stops a trial that is not among the best 1/eta at a band, an entry of its curve (after Li et al. 2017, "Hyperband", JMLR 18, §3; by the rule of
/// W&B's sweeps 0.3.0, hyperband_stopping.py, which compares trials with each other instead of running brackets; W&B compares all that have come so
/// far, which is `order: arrival` here).
///
/// A trial below the first band goes on, and so does one that is as good as the threshold; at a band the first trial is never stopped, and of
/// two with the default eta of 3 the worse one is.
public struct HyperbandPruner: Pruner {
  /// How many values a curve has when trials are compared, from 1, ascending. Where there are none, no trial is stopped.
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
  /// at most 2⁵³: no trial is longer. Bands can repeat, which changes nothing.
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

  public func rung(after values: Int) -> Int? { bands.first { $0 > values } }

  public func stops(_ values: [Double], at rung: Int, among rivals: [Double]) -> Bool {
    guard !rivals.isEmpty else { return false }
    let threshold = rivals[min(Int((1 / eta) * Double(rivals.count)), rivals.count - 1)]
    return (strict ? values[rung - 1] : values.min() ?? values[rung - 1]) > threshold
  }
}

extension HyperbandPruner {
  private static let counts = ParameterDeclaration.Kind.integer(1...1_000_000_000)

  /// W&B's keys.
  static let entry = PrunerEntry(
    options: [
      ParameterDeclaration("min_iter", counts, allowsNull: true, default: .null, meaning: "the first band"),
      ParameterDeclaration("max_iter", counts, allowsNull: true, default: .null, meaning: "with s: the last band is max_iter/eta"),
      ParameterDeclaration("s", .integer(1...100), allowsNull: true, default: .null, meaning: "how many bands"),
      ParameterDeclaration("eta", .real(above: 1), default: .real(3), meaning: "of eta trials one goes on"),
      ParameterDeclaration("strict", .truth, default: .bool(true), meaning: "whether the value at the band counts, not the best so far"),
    ],
    problem: { options in
      if options["min_iter"]?.number != nil || options["max_iter"]?.number != nil && options["s"]?.number != nil { return nil }
      return Diagnostic("hyperband has no bands", remedy: "give min_iter, or max_iter and s")
    },
    make: { options in
      func count(_ name: String) -> Int? { options[name]?.number.map { Int($0) } }
      return HyperbandPruner(
        maxIterations: count("max_iter"), brackets: count("s"), minIterations: count("min_iter"), eta: options["eta"]?.number ?? 3,
        strict: options["strict"] != .bool(false))
    })
}
