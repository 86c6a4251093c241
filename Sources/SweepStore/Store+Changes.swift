// What changed since somebody looked: the trials whose revision is newer, from one range of one index. Whoever shows a running sweep asks this
// now and then, and reads no trial that is as it was.

import GRDB
import SweepCore

/// A trial as it is after a change.
public struct TrialChange: Sendable, Equatable {
  public let number: Int
  /// The change of the sweep that was the trial's last.
  public let revision: Int
  public let state: TrialState
  public let isPlanned: Bool
  public let attempt: Int
  public let epochsDone: Int
  public let objective: Double?
}

/// What changed in a sweep.
public struct Changes: Sendable {
  /// How far somebody has seen the changes.
  public struct Mark: Sendable, Hashable, Codable {
    public let revision: Int
    /// The last trial seen of those that changed with it; nil: all.
    let number: Int?

    /// All changes up to that one are seen.
    public init(revision: Int) { (self.revision, number) = (revision, nil) }
    init(revision: Int, number: Int?) { (self.revision, self.number) = (revision, number) }
  }

  /// The number of the sweep's last change.
  public let revision: Int
  /// How many trials it has.
  public let trials: Int
  /// The earliest change first. A trial is there once, as it is now.
  public let changed: [TrialChange]
  /// What to ask with for the rest, or for what comes later.
  public let mark: Mark
  /// Whether there are more already.
  public let hasMore: Bool
  /// Whether the mark was of a future that this file does not have: it was replaced by an earlier copy, and everything is to be read anew.
  public let isReset: Bool

  /// SQLite takes the first limit of the revision as the beginning of what it reads; the last is that of the index, all of it.
  package static let sql = """
    SELECT number, revision, state, planned, attempt, epochs_done, objective FROM trial
    WHERE sweep_id = ? AND (revision, number) > (?, ?) AND revision > 0 ORDER BY revision, number LIMIT ?
    """

  /// Files of earlier versions do not say what changed.
  static func areKept(_ db: Database) throws -> Bool { try db.columns(in: "sweep").contains { $0.name == "revision" } }

  static func revision(_ db: Database, sweepID: Int64) throws -> Int {
    try Int.fetchOne(db.cachedStatement(sql: "SELECT revision FROM sweep WHERE id = ?"), arguments: [sweepID]) ?? 0
  }
}

extension Store {
  /// The trials of a sweep that changed since, the earliest change first. In a file of an earlier version nothing ever changes.
  public func changes(sweepID: Int64, since mark: Changes.Mark, limit: Int = 1000) throws(SweepError) -> Changes {
    try read { db in
      let trials =
        try Int.fetchOne(db.cachedStatement(sql: "SELECT max(number) FROM trial WHERE sweep_id = ?"), arguments: [sweepID]) ?? 0
      guard try Changes.areKept(db) else {
        return Changes(revision: 0, trials: trials, changed: [], mark: Changes.Mark(revision: 0), hasMore: false, isReset: mark.revision > 0)
      }
      let now = try Changes.revision(db, sweepID: sweepID)
      guard mark.revision <= now else {
        return Changes(revision: now, trials: trials, changed: [], mark: Changes.Mark(revision: now), hasMore: false, isReset: true)
      }
      let rows = try Row.fetchAll(
        db.cachedStatement(sql: Changes.sql), arguments: [sweepID, mark.revision, mark.number ?? Int.max, limit + 1])
      let changed = try rows.prefix(limit).map { row in
        let name: String = try row.get(2)
        guard let state = TrialState(rawValue: name) else { throw SweepError.damaged("a trial's state is '\(name)'", path) }
        return TrialChange(
          number: try row.get(0), revision: try row.get(1), state: state, isPlanned: try row.get(3), attempt: try row.get(4),
          epochsDone: try row.get(5), objective: try row.get(6))
      }
      let hasMore = rows.count > limit
      let end = hasMore ? changed.last.map { Changes.Mark(revision: $0.revision, number: $0.number) } : nil
      return Changes(
        revision: now, trials: trials, changed: changed, mark: end ?? (hasMore ? mark : Changes.Mark(revision: now)), hasMore: hasMore, isReset: false
      )
    }
  }
}
