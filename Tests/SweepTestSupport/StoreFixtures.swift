// A sweep planned into a real database file, for tests of what reads and writes it.

import SweepCore
import SweepStore

/// A database in a folder of its own with one planned sweep over x = 1...count.
package struct PlannedSweep {
  package let folder: TemporaryFolder
  package let store: Store
  package let sweep: SweepRecord

  package static let objective = Objective(metric: "score", goal: .maximize, at: .last)

  package init(
    count: Int, name: String = "made", objective: Objective = Self.objective, further: [Objective] = [], folder: TemporaryFolder = TemporaryFolder()
  ) throws {
    self.folder = folder
    store = try Store.open(folder.path("results.sqlite"))
    sweep = try Self.plan(Array(1...count), name: name, objective: objective, further: further, in: store).sweep
  }

  @discardableResult
  package static func plan(
    _ xs: [Int], name: String = "made", objective: Objective = Self.objective, further: [Objective] = [], in store: Store
  ) throws -> (sweep: SweepRecord, result: PlanResult) {
    var left = [xs.map { Assignment(["x": .integer($0), "kind": .text("k")]) }, []]
    return try store.plan(
      SweepPlan(
        name: name, definition: "{\"xs\":\"\(xs) \(further.text)\"}", objective: objective, further: further, parameterNames: ["kind", "x"],
        metrics: ["score", "loss"])
    ) { left.removeFirst() }
  }

  package func recorder() -> Teller { Teller(Recorder(store: store, sweep: sweep, parameterNames: ["kind", "x"]), sweep, in: store) }

  package func waiting() throws -> [Trial] { try store.waiting(sweepID: sweep.id, after: 0, limit: 1000) }
}
