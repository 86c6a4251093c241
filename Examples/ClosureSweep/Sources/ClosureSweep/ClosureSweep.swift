// A sweep from Swift: twelve trials of a closure, run on all cores, recorded in closures.sqlite, ranked; then the same space by ask and tell.
// Run it again and nothing runs twice: swift run --package-path Examples/ClosureSweep

import SweepKit

@main
struct ClosureSweep {
  static func main() throws {
    let store = try Store.open("closures.sqlite")
    let parameters = [
      Parameter("rate", .values([.real(0.02), .real(0.1), .real(0.5), .real(1.1)])), Parameter("start", .integers(min: 1, max: 3)),
      Parameter("epochs", .constant(.integer(20))),
    ]

    // Gradient descent on x²: a trial is whatever the closure does.
    let sweep = Sweep("descent", minimize: "loss", parameters: parameters)
    let outcome = try sweep.run(in: store) { trial, report in
      var x = Double(trial.integer("start"))
      for epoch in 1...trial.integer("epochs") {
        x -= trial.real("rate") * 2 * x
        try report(epoch: epoch, ["loss": x * x])
      }
    }
    print("\(outcome.ended) trials ended in this run, \(outcome.counts[.complete]) are complete")
    for ranked in try store.ranking(outcome.sweep, limit: 3) {
      print("\(ranked.rank). rate \(ranked.trial.assignment["rate"] ?? .null), loss \(ranked.trial.objective ?? .nan)")
    }

    // Ask and tell: trials that somebody else runs, here a loop.
    let asked = try AskTell(Sweep("asked", minimize: "loss", parameters: parameters).file, in: store)
    var told = 0
    while let trial = try asked.ask().trial {
      let x = Double(trial.integer("start")) * (1 - 2 * trial.real("rate"))
      try asked.tell([("loss", x * x)], of: trial.number)
      told += 1
    }
    print("\(told) trials were asked for and told of")
    try store.close()
  }
}
