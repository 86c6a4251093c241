// Metrics as a program tells them, printed or in a file of its own, and where they come from. No format is known here, and nothing waits.

import Foundation
import SweepCore

/// Metrics that a program reported together.
package struct ProgramReport: Sendable, Equatable {
  /// Who wrote it, where several may: the runs of W&B, the event files of TensorBoard.
  package struct Writer: Sendable, Hashable, Comparable {
    /// What belongs together: a run, a folder.
    package let run: String
    package let file: String

    package init(run: String = "", file: String = "") { (self.run, self.file) = (run, file) }

    /// By their names, numbers in them by their size: `version_2` comes before `version_10`.
    package static func < (one: Writer, other: Writer) -> Bool {
      precedes(one.run, other.run) || one.run == other.run && precedes(one.file, other.file)
    }

    private static func precedes(_ one: String, _ other: String) -> Bool {
      let order = one.compare(other, options: .numeric)
      return order == .orderedSame ? one < other : order == .orderedAscending
    }
  }

  /// The format's own count, whatever it counts and wherever it begins; nil where the format has none: a number among the values may be one then.
  package var step: Int?
  /// Each name once. NaN and infinity are values.
  package var values: [(name: String, value: Double)]
  /// Whether the values stand for the run as it is then, and replace those that were told before, instead of following them.
  package var isSummary = false
  package var writer = Writer()
  /// A name that was told more than once.
  package private(set) var repeated: String?
  /// When it was written, in seconds since 1970, where the format says so.
  package var time: Double?

  /// Of values with one name the last counts.
  package init(step: Int?, values: [(name: String, value: Double)], isSummary: Bool = false) {
    (self.step, self.isSummary) = (step, isSummary)
    self.values = []
    var places: [String: Int] = [:]
    for (name, value) in values {
      if let place = places[name] {
        self.values[place].value = value
        repeated = name
      } else {
        places[name] = self.values.count
        self.values.append((name, value))
      }
    }
  }

  /// Equal in what they tell, to the last bit (NaN equals NaN), whoever wrote it.
  package static func == (one: ProgramReport, other: ProgramReport) -> Bool {
    one.step == other.step && one.isSummary == other.isSummary
      && one.values.elementsEqual(other.values) { $0.name == $1.name && $0.value.bitPattern == $1.value.bitPattern }
  }
}

extension ProgramReport {
  /// Makes a report of an object of JSON.
  ///
  /// Numbers of nested objects are named by the way to them, `train.loss`. Everything else (texts, truth values, lists) is ignored; nil where
  /// no number is left.
  package init?(members: [(name: String, value: ParameterValue)]) {
    let numbers = members.flatMap { Self.numbers(of: $0.value, named: $0.name) }
    if numbers.isEmpty { return nil }
    self.init(step: nil, values: numbers)
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
  /// Grows where all that was told before is void, because it has other names now: `poll` tells it again from the beginning.
  var generation: Int { get }
  /// Those that have something there to be read, whether or not they have told anything.
  var writers: [ProgramReport.Writer] { get }
}

extension ReportSource {
  package var generation: Int { 0 }
}
