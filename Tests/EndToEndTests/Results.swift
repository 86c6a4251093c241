// What a results database holds, read behind the tool's back, for comparing runs to the last bit.

import Foundation
import GRDB
import SweepTestSupport

enum Results {
  private static func open(_ path: String, waiting seconds: TimeInterval = 5) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(seconds)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Every metric of every epoch but `seconds`, the one that time decides: "trial epoch metric" → the bits.
  static func metrics(_ path: String) throws -> [String: UInt64] {
    try open(path).read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT trial.number, epoch, name, value FROM epoch_metric JOIN trial ON trial.id = trial_id JOIN metric ON metric.id = metric_id
          WHERE name <> 'seconds'
          """)
      return Dictionary(
        uniqueKeysWithValues: rows.map { row in ("\(row[0] as Int) \(row[1] as Int) \(row[2] as String)", ((row[3] as Double?) ?? .nan).bitPattern) })
    }
  }

  /// What complete trials answered and the models that are kept: "trial table" → the bytes in base 16.
  static func outcomes(_ path: String) throws -> [String: String] {
    try open(path).read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT number || ' ' || name, hex(correct) || hex(predicted) || hex(probability) || p.epoch
          FROM prediction AS p JOIN trial ON trial.id = trial_id JOIN split ON split.id = split_id
          UNION ALL SELECT number || ' model', hex(model.state) || epoch FROM model JOIN trial ON trial.id = trial_id
          """)
      return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as String) })
    }
  }

  static func integer(_ path: String, _ sql: String) throws -> Int {
    try open(path).read { try Int.fetchOne($0, sql: sql) ?? -1 }
  }

  /// Epochs recorded so far; 0 where there is no database yet, or none that can be read at once.
  static func epochsDone(_ path: String) -> Int {
    guard FileManager.default.fileExists(atPath: path) else { return 0 }
    return (try? open(path, waiting: 0).read { try Int.fetchOne($0, sql: "SELECT sum(epochs_done) FROM trial") }) ?? 0
  }

  /// Waits until so many epochs are recorded, or the child has ended, or half a minute has passed. It runs on: one that has an end may come to it.
  static func wait(_ child: SweepBinary.Running, for epochs: Int, in path: String) {
    let deadline = ContinuousClock.now + .seconds(30)
    while child.isRunning, epochsDone(path) < epochs, ContinuousClock.now < deadline { usleep(10_000) }
  }

  /// Stops the child where so many epochs are recorded and others can read them, in the middle of whatever it is doing.
  static func stop(_ child: SweepBinary.Running, after epochs: Int, in path: String) {
    child.stop { epochsDone(path) >= epochs }
  }
}

/// A sweep of 18 trainings on made images that takes a second: both losses, three batch sizes, six trials that diverge.
let tortureSweep = """
  name: torture
  method: grid
  metric: {name: validation_accuracy, goal: maximize}
  parameters:
    eta: {values: [0.001, 0.02, 1e30]}
    batch_size: {values: [5, 50, 100]}
    loss: {values: [softmax_cross_entropy, multiple_binary_cross_entropy]}
    lambda: {value: 0.001}
    decay_every: {value: 10}
    epochs: {value: 60}
    dataset: {value: synthetic}
    training_images: {value: 60000}
    validation_images: {value: 500}
  """

/// The same, but that it does not end by itself.
let endlessSweep = tortureSweep.replacing("epochs: {value: 60}", with: "epochs: {value: 1000000}")
