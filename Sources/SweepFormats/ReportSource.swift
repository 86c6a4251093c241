// Metrics as a program tells them, printed or in a file of its own, and where they come from. No format is known here, and nothing waits.

import SweepCore

/// Metrics that a program reported together.
package struct ProgramReport: Sendable, Equatable {
  /// The program's own count, whatever it counts and wherever it begins; nil where it gave none.
  package var step: Int?
  /// Each name once. NaN and infinity are values.
  package var values: [(name: String, value: Double)]

  /// Of values with one name the last counts.
  package init(step: Int?, values: [(name: String, value: Double)]) {
    self.step = step
    self.values = []
    var places: [String: Int] = [:]
    for (name, value) in values {
      if let place = places[name] {
        self.values[place].value = value
      } else {
        places[name] = self.values.count
        self.values.append((name, value))
      }
    }
  }

  /// Equal to the last bit (NaN equals NaN).
  package static func == (one: ProgramReport, other: ProgramReport) -> Bool {
    one.step == other.step
      && one.values.elementsEqual(other.values) { $0.name == $1.name && $0.value.bitPattern == $1.value.bitPattern }
  }
}

extension ProgramReport {
  /// Under which names a program tells its epoch, if nothing else is agreed.
  package static let standardEpochNames = ["epoch", "step"]
  /// The largest epoch that is one.
  package static let largestEpoch = 1 << 53

  /// Makes a report of numbers: the step is the first of `epochNames` that is whole and not negative, every other number a value.
  /// nil where no value is left.
  package init?(_ numbers: [(name: String, value: Double)], epochNames: [String] = standardEpochNames) {
    var values = numbers
    var step: Int?
    for name in epochNames where step == nil {
      guard let place = values.lastIndex(where: { $0.name == name }), let whole = Int(exactly: values[place].value),
        (0...Self.largestEpoch).contains(whole)
      else { continue }
      step = whole
      values.removeAll { $0.name == name }
    }
    guard !values.isEmpty else { return nil }
    self.init(step: step, values: values)
  }

  /// Makes a report of an object of JSON.
  ///
  /// Numbers of nested objects are named by the way to them, `train.loss`. Everything else (texts, truth values, lists) is ignored; nil where
  /// no number is left.
  package init?(members: [(name: String, value: ParameterValue)], epochNames: [String] = standardEpochNames) {
    self.init(members.flatMap { Self.numbers(of: $0.value, named: $0.name) }, epochNames: epochNames)
  }

  /// The numbers in a value, each named by the way to it.
  static func numbers(of value: ParameterValue, named name: String) -> [(name: String, value: Double)] {
    if case .mapping(let members) = value { return members.flatMap { numbers(of: $0.value, named: name + "." + $0.name) } }
    return value.number.map { [(name, $0)] } ?? []
  }
}

/// Where a program's reports come from.
package protocol ReportSource {
  /// What has come since the last call; never waits, never throws: a half-written record is read the next time.
  mutating func poll() -> [ProgramReport]
}
