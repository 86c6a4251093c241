// What a sweep file says of the program that its trials run: command, surroundings, how it reports, limits, slots and retries.
// Read and checked by the loader, kept in the sweep's definition; CommandExecutor does what it says.

import SweepCore
import SweepFormats

/// A program whose every run is a trial.
package struct ProgramSpecification: Sendable, Hashable, Codable {
  package var command: CommandTemplate
  /// The working folder, an absolute path.
  package var folder: String
  package var environment: [String: String]
  package var report: ReportFormat
  package var limits: Limits
  /// Variables of which each running trial holds one value of its own, such as CUDA_VISIBLE_DEVICES.
  package var resources: [String: [String]]
  package var retries: Retries

  package init(
    command: CommandTemplate, folder: String, environment: [String: String] = [:], report: ReportFormat = ReportFormat(),
    limits: Limits = Limits(), resources: [String: [String]] = [:], retries: Retries = Retries()
  ) {
    (self.command, self.folder, self.environment, self.report) = (command, folder, environment, report)
    (self.limits, self.resources, self.retries) = (limits, resources, retries)
  }

  /// How many trials can run at once; nil: as many as there are workers.
  package var slots: Int? { resources.values.map(\.count).min() }
}

/// How a program's reports are read, beyond JSON and name=value.
package struct ReportFormat: Sendable, Hashable, Codable {
  /// A regular expression; what its named groups capture are the metrics.
  package var pattern: String?
  /// The name under which a program counts; nil: one of `Numbering.standardCounters`.
  package var epoch: String?

  package init(pattern: String? = nil, epoch: String? = nil) { (self.pattern, self.epoch) = (pattern, epoch) }
}

extension ReportFormat {
  /// What is wrong with the pattern, if anything is.
  package var problem: Diagnostic? {
    guard let pattern else { return nil }
    do {
      _ = try Regex(pattern)
      // That its groups are named shows in a match alone, and in its spelling.
      return pattern.contains("(?<") || pattern.contains("(?P<")
        ? nil : Diagnostic("report.pattern has no named groups", remedy: "name what is a metric: loss: (?<loss>[-+.0-9e]+)")
    } catch {
      return Diagnostic("report.pattern is no regular expression: \(error)", remedy: "correct it")
    }
  }
}

/// What one attempt may use.
package struct Limits: Sendable, Hashable, Codable {
  /// Seconds on the clock.
  package var wall: Double?
  /// Seconds of processor time, of all its processes together.
  package var cpu: Double?
  /// Bytes of resident memory, of all its processes together.
  package var memory: Int?
  /// Processors it may compute on.
  package var threads: Int?
  /// Seconds between SIGTERM and SIGKILL.
  package var grace = 30.0

  /// Whether a trial can be ended by one of them.
  var endTrials: Bool { wall != nil || cpu != nil || memory != nil }

  package init(wall: Double? = nil, cpu: Double? = nil, memory: Int? = nil, threads: Int? = nil, grace: Double = 30) {
    (self.wall, self.cpu, self.memory, self.threads, self.grace) = (wall, cpu, memory, threads, grace)
  }
}

/// What is tried again after a failure.
package struct Retries: Sendable, Hashable, Codable {
  package enum Cause: String, Sendable, Codable, CaseIterable { case exit, signal, limit }

  /// How many more attempts a failed trial gets.
  package var count = 0
  /// Seconds before the first of them; doubled for each one after.
  package var backoff = 1.0
  package var causes: Set<Cause> = Set(Cause.allCases)

  package init(count: Int = 0, backoff: Double = 1, causes: Set<Cause> = Set(Cause.allCases)) {
    (self.count, self.backoff, self.causes) = (count, backoff, causes)
  }

  /// Seconds to wait before another attempt after so many failures; nil: there is none.
  package func wait(afterFailures failures: Int, cause: Cause) -> Double? {
    guard failures <= count, causes.contains(cause) else { return nil }
    var seconds = backoff
    for _ in 1..<max(1, min(failures, 20)) { seconds *= 2 }
    return min(seconds, 86_400)
  }
}
