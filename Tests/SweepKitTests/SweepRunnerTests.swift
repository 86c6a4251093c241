import SweepCore
import SweepExecutors
import SweepKit
import SweepStore
import SweepTestSupport
import SweepTraining
import Synchronization
import Testing

struct SweepRunnerTests {
  /// Collects what happens.
  final class Watcher: SweepObserver {
    let events = Mutex<[SweepEvent]>([])
    let onEpoch: @Sendable () -> Void
    init(onEpoch: @escaping @Sendable () -> Void = {}) { self.onEpoch = onEpoch }
    func observe(_ event: SweepEvent) {
      events.withLock { $0.append(event) }
      if case .epoch = event { onEpoch() }
    }
  }

  static func sweep(_ xs: [Int], name: String = "s", epochs: Int = 3, mode: String = "plain", goal: Objective.Goal = .maximize) -> SweepFile {
    SweepFile(
      name: name, trainer: "scripted", objective: Objective(metric: "score", goal: goal),
      space: SearchSpace([
        Parameter("x", .values(xs.map { .real(Double($0)) })), Parameter("epochs", .constant(.integer(epochs))),
        Parameter("mode", .constant(.text(mode))),
      ]))
  }

  let folder = TemporaryFolder()

  private func store() throws -> Store { try Store.open(folder.path("results.sqlite")) }

  private func run(
    _ file: SweepFile, _ executor: ScriptedTrainer = ScriptedTrainer(), workers: Int = 2, retryFailed: Bool = false,
    stop: StopSignal = StopSignal(),
    observer: Watcher = Watcher()
  ) throws -> SweepOutcome {
    try SweepRunner(
      file, trainer: executor.entry, store: try store(), options: .init(workers: workers, retryFailed: retryFailed), stop: stop, observer: observer
    ).run()
  }

  @Test func everyTrialRunsOnceAndTheBestIsFirst() throws {
    let executor = ScriptedTrainer()
    let outcome = try run(Self.sweep([1, 5, 3]), executor)
    #expect(executor.started.sorted() == [1, 2, 3])
    #expect(outcome.counts[.complete] == 3 && outcome.ended == 3 && !outcome.wasInterrupted)
    let ranking = try store().ranking(outcome.sweep)
    #expect(ranking.map(\.trial.number) == [2, 3, 1] && ranking[0].trial.objective == 8)
  }

  @Test func runningAgainRunsNothingTwice() throws {
    _ = try run(Self.sweep([1, 2]))
    let executor = ScriptedTrainer()
    let outcome = try run(Self.sweep([1, 2]), executor)
    #expect(executor.started.isEmpty && outcome.ended == 0 && outcome.counts[.complete] == 2)
  }

  @Test func aGrownFileRunsOnlyWhatIsNewAndAShrunkOneNothing() throws {
    _ = try run(Self.sweep([1, 2]))
    let grown = ScriptedTrainer()
    _ = try run(Self.sweep([1, 2, 7]), grown)
    #expect(grown.started == [3])
    let shrunk = ScriptedTrainer()
    let outcome = try run(Self.sweep([7]), shrunk)
    #expect(shrunk.started.isEmpty && outcome.counts.total == 3)
  }

  @Test func aChangedConstantIsRefusedWithTheTwoWaysOnAndNothingChanges() throws {
    _ = try run(Self.sweep([1]))
    do {
      _ = try run(Self.sweep([1], epochs: 4, mode: "fancy"))
      Issue.record("a changed constant was accepted")
    } catch let error as SweepError {
      #expect(error.diagnostics.count == 2)
      #expect(
        error.description.contains("epochs was 3 when 's' was planned and is now 4 — start a new sweep with --name NEW-NAME, or restore epochs: 3"))
      #expect(error.description.contains("mode was plain"))
    }
    #expect(throws: SweepError.self) { try run(Self.sweep([1], epochs: 4)) }
    #expect(try store().sweeps().count == 1)
    #expect(try run(Self.sweep([1], name: "new", epochs: 4)).counts[.complete] == 1)
  }

  @Test func aFailingTrialOfACohortFailsAloneAndNothingRunsTwice() throws {
    struct Broken: Error, CustomStringConvertible { let description = "the dog ate it" }
    let executor = ScriptedTrainer(cohortSize: 4) { trial, epoch in if trial.number == 2, epoch == 2 { throw Broken() } }
    let outcome = try run(Self.sweep([1, 2, 3, 4, 5]), executor, workers: 1)
    #expect(outcome.counts[.failed] == 1 && outcome.counts[.complete] == 4)
    let failed = try store().trial(2, sweepID: outcome.sweep.id)
    #expect(failed?.state == .failed && failed?.reason == "the dog ate it" && failed?.epochsDone == 1)
    // 1 had ended before 2 failed, so it did not run again; 2, 3, 4 did, alone.
    #expect(executor.started == [1, 2, 3, 4, 2, 3, 4, 5] || executor.started == [1, 2, 3, 4, 4, 3, 2, 5], "\(executor.started)")
    for number in [1, 3, 4, 5] {
      let trial = try #require(try store().trial(number, sweepID: outcome.sweep.id))
      #expect(try store().epochs(of: trial.id).map(\.epoch) == [1, 2, 3])
      #expect(trial.objective == Double(number) + 3)
    }
  }

  /// A cohort of three that gives its second trial away after an epoch and then fails, while that trial runs elsewhere.
  final class GivingTrainer: CohortTrainer {
    struct Broken: Error {}
    let started = Mutex<[Int]>([])
    private let hasFailed = Atomic<Bool>(false)

    func cohorts(of trials: [Trial], slots: Int) -> [Cohort] { [Cohort(trials)] }

    func train(_ cohort: Cohort, reportingTo reporter: any CohortReporter) throws {
      started.withLock { $0 += cohort.trials.map(\.number) }
      func report(_ trial: Trial, _ epoch: Int) throws {
        let checkpoint = Checkpoint(epoch: epoch, format: "giving", state: [UInt8(epoch)])
        let metrics = EpochMetrics(epoch: epoch, values: [("score", Double(epoch))])
        try reporter.report(.epoch(EpochReport(metrics, checkpoint: checkpoint)), of: trial)
      }
      if cohort.trials.count == 3 {
        for trial in cohort.trials { try report(trial, 1) }
        wait { reporter.idleWorkers > 0 }
        let given = cohort.trials[1].continued(after: Checkpoint(epoch: 1, format: "giving", state: [1]))
        reporter.handOver(Cohort([given], isRunning: true))
        wait { started.withLock { $0.count } > 3 }
        hasFailed.store(true, ordering: .releasing)
        throw Broken()
      }
      for trial in cohort.trials {
        if trial.number == 2 {
          wait { hasFailed.load(ordering: .acquiring) }
          wait { started.withLock { $0.count } > 4 }  // the others were put back meanwhile
        }
        #expect(trial.checkpoint?.state == [1] && trial.completedEpochs == 1)
        for epoch in 2...3 { try report(trial, epoch) }
        try reporter.report(.ended(.complete), of: trial)
      }
    }

    private func wait(_ condition: () -> Bool) {
      let deadline = ContinuousClock.now + .seconds(10)
      while !condition(), ContinuousClock.now < deadline {}
    }
  }

  @Test func aTrialThatWasGivenAwayIsNotPutBackWhenItsOldCohortFails() throws {
    let executor = GivingTrainer()
    let entry = ScriptedTrainer().entry
    let trainer = TrainerEntry(name: entry.name, parameters: entry.parameters, metrics: entry.metrics) { _ in PooledExecutor(executor) }
    let outcome = try SweepRunner(Self.sweep([1, 2, 3]), trainer: trainer, store: try store(), options: .init(workers: 2), observer: Watcher()).run()
    #expect(outcome.counts[.complete] == 3)
    #expect(executor.started.withLock { $0.sorted() } == [1, 1, 2, 2, 3, 3])
    for (number, attempts) in [(1, 2), (2, 1), (3, 2)] {
      let trial = try #require(try store().trial(number, sweepID: outcome.sweep.id))
      #expect(trial.attempt == attempts && trial.epochsDone == 3, "trial \(number)")
      #expect(try store().epochs(of: trial.id).map(\.epoch) == [1, 2, 3])
    }
  }

  @Test func failedTrialsRunAgainOnlyWhenAskedTo() throws {
    struct Broken: Error {}
    let broken = Atomic<Bool>(true)
    let executor = ScriptedTrainer { trial, _ in if trial.number == 1, broken.load(ordering: .relaxed) { throw Broken() } }
    #expect(try run(Self.sweep([1, 2]), executor).counts[.failed] == 1)
    broken.store(false, ordering: .relaxed)
    #expect(try run(Self.sweep([1, 2]), executor).counts[.failed] == 1)
    let outcome = try run(Self.sweep([1, 2]), executor, retryFailed: true)
    #expect(outcome.counts[.complete] == 2 && outcome.ended == 1)
    #expect(try store().trial(1, sweepID: outcome.sweep.id)?.attempt == 2)
  }

  @Test func aStoppedSweepSavesItsEpochAndGoesOnThere() throws {
    let stop = StopSignal()
    let count = Atomic<Int>(0)
    let watcher = Watcher { if count.add(1, ordering: .relaxed).newValue == 4 { stop.set() } }
    let file = Self.sweep([1, 2, 3, 4], epochs: 5)
    let first = try run(file, ScriptedTrainer(), workers: 1, stop: stop, observer: watcher)
    #expect(first.wasInterrupted && first.counts[.running] == 0 && first.counts[.waiting] == 4)
    #expect(try store().trial(1, sweepID: first.sweep.id)?.epochsDone == 4)
    let seen = Watcher()
    let second = try run(file, ScriptedTrainer(), workers: 1, observer: seen)
    #expect(!second.wasInterrupted && second.counts[.complete] == 4)
    let epochs = seen.events.withLock { $0.count { if case .epoch = $0 { true } else { false } } }
    #expect(epochs == 16)  // 20 in all, 4 of them before
    for (number, x) in [(1, 1.0), (4, 4.0)] {
      let trial = try #require(try store().trial(number, sweepID: first.sweep.id))
      #expect(trial.objective == x + 5)
    }
  }

  @Test func aWorkerWithNothingLeftGetsAPartOfAnothersCohortAndNoNumberChanges() throws {
    // The first four trials are over after an epoch, the others go on for 99 more.
    let swept = [
      Parameter("epochs", .values([.integer(1), .integer(100)])), Parameter("eta", .values([.real(0.001), .real(0.01), .real(0.1), .real(0.3)])),
      Parameter("dataset", .constant(.text("synthetic"))), Parameter("training_images", .constant(.integer(5000))),
    ]
    let given = Set(swept.map(\.name))
    let constants = Hyperparameters.declarations.filter { !given.contains($0.name) }
      .map { Parameter($0.name, .constant($0.defaultValue ?? .null)) }
    let file = SweepFile(
      name: "shared", trainer: "one-layer-network", objective: Objective(metric: "validation_loss", goal: .minimize),
      space: SearchSpace(swept + constants))
    let trainer = BuiltinTrainer.entry(kernels: Kernels.available[0], folders: DataFolders([:]))
    var curves: [[[EpochMetrics]]] = []
    for workers in [1, 2] {
      let watcher = Watcher()
      let store = try Store.open(folder.path("\(workers).sqlite"))
      let outcome = try SweepRunner(file, trainer: trainer, store: store, options: .init(workers: workers), observer: watcher).run()
      let starts = watcher.events.withLock { $0.count { if case .started = $0 { true } else { false } } }
      #expect(workers == 1 ? starts == 1 : starts > 2, "\(starts) cohorts with \(workers) workers")
      let trials = try (1...8).map { try #require(try store.trial($0, sweepID: outcome.sweep.id)) }
      #expect(trials.allSatisfy { $0.state == .complete && $0.attempt == 1 })
      curves.append(
        try trials.map { trial in
          try store.epochs(of: trial.id).map { EpochMetrics(epoch: $0.epoch, values: $0.values.filter { $0.name != "seconds" }) }
        })
    }
    #expect(curves[0] == curves[1] && curves[0].map(\.count) == [1, 1, 1, 1, 100, 100, 100, 100])
  }

  @Test func aSecondRunnerIsTurnedAway() throws {
    let lock = try RunnerLock(database: folder.path("results.sqlite"), sweep: "s")
    do {
      _ = try run(Self.sweep([1]))
      Issue.record("two runners ran")
    } catch let error as SweepError { #expect(error.kind == .busy) }
    withExtendedLifetime(lock) {}
  }

  @Test func moreTrialsThanAllowedNeedAWord() throws {
    let file = Self.sweep(Array(1...11))
    #expect { try Planner(maxTrials: 10).count(file) } throws: { "\($0)".contains("11 points") && "\($0)".contains("--max-trials 11") }
    #expect(try Planner(maxTrials: 11).count(file) == 11)
  }

  @Test func aMillionPointsArePlannedWithoutKeepingThem() throws {
    let file = SweepFile(
      name: "million", trainer: "scripted", objective: Objective(metric: "score", goal: .maximize),
      space: SearchSpace([Parameter("x", .integers(min: 1, max: 1_000_000))]))
    var next = try Planner.points(of: file)
    var count = 0
    while case let points = try next.next(), !points.isEmpty { count += points.count }
    #expect(count == 1_000_000)
  }

  @Test func aForecastWritesNothingAndTellsTheCohorts() throws {
    let forecast = try Forecast(Self.sweep([1, 2, 3]), trainer: ScriptedTrainer(cohortSize: 2).entry, workers: 2)
    #expect(forecast.count == 3)
    #expect(forecast.cohortSummary == "2 cohorts for 2 workers: 1 × 2 trials, 1 × 1 trial")
    #expect(forecast.time().contains("cannot be told"))
    #expect(try forecast.first(2).map { $0["x"] } == [.real(1), .real(2)])
  }
}
