// Tells a recorder what happens to trials, for tests of what it makes of it: stamps each event with its attempt and position, as a run does.

import SweepCore
import SweepStore
import Synchronization

// Sendable: all state is in the one Mutex.
package final class Teller: Sendable {
  private let recorder: Recorder
  private let store: Store
  private let sweep: SweepRecord
  private let places = Mutex<[Trial.ID: (attempt: Int, position: Int)]>([:])

  package init(_ recorder: Recorder, _ sweep: SweepRecord, in store: Store) { (self.recorder, self.sweep, self.store) = (recorder, sweep, store) }

  package var failure: SweepError? { recorder.failure }
  package func flush() throws(SweepError) { try recorder.flush() }
  package func fail(_ error: SweepError) { recorder.fail(error) }

  package func started(_ trial: Trial.ID, _ attempt: AttemptStart? = nil) throws(SweepError) {
    let next = try place(of: trial).attempt + 1
    try tell(.started(attempt ?? AttemptStart(number: next, isFresh: false)), of: trial)
  }

  package func record(
    _ metrics: EpochMetrics, checkpoint: Checkpoint?, kept: KeptOutcome? = nil, of trial: Trial.ID
  ) throws(SweepError) {
    try tell(.epoch(EpochReport(metrics, checkpoint: checkpoint, outcome: kept)), of: trial)
  }

  package func ended(_ trial: Trial.ID, _ end: TrialEnd) throws(SweepError) { try tell(.ended(end), of: trial) }
  package func note(_ trial: Trial.ID, _ text: String) throws(SweepError) { try tell(.note(text), of: trial) }

  package func attemptEnded(_ trial: Trial.ID, _ end: AttemptEnd, waitsAgain: Bool) throws(SweepError) {
    try tell(.attemptEnded(end, waitsAgain: waitsAgain), of: trial)
  }

  /// The next report of a trial, as `tell` would stamp it.
  package func report(_ event: TrialEvent, of trial: Trial.ID) throws(SweepError) -> TrialReport {
    var place = try place(of: trial)
    if case .started(let start) = event { place = (start.number, 0) }
    place.position += 1
    places.withLock { $0[trial] = place }
    return TrialReport(trial: trial, attempt: place.attempt, position: place.position, at: 1_767_225_600_000, event: event)
  }

  package func tell(_ event: TrialEvent, of trial: Trial.ID, as disposition: Disposition = .asTold) throws(SweepError) {
    try recorder.record(report(event, of: trial), as: disposition)
  }

  private func place(of trial: Trial.ID) throws(SweepError) -> (attempt: Int, position: Int) {
    if let known = places.withLock({ $0[trial] }) { return known }
    let past = try store.standings(sweep).first { $0.trial.id == trial }?.trial.past
    return (past?.attempts ?? 0, past?.position ?? 0)
  }
}
