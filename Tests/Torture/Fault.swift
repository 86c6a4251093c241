// What is done to a running sweep, and how often each was done. Drawn by a seed; done by Torment.

import Foundation
import SweepCore
import SweepNumerics
import SweepTestSupport

extension SeededGenerator {
  mutating func chance(_ probability: Double) -> Bool { nextUnit() < probability }
  /// A real number between the two.
  mutating func real(_ range: Range<Double>) -> Double { range.lowerBound + nextUnit() * (range.upperBound - range.lowerBound) }
}

enum Fault: String, CaseIterable {
  case kill = "kill -9"
  case terminate = "SIGTERM"
  case interruptTwice = "SIGINT twice"
  case stop = "SIGSTOP"
  case secondRunner = "second runner"
  case clock = "clock"
  case nothing = "nothing"

  private var weight: Double {
    switch self {
    case .kill: 50
    case .terminate: 14
    case .interruptTwice, .secondRunner, .clock: 8
    case .stop: 12
    case .nothing: 2
    }
  }

  static func drawn(by random: inout SeededGenerator) -> Fault {
    var rest = random.nextUnit() * allCases.map(\.weight).reduce(0, +)
    for fault in allCases {
      rest -= fault.weight
      if rest < 0 { return fault }
    }
    return .kill
  }

  /// After how many seconds: often in the first moments, while the database is opened and planned, else somewhere in the first part.
  static func delay(undisturbed seconds: Double, drawnBy random: inout SeededGenerator) -> Double {
    let isEarly = random.chance(0.35)
    let unit = random.nextUnit()
    return isEarly ? 0.06 * unit : 0.6 * seconds * unit * unit.squareRoot()
  }
}

/// `libCFaults.so` beside this program, which a child loads before all else.
enum FaultLibrary {
  static let isThere = FileManager.default.fileExists(atPath: SweepBinary.besides("libCFaults.so"))
  static let environment = isThere ? ["LD_PRELOAD": SweepBinary.faults] : [:]
}

/// A clock that jumps, for a child.
enum JumpingClock {
  /// "AFTER:BY" pairs: so many seconds after its start the clock of a child jumps by so many seconds.
  static func environment(undisturbed seconds: Double, drawnBy random: inout SeededGenerator) -> [String: String] {
    let jumps = [-315_360_000, 315_360_000, -864_000, 864_000, -86_400, -3_600, 3_600, -30, 30, -1]
    let times = (0..<Int.random(in: 1...3, using: &random)).map { $0 == 0 && random.chance(0.5) ? 0 : random.real(0..<seconds) }
    let pairs = times.sorted().map { time in "\(time):\(jumps.randomElement(using: &random) ?? 0)" }
    return ["SWEEP_FAULT_CLOCK": pairs.joined(separator: ",")]
  }
}

/// How much was done and found.
struct Tally {
  var kills = 0
  var terminations = 0
  var interrupts = 0
  var stops = 0
  var secondRunners = 0
  var longReaders = 0
  var clockJumps = 0
  var removedFiles = 0
  var resumes = 0
  var sweeps = 0
  var epochs = 0
  var differences = 0
  var missing = 0
  var twice = 0

  var text: String {
    let faults = [
      "\(kills) kills -9", "\(terminations) SIGTERM", "\(interrupts) SIGINT twice", counted(stops, "stop"), counted(secondRunners, "second runner"),
      counted(longReaders, "long reader"), counted(clockJumps, "clock jump"), "\(removedFiles) deleted -wal/-shm",
    ]
    let compared = "\(counted(epochs, "epoch")) compared bit for bit with undisturbed runs"
    let found = "\(counted(differences, "difference")), \(missing) missing, \(twice) twice"
    return "\(faults.joined(separator: ", ")); \(counted(resumes, "resume")); \(counted(sweeps, "sweep")) finished; \(compared): \(found)"
  }
}
