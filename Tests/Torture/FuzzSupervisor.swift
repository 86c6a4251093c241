// Watches over the worker of one kind: starts it, sees how it ends, keeps the inputs that broke it, and starts it again behind them.
// Between the command and the worker, which is a process of its own. It never tries an input itself.

import Foundation
import SweepCore
import SweepTestSupport

struct FuzzSupervisor {
  struct Limits {
    /// From the first input on.
    var seconds: Double
    /// Megabytes.
    var memory: Int
    /// Seconds for one input.
    var patience: Double
    var inputs: Range<Int>
    /// Where inputs are kept.
    var keep: String
    /// Whether one input is tried again, to be looked into.
    var isReplay: Bool
  }

  enum Finding: String, CaseIterable {
    case crash, hang
    case memory = "too much memory"
    case wrong
  }

  private enum Ending {
    case done
    case outOfTime
    case found(Finding, String)
  }

  /// More findings of a kind are told when these are mended.
  private static let mostFindings = 20
  /// Seconds that a worker may take before its first input.
  private static let preparation = 120.0

  let kind: FuzzKind
  let seed: Int
  let limits: Limits
  private let folder = TemporaryFolder()
  private let record: FuzzRecord
  private(set) var findings: [Finding] = []

  init(_ kind: FuzzKind, seed: Int, limits: Limits) throws {
    (self.kind, self.seed, self.limits) = (kind, seed, limits)
    record = try FuzzRecord(folder.path("record"))
  }

  /// - Parameter tell: gets a line for each finding.
  mutating func run(_ tell: (String) -> Void) throws {
    var deadline: ContinuousClock.Instant?
    var next = limits.inputs.lowerBound
    while next < limits.inputs.upperBound, findings.count < Self.mostFindings {
      record[.current] = -1
      record[.overKilobytes] = 0
      record[.finding] = ""
      let ending = watch(try start(at: next), until: &deadline)
      if limits.isReplay { tell(said) }
      guard case .found(let finding, let detail) = ending else { return }
      let index = record[.current]
      guard index >= 0 else { throw SweepError(.io, "the worker of \(kind.rawValue) cannot begin: \(lastWords)", place: folder.path) }
      findings.append(finding)
      let kept = try keep(index)
      tell(
        "\(kind.rawValue): \(finding.rawValue) at input \(index) of seed \(seed) (\(record[.description])): \(detail); kept in \(kept); "
          + "again: sweep-torture fuzz \(kind.rawValue) --seed \(seed) --only \(index)")
      next = index + 1
    }
  }

  /// A row of the table, in Markdown.
  var row: String {
    func count(_ finding: Finding) -> String { String(findings.count { $0 == finding }) }
    let slowest = "\(record[.slowestNanoseconds] / 1_000_000) ms: \(record[.slowest] as Int), \(record[.slowest] as String)"
    let counts = [FuzzRecord.Field.inputs, .accepted, .refused].map { String(record[$0]) }
    let cells = counts + [count(.crash), count(.hang), count(.memory), count(.wrong), slowest, "\(Self.megabytes(record[.peakKilobytes])) MB"]
    return "| \(kind.rawValue) | \(cells.joined(separator: " | ")) |"
  }

  private static func megabytes(_ kilobytes: Int) -> Int { kilobytes * 1024 / 1_000_000 }

  private func start(at index: Int) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "fuzz", kind.rawValue, "--worker", folder.path, "--seed=\(seed)", "--from", String(index), "--inputs", String(limits.inputs.upperBound),
      "--memory", String(limits.memory),
    ]
    // Traces take seconds, and whoever wants one tries the input again.
    let trace = limits.isReplay ? "enable=yes,color=no" : "enable=no"
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": trace]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try folder.write("", to: "errors")
    process.standardError = FileHandle(forWritingAtPath: folder.path("errors"))
    try process.run()
    return process
  }

  /// - Parameter deadline: set with the first input; what comes before it is no part of the time that inputs have.
  private func watch(_ process: Process, until deadline: inout ContinuousClock.Instant?) -> Ending {
    var (seen, since) = (Int.min, ContinuousClock.now)
    while process.isRunning {
      usleep(20_000)
      let (now, current) = (ContinuousClock.now, record[.current])
      if current != seen { (seen, since) = (current, now) }
      if current >= 0, deadline == nil { deadline = now + .seconds(limits.seconds) }
      let patience = current < 0 ? Self.preparation : limits.patience
      let isOver = Self.residentKilobytes(process.processIdentifier) > 10 * limits.memory * 1_000_000 / 1024
      guard now - since > .seconds(patience) || isOver || deadline.map({ now > $0 }) == true else { continue }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if isOver { return .found(.memory, "more than \(10 * limits.memory) MB; it was ended") }
      return now - since > .seconds(patience) ? .found(.hang, "more than \(patience) s; it was ended") : .outOfTime
    }
    process.waitUntilExit()
    if process.terminationReason == .uncaughtSignal { return .found(.crash, "signal \(process.terminationStatus): \(lastWords)") }
    switch process.terminationStatus {
    case 0: return .done
    case FuzzWorker.foundSomething where record[.finding].isEmpty:
      return .found(.memory, "\(Self.megabytes(record[.overKilobytes])) MB at its peak")
    case FuzzWorker.foundSomething: return .found(.wrong, record[.finding])
    case let code: return .found(.crash, "exit code \(code): \(lastWords)")
    }
  }

  private static func residentKilobytes(_ process: pid_t) -> Int {
    let numbers = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return numbers.count > 1 ? (Int(numbers[1]) ?? 0) * 4 : 0
  }

  /// What the worker wrote on its standard error.
  private var said: String { (try? Data(contentsOf: URL(fileURLWithPath: folder.path("errors")))).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// Swift's own message where there is one, else the last line.
  private var lastWords: String {
    let lines = said.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }
    return (lines.last { $0.contains("Fatal error") } ?? lines.last).map { String($0.prefix(300)) } ?? "without a word"
  }

  /// Copies the files of an input to where they stay.
  private func keep(_ index: Int) throws -> String {
    let path = "\(limits.keep)/\(kind.rawValue)-\(seed)-\(index)"
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: limits.keep, withIntermediateDirectories: true)
    // With links as links and holes as holes: some inputs have no end otherwise.
    let copy = try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: ["-a", folder.path("input"), path])
    copy.waitUntilExit()
    return path
  }
}
