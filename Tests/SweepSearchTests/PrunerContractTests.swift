// What every registered pruner owes: it runs over all of them, so a new one is tested by being registered.

import SweepCore
import SweepNumerics
import SweepSearch
import Testing

struct PrunerContractTests {
  /// With its defaults, and where those have no rungs with the first whole number given.
  private static func make(_ name: String) throws -> any Pruner {
    let entry = try pruners.find(name)
    var options: [String: ParameterValue] = [:]
    for option in entry.options { options[option.name] = option.defaultValue }
    if entry.problem(options) != nil, let first = entry.options.first { options[first.name] = .integer(2) }
    #expect(entry.problem(options) == nil)
    return entry.make(options)
  }

  @Test(arguments: pruners.names) func rungsAscend(name: String) throws {
    let pruner = try Self.make(name)
    var rung = 0
    for _ in 0..<200 {
      guard let next = pruner.rung(after: rung) else { return }
      #expect(next > rung)
      // The same from anywhere between.
      for between in stride(from: rung, to: next, by: max(1, (next - rung) / 7)) { #expect(pruner.rung(after: between) == next) }
      rung = next
    }
  }

  @Test(arguments: pruners.names) func theFirstToReachARungGoesOn(name: String) throws {
    let pruner = try Self.make(name)
    guard let rung = pruner.rung(after: 0), rung < 1000 else { return }
    let values = (1...rung).map { 1 / Double($0) }
    #expect(!pruner.stops(values, at: rung, among: [values[rung - 1]]))
  }

  @Test(arguments: pruners.names) func verdictsAreAFunctionOfWhatIsGiven(name: String) throws {
    let pruner = try Self.make(name)
    guard let rung = pruner.rung(after: 0), rung < 1000 else { return }
    var generator = SeededGenerator(seed: 1, purpose: .sampling, index: 0)
    for _ in 0..<100 {
      let values = (0..<rung).map { _ in generator.nextUnit() }
      let rivals = ((0..<20).map { _ in generator.nextUnit() } + [values[rung - 1]]).sorted()
      #expect(pruner.stops(values, at: rung, among: rivals) == pruner.stops(values, at: rung, among: rivals))
    }
  }
}
