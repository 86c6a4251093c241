// The register of pruners (`early_terminate:` of a sweep file): a new one is its file, its test and an entry here.

import SweepCore

public let pruners = Registry<PrunerEntry>("early_terminate type", [("none", NoPruner.entry), ("hyperband", HyperbandPruner.entry)])

extension NoPruner {
  static let entry = PrunerEntry(options: []) { _ in NoPruner() }
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
