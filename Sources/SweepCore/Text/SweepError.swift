// How anything that the user or the world did wrong is told: what, where, and what to do about it.
// Programmer mistakes trap instead. Only the command line prints these and turns `kind` into an exit code.

/// One thing that is wrong.
public struct Diagnostic: Error, Sendable, Equatable, CustomStringConvertible {
  /// In the user's own words: "eta is 0".
  public let problem: String
  /// "sweeps/a.yaml:12, parameters.eta.values[2]"
  public let place: String?
  /// "use a number above 0.0"
  public let remedy: String?

  public init(_ problem: String, place: String? = nil, remedy: String? = nil) {
    self.problem = problem
    self.place = place
    self.remedy = remedy
  }

  public func at(_ place: String) -> Diagnostic { Diagnostic(problem, place: place, remedy: remedy) }

  public var description: String { [problem, place, remedy].compactMap { $0 }.joined(separator: " — ") }
}

/// An error with all that is known to be wrong, not only the first.
public struct SweepError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The command line is off.
    case usage
    /// A sweep file, data file, query or database says something that cannot be used.
    case input
    /// Reading, writing or the network failed.
    case io
    /// Somebody else holds what is needed; later it may work.
    case busy
    /// The user asked to stop.
    case interrupted
  }

  public let kind: Kind
  /// At least one.
  public let diagnostics: [Diagnostic]

  public init(_ kind: Kind, _ diagnostics: [Diagnostic]) {
    precondition(!diagnostics.isEmpty, "an error says at least one thing")
    self.kind = kind
    self.diagnostics = diagnostics
  }

  public init(_ kind: Kind, _ diagnostic: Diagnostic) { self.init(kind, [diagnostic]) }

  public init(_ kind: Kind, _ problem: String, place: String? = nil, remedy: String? = nil) {
    self.init(kind, Diagnostic(problem, place: place, remedy: remedy))
  }

  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
