// An executor as the register knows it: its name in a sweep file, what it takes, what it reports, and how to make one.

/// An executor that a sweep file can name (`trainer:`).
public struct TrainerEntry: Sendable {
  public let name: String
  public let parameters: [ParameterDeclaration]
  /// The metrics it reports, in the order of their columns.
  public let metrics: [String]
  /// Whether it takes parameters and reports metrics of any name, beyond those above: a program, a closure.
  public let isOpen: Bool
  /// What a user should know before anything runs.
  public let notes: [String]
  /// Which of its implementations runs here, for the record: "kernels avx512".
  public let implementation: String?
  /// What is wrong with combinations of values that are fine by themselves; the places are paths such as "parameters.seed".
  public let problems: @Sendable (SearchSpace) -> [Diagnostic]
  /// The number of independent samples behind a metric that is a share (an accuracy), for its confidence interval; nil for other metrics.
  public let samples: @Sendable (_ metric: String, Assignment) -> Int?
  /// Computes a kept model's metrics and answers on one split (train, validation or test); nil where trials leave no models.
  public let evaluate: (@Sendable (Assignment, _ model: Checkpoint, _ split: String) throws(SweepError) -> ModelEvaluation)?
  /// What differs in how its trials are run.
  public let conduct: Conduct
  public let make: @Sendable (Workplace) -> any TrialExecutor

  public init(
    name: String, parameters: [ParameterDeclaration], metrics: [String], isOpen: Bool = false, notes: [String] = [], implementation: String? = nil,
    problems: @escaping @Sendable (SearchSpace) -> [Diagnostic] = { _ in [] },
    samples: @escaping @Sendable (_ metric: String, Assignment) -> Int? = { _, _ in nil },
    evaluate: (@Sendable (Assignment, _ model: Checkpoint, _ split: String) throws(SweepError) -> ModelEvaluation)? = nil,
    conduct: Conduct = Conduct(), make: @escaping @Sendable (Workplace) -> any TrialExecutor
  ) {
    (self.name, self.parameters, self.metrics, self.notes) = (name, parameters, metrics, notes)
    self.isOpen = isOpen
    (self.problems, self.samples, self.evaluate) = (problems, samples, evaluate)
    (self.conduct, self.make) = (conduct, make)
    self.implementation = implementation
  }
}

/// How a trainer's trials are run, beyond what all have in common.
public struct Conduct: Sendable {
  /// Whether trials keep their checkpoints themselves: what they reported stays then until it is known whether they go on from there.
  public let keepsCheckpoints: Bool
  /// How many trials run at once where nobody says; nil: one per core.
  public let slots: Int?
  /// Whether a run whose first trials all fail at once is ended: who computes here does not fail at every start.
  public let watchesFlapping: Bool
  /// Ends what a killed run has left behind, and says how many processes that were; nil: nothing can be left.
  public let endLeftovers: (@Sendable (Workplace) -> Int)?

  public init(
    keepsCheckpoints: Bool = false, slots: Int? = nil, watchesFlapping: Bool = false, endLeftovers: (@Sendable (Workplace) -> Int)? = nil
  ) {
    (self.keepsCheckpoints, self.slots, self.watchesFlapping) = (keepsCheckpoints, slots, watchesFlapping)
    self.endLeftovers = endLeftovers
  }
}

/// Where an executor works: what it is told of the sweep whose trials it runs.
public struct Workplace: Sendable {
  /// The sweep's name.
  public let sweep: String
  /// Where trials may keep files, a folder for each; it need not exist.
  public let folder: String
  /// What trials are ranked by.
  public let objective: Objective
  /// Of which trials answers and models are kept.
  public let keeping: Keeping
  /// Tells people something.
  public let say: @Sendable (String) -> Void

  public init(
    sweep: String, folder: String, objective: Objective, keeping: Keeping = .standard, say: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    (self.sweep, self.folder, self.objective, self.keeping, self.say) = (sweep, folder, objective, keeping, say)
  }
}

/// What a model gives on one split.
public struct ModelEvaluation: Sendable {
  /// "loss", "cost", "accuracy" and the like.
  public let metrics: [(name: String, value: Double)]
  public let predictions: Predictions

  public init(metrics: [(name: String, value: Double)], predictions: Predictions) { (self.metrics, self.predictions) = (metrics, predictions) }
}
