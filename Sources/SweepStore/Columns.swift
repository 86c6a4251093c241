// The trials of a sweep column by column, in memory: what any order and any filter is answered from in milliseconds. Read once by each key that is
// asked for, then kept up to date by the numbers of the sweep's changes. Store+Pages asks; how rows become columns is in ColumnScan.

import GRDB
import GRDBSQLite
import SweepCore

/// The columns of one sweep as they were at one of its changes. Place i holds trial i + 1.
struct Columns: Sendable {
  private struct Column: Sendable {
    var keys: [SortKey]
    /// Ascending; a key of a text is its place here.
    var texts: [String]
    var use = 0
  }

  private struct Order: Sendable {
    var places: [Int32]
    var use = 0
  }

  private(set) var revision = 0
  private(set) var count = 0
  /// Of each trial the place of its state among all states, with `planned` set where the file asks for it; `missing` where there is none.
  private var states: [UInt8] = []
  private var columns: [TrialKey: Column] = [:]
  private var orders: [TrialOrder: Order] = [:]
  /// The ranked trials, best first.
  private var ranking: [Int32] = []
  private var identities = Identities()
  private var isLoaded = false
  private var uses = 0

  private static let (planned, missing): (UInt8, UInt8) = (0x80, 0x7f)

  // MARK: up to date

  /// Brings everything that is asked for to the snapshot of the connection.
  mutating func update(_ db: Database, _ store: Store, _ sweep: SweepRecord, keys: Set<TrialKey>) throws {
    let hasRevisions = try Changes.areKept(db)
    let now = try hasRevisions ? Changes.revision(db, sweepID: sweep.id) : 0
    let last = try Self.lastNumber(db, store, sweep.id)
    // A file of an earlier version does not say what changed.
    if try !isLoaded || !hasRevisions || last < count || now < revision || !follow(db, sweep, now: now, last: last) {
      self = Columns()
      count = last
      try loadBase(db, store, sweep, now: now)
    }
    revision = now
    uses += 1
    for key in keys.union([.objective]) {
      if columns[key] == nil { columns[key] = try load(key, db, store, sweep) }
      columns[key]?.use = uses
    }
  }

  private static func lastNumber(_ db: Database, _ store: Store, _ sweepID: Int64) throws -> Int {
    let last = try Int.fetchOne(db.cachedStatement(sql: "SELECT max(number) FROM trial WHERE sweep_id = ?"), arguments: [sweepID]) ?? 0
    // Numbers are dense and ids unique: there are at least as many of these.
    let ids = try Int.fetchOne(db.cachedStatement(sql: "SELECT max(id) FROM trial")) ?? 0
    guard last <= min(ids, Int(Int32.max)) else { throw SweepError.damaged("the numbers of its trials have gaps", store.path) }
    return last
  }

  /// Reads the trials that changed since; false where that are too many.
  private mutating func follow(_ db: Database, _ sweep: SweepRecord, now: Int, last: Int) throws -> Bool {
    guard now > revision || last > count else { return true }
    let most = max(1000, count / 64)
    var changed: [(id: Int64, place: Int)] = []
    let before = count
    func note(_ row: OpaquePointer) { changed.append((sqlite3_column_int64(row, 0), Int(sqlite3_column_int64(row, 1)) - 1)) }
    try RawRows.forEach(
      db, "SELECT id, number FROM trial WHERE sweep_id = ?1 AND revision > ?2 AND revision > 0 LIMIT ?3",
      [sweep.id, Int64(revision), Int64(most + 1)], note)
    // Trials that were planned and have not changed since have no revision.
    try RawRows.forEach(
      db, "SELECT id, number FROM trial WHERE sweep_id = ?1 AND number > ?2 AND revision <= ?3 LIMIT ?4",
      [sweep.id, Int64(before), Int64(revision), Int64(most + 1)], note)
    changed = changed.filter { 0..<last ~= $0.place }
    guard changed.count <= most else { return false }
    guard !changed.isEmpty else { return true }
    identities.add(changed.filter { $0.place >= before }.map { ($0.id, Int32($0.place)) })
    count = last
    states += Array(repeating: Self.missing, count: count - before)
    try apply(changed, db, sweep)
    return true
  }

  private mutating func apply(_ changed: [(id: Int64, place: Int)], _ db: Database, _ sweep: SweepRecord) throws {
    let places = changed.map(\.place)
    var moved = Set<Int32>()  // in the ranking
    for (id, place) in changed {
      try RawRows.forEach(db, "SELECT state, planned FROM trial WHERE id = ?1", [id]) { row in
        let state = Self.state(row, 0, planned: 1)
        if state != states[place] { moved.insert(Int32(place)) }
        states[place] = state
      }
    }
    for key in columns.keys {
      guard var column = columns[key] else { continue }
      let old = places.map { $0 < column.keys.count ? column.keys[$0] : nil }
      column.keys += Array(repeating: .none, count: count - column.keys.count)
      var scan = ColumnScan(count: places.count)
      try ColumnSource(key, db, sweep).read(changed.map(\.id), states: places.map { states[$0] & ~Self.planned }, numbers: places, into: &scan)
      if scan.texts.allSatisfy({ Self.place(of: $0, in: column.texts).isFound }) {
        for (index, place) in places.enumerated() {
          let key = scan.keys[index]
          column.keys[place] = key.text.map { SortKey(text: Self.place(of: scan.texts[$0], in: column.texts).place) } ?? key
        }
      } else {
        // A text that the column did not have: the places of the others move.
        var whole = ColumnScan(count: count)
        for (place, key) in column.keys.enumerated() {
          if let text = key.text { whole.set(place, text: column.texts[text]) } else { whole.set(place, key) }
        }
        for (index, place) in places.enumerated() {
          if let text = scan.keys[index].text { whole.set(place, text: scan.texts[text]) } else { whole.set(place, scan.keys[index]) }
        }
        let use = column.use
        column = Self.column(whole)
        column.use = use
      }
      // Texts that were there keep their order among each other: only what changed has to move.
      let isNewOrder = column.texts.count != columns[key]?.texts.count
      columns[key] = column
      let movedHere = zip(places, old).compactMap { place, key in key == column.keys[place] && !isNewOrder ? nil : Int32(place) }
      if key == .objective { moved.formUnion(movedHere) }
      for order in orders.keys where order.key == key {
        orders[order]?.places.move(movedHere, count: count) { Self.key(column.keys[Int($0)], order.isDescending) }
      }
    }
    let isDescending = sweep.objective.goal == .maximize
    let objective = columns[.objective]?.keys ?? []
    var order: [Int32] = []
    swap(&order, &ranking)
    order.move(moved.sorted(), count: count, keeping: { isRanked(Int($0), objective) }) { Self.key(objective[Int($0)], isDescending) }
    ranking = order
  }

  // MARK: loading

  private mutating func loadBase(_ db: Database, _ store: Store, _ sweep: SweepRecord, now: Int) throws {
    let (id, count) = (sweep.id, count)
    @Sendable func readStates(_ db: Database) throws -> ([UInt8], [(Int64, Int32)]) {
      var states = [UInt8](repeating: Self.missing, count: count)
      var ids = [Int64](repeating: 0, count: count)
      // All of it is in the index of the states.
      try RawRows.forEach(db, "SELECT state, planned, number, id FROM trial WHERE sweep_id = ?1", [id]) { row in
        let place = Int(sqlite3_column_int64(row, 2)) - 1
        guard states.indices.contains(place) else { return }
        states[place] = Self.state(row, 0, planned: 1)
        ids[place] = sqlite3_column_int64(row, 3)
      }
      return (states, ids.enumerated().filter { $0.element != 0 }.map { ($0.element, Int32($0.offset)) })
    }
    // And this in that of the objectives.
    func readObjectives() throws -> ColumnScan {
      var scan = ColumnScan(count: count)
      try RawRows.forEach(db, "SELECT number, objective FROM trial WHERE sweep_id = ?1 AND objective IS NOT NULL", [id]) { row in
        let place = Int(sqlite3_column_int64(row, 0)) - 1
        if 0..<count ~= place, let number = RawRows.number(row, 1) { scan.set(place, SortKey(number)) }
      }
      return scan
    }
    let (scan, found) = try Self.split(count, store, sweep, now: now, readObjectives, readStates)
    let (states, pairs) = try found ?? readStates(db)
    (self.states, columns[.objective]) = (states, Self.column(scan))
    identities.add(pairs)
    let order = SortKey.order(of: scan.keys, descending: sweep.objective.goal == .maximize)
    ranking = order.filter { isRanked(Int($0), scan.keys) }
    isLoaded = true
  }

  /// Does one thing here and another on a connection beside it, where there is one that sees the same and enough to do.
  private static func split<One, Other: Sendable>(
    _ count: Int, _ store: Store, _ sweep: SweepRecord, now: Int, _ one: () throws -> One, _ other: @escaping @Sendable (Database) throws -> Other
  ) throws -> (One, Other?) {
    guard count >= 20_000 else { return (try one(), nil) }
    return try ReadingQueues.both(one) {
      try store.readBeside { db in
        let revision = try Changes.areKept(db) ? Changes.revision(db, sweepID: sweep.id) : 0
        return revision == now ? try other(db) : nil
      } ?? nil
    }
  }

  private func load(_ key: TrialKey, _ db: Database, _ store: Store, _ sweep: SweepRecord) throws -> Column {
    switch key {
    case .number: return Column(keys: (0..<count).map { SortKey(Double($0 + 1)) }, texts: [])
    case .state: return Column(keys: states.map { Self.stateKey($0 & ~Self.planned) }, texts: [])
    default: break
    }
    let (count, identities) = (count, identities)
    let (first, middle, last) = identities.range
    @Sendable func read(_ db: Database, _ from: Int64, _ to: Int64) throws -> ColumnScan {
      var scan = ColumnScan(count: count)
      let place = identities.finder()
      try ColumnSource(key, db, sweep).read(from: from, to: to, into: &scan) { place($0) }
      return scan
    }
    var (scan, found) = try Self.split(count, store, sweep, now: revision, { try read(db, first, middle) }) { try read($0, middle + 1, last) }
    scan.merge(try found ?? read(db, middle + 1, last))
    return Self.column(scan)
  }

  /// With the texts in order.
  private static func column(_ scan: ColumnScan) -> Column {
    guard !scan.texts.isEmpty else { return Column(keys: scan.keys, texts: []) }
    let sorted = scan.texts.indices.sorted { scan.texts[$0] < scan.texts[$1] }
    var places = [Int](repeating: 0, count: sorted.count)
    for (place, index) in sorted.enumerated() { places[index] = place }
    return Column(keys: scan.keys.map { key in key.text.map { SortKey(text: places[$0]) } ?? key }, texts: sorted.map { scan.texts[$0] })
  }

  private static func state(_ row: OpaquePointer, _ column: Int32, planned: Int32) -> UInt8 {
    guard let text = RawRows.text(row, column) else { return missing }
    let isPlanned = sqlite3_column_int64(row, planned) != 0
    let place = spelled.firstIndex { $0.elementsEqual(text) }.map { UInt8($0) } ?? missing
    return place | (isPlanned ? Self.planned : 0)
  }

  private static let spelled = TrialState.allCases.map { Array($0.rawValue.utf8) }

  static func stateKey(_ state: UInt8) -> SortKey { state == missing ? .none : SortKey(Double(state)) }

  // MARK: answers

  /// The places of the trials of a page, and one more where there are more.
  mutating func places(_ order: TrialOrder, _ filter: TrialFilter, after: TrialCursor?, limit: Int) -> [Int] {
    let test = FilterTest(filter, self)
    guard let column = columns[order.key], !test.isImpossible else { return [] }
    sort(order, column)
    guard let places = orders[order]?.places else { return [] }
    let keys = column.keys
    var found: [Int] = []
    places.withUnsafeBufferPointer { places in
      var position =
        after.map { after in
          let (key, isInside) = Self.key(of: after.value, order.key, in: column.texts)
          let bound = Self.key(key, order.isDescending)
          return places.partition { place in
            let own = Self.key(keys[Int(place)], order.isDescending)
            // A text that is no more is before the place where it would be, and behind it in the other direction.
            return own == bound ? isInside ? Int(place) + 1 <= after.number : order.isDescending : own < bound
          }
        } ?? 0
      while position < places.count, found.count <= limit {
        let place = Int(places[position])
        if test.passes(place) { found.append(place) }
        position += 1
      }
    }
    return found
  }

  private mutating func sort(_ order: TrialOrder, _ column: Column) {
    if orders[order] == nil {
      let keys = column.keys
      orders[order] = Order(
        places: order.key == .number && !order.isDescending ? Array(0..<Int32(count)) : SortKey.order(of: keys, descending: order.isDescending))
    }
    orders[order]?.use = uses
  }

  /// How many trials meet the filter.
  func matching(_ filter: TrialFilter) -> Int {
    let test = FilterTest(filter, self)
    return test.isImpossible ? 0 : (0..<count).reduce(0) { $0 + (test.passes($1) ? 1 : 0) }
  }

  /// The rank of a trial, from 1; nil: it is not ranked.
  func rank(_ place: Int, _ objective: Objective) -> Int? {
    guard let keys = columns[.objective]?.keys, isRanked(place, keys) else { return nil }
    let isDescending = objective.goal == .maximize
    let own = Self.key(keys[place], isDescending)
    return ranking.withUnsafeBufferPointer { ranking in
      ranking.partition { other in
        let key = Self.key(keys[Int(other)], isDescending)
        return key == own ? Int(other) < place : key < own
      } + 1
    }
  }

  func cursor(_ order: TrialOrder, _ place: Int) -> TrialCursor {
    let value = columns[order.key].map { column in
      let key = column.keys[place]
      return key.text.map { ColumnText.value(column.texts[$0]) } ?? key.value
    }
    return TrialCursor(order: order, value: value ?? .null, number: place + 1, revision: revision)
  }

  private func isRanked(_ place: Int, _ objective: [SortKey]) -> Bool {
    states[place] == Self.complete && objective[place] != .none
  }

  private static let complete = planned | UInt8(TrialState.allCases.firstIndex(of: .complete) ?? 0)

  private static func key(_ key: SortKey, _ isDescending: Bool) -> SortKey { isDescending ? key.reversed : key }

  /// The key of a value in a column, and whether the column has it, or, of a text, only knows where it would be.
  private static func key(of value: ParameterValue, _ key: TrialKey, in texts: [String]) -> (key: SortKey, isFound: Bool) {
    func text(_ text: String) -> (SortKey, Bool) {
      let (place, isFound) = place(of: text, in: texts)
      return (SortKey(text: place), isFound)
    }
    switch (value, key) {
    case (.null, _): return (.none, true)
    case (.bool(let truth), _): return (SortKey(truth), true)
    case (.integer(let number), _): return (SortKey(Double(number)), true)
    case (.real(let number), _): return (SortKey(number), number.isFinite)
    case (.text(let name), .state):
      let place = TrialState.allCases.firstIndex { $0.rawValue == name }
      return (place.map { stateKey(UInt8($0)) } ?? .none, place != nil)
    case (.text(let time), .startedAt), (.text(let time), .finishedAt):
      let seconds = TimeText.seconds(time)
      return (seconds.map { SortKey($0) } ?? .none, seconds != nil)
    case (.text(let value), _): return text(ColumnText.of(value))
    case (.list, _), (.mapping, _): return text(ColumnText.ofJSON(value.json))
    }
  }

  private static func place(of text: String, in texts: [String]) -> (place: Int, isFound: Bool) {
    let place = texts.withUnsafeBufferPointer { $0.partition { $0 < text } }
    return (place, place < texts.count && texts[place] == text)
  }

  /// A filter by the columns as they are.
  private struct FilterTest {
    private let states: [Bool]
    private var ranges: [(keys: [SortKey], allowed: [ClosedRange<SortKey>])] = []
    private let own: [UInt8]
    private(set) var isImpossible = false

    init(_ filter: TrialFilter, _ columns: Columns) {
      own = columns.states
      states = (0..<256).map { byte in
        let (state, isPlanned) = (byte & ~Int(Columns.planned), byte & Int(Columns.planned) != 0)
        guard TrialState.allCases.indices.contains(state) else { return false }
        return filter.states.map { $0.contains(TrialState.allCases[state]) } ?? true && filter.isPlanned.map { $0 == isPlanned } ?? true
      }
      for condition in filter.conditions {
        guard let column = columns.columns[condition.key] else { continue }
        let allowed: [ClosedRange<SortKey>] =
          switch condition.test {
          case .range(let from, let to):
            Self.range(from ?? -.greatestFiniteMagnitude, to ?? .greatestFiniteMagnitude).map { [$0] } ?? []
          case .isAny(let values):
            values.compactMap { value in
              let (key, isFound) = Columns.key(of: value, condition.key, in: column.texts)
              return isFound ? key...key : nil
            }
          }
        if allowed.isEmpty { isImpossible = true }
        ranges.append((column.keys, allowed))
      }
    }

    private static func range(_ from: Double, _ to: Double) -> ClosedRange<SortKey>? {
      guard from <= to, from < .infinity, to > -.infinity else { return nil }  // NaN is in no range
      return SortKey(max(from, -.greatestFiniteMagnitude))...SortKey(min(to, .greatestFiniteMagnitude))
    }

    func passes(_ place: Int) -> Bool {
      guard states[Int(own[place])] else { return false }
      for index in ranges.indices where !isAllowed(index, ranges[index].keys[place]) { return false }
      return true
    }

    private func isAllowed(_ index: Int, _ key: SortKey) -> Bool {
      for range in ranges[index].allowed where range.lowerBound <= key && key <= range.upperBound { return true }
      return false
    }
  }

  // MARK: memory

  /// About what it keeps in memory.
  var bytes: Int {
    columns.values.reduce(states.count + 4 * ranking.count) { $0 + 8 * $1.keys.count + 64 * $1.texts.count } + orders.count * 4 * count
  }

  /// Forgets what was not asked for the longest, until so many bytes are left or there is nothing but what was asked for last.
  mutating func shrink(to limit: Int) {
    while bytes > limit {
      let column = columns.filter { $0.key != .objective && $0.value.use < uses }.min { $0.value.use < $1.value.use }?.key
      let order = orders.filter { $0.value.use < uses }.min { $0.value.use < $1.value.use }?.key
      if let order {
        orders[order] = nil
      } else if let column {
        columns[column] = nil
      } else {
        return
      }
    }
    for order in orders.keys where columns[order.key] == nil { orders[order] = nil }
  }
}

extension [Int32] {
  /// Takes places out of an order and puts them where they belong now.
  fileprivate mutating func move(_ moved: [Int32], count: Int, keeping isKept: (Int32) -> Bool = { _ in true }, key: (Int32) -> SortKey) {
    guard !moved.isEmpty else { return }
    var isMoved = [Bool](repeating: false, count: count)
    for place in moved { isMoved[Int(place)] = true }
    let rest = filter { !isMoved[Int($0)] }
    let coming = moved.filter(isKept).map { (key: key($0), place: $0) }.sorted { ($0.key, $0.place) < ($1.key, $1.place) }
    var result: [Int32] = []
    result.reserveCapacity(rest.count + coming.count)
    var start = 0
    rest.withUnsafeBufferPointer { rest in
      for new in coming {
        let tail = UnsafeBufferPointer(rebasing: rest[start...])
        let length = tail.partition { (key($0), $0) < (new.key, new.place) }
        result += tail[..<length]
        result.append(new.place)
        start += length
      }
      result += rest[start...]
    }
    self = result
  }
}

extension UnsafeBufferPointer {
  /// How many elements at the beginning are in front, where all that are come before all that are not.
  fileprivate func partition(_ isInFront: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isInFront(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// From rows' ids to places: in runs, because a plan gives both in order.
private struct Identities: Sendable {
  private struct Run: Sendable {
    let id: Int64
    let place: Int32
    var count: Int32
  }

  /// By id.
  private var runs: [Run] = []

  /// - Parameter pairs: that are not in it.
  mutating func add(_ pairs: [(id: Int64, place: Int32)]) {
    for (id, place) in pairs {
      if let last = runs.last, last.id + Int64(last.count) == id, last.place + last.count == place {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(id: id, place: place, count: 1))
      }
    }
    if zip(runs, runs.dropFirst()).contains(where: { $0.id > $1.id }) { runs.sort { $0.id < $1.id } }
  }

  /// The smallest id, one in the middle, the largest.
  var range: (Int64, Int64, Int64) {
    guard let first = runs.first, let last = runs.last else { return (0, 0, 0) }
    let end = last.id + Int64(last.count) - 1
    return (first.id, first.id + (end - first.id) / 2, end)
  }

  /// Finds places of ids that ascend, or nearly so.
  func finder() -> (Int64) -> Int? {
    var run = 0
    return { [runs] id in
      guard !runs.isEmpty else { return nil }
      if !(runs[run].id..<runs[run].id + Int64(runs[run].count)).contains(id) {
        run = max(0, runs.withUnsafeBufferPointer { $0.partition { $0.id <= id } } - 1)
      }
      let offset = id - runs[run].id
      return 0..<Int64(runs[run].count) ~= offset ? Int(runs[run].place) + Int(offset) : nil
    }
  }
}

/// Where the values of a key are.
private struct ColumnSource {
  private let key: TrialKey
  private let db: Database
  private let sweepID: Int64
  private let metricID: Int64
  private let finder: ParameterFinder?

  init(_ key: TrialKey, _ db: Database, _ sweep: SweepRecord) throws {
    (self.key, self.db, sweepID) = (key, db, sweep.id)
    if case .metric(let name) = key {
      let find = try db.cachedStatement(sql: "SELECT id FROM metric WHERE sweep_id = ? AND name = ?")
      metricID = try Int64.fetchOne(find, arguments: [sweep.id, name]) ?? -1
    } else {
      metricID = -1
    }
    if case .parameter(let name) = key { finder = ParameterFinder(name) } else { finder = nil }
  }

  private var columnName: String {
    switch key {
    case .number: "number"
    case .state: "state"
    case .objective: "objective"
    case .attempt: "attempt"
    case .epochsDone: "epochs_done"
    case .startedAt: "started_at"
    case .finishedAt: "finished_at"
    case .metric: "last"
    case .parameter: "parameters"
    }
  }

  /// Reads the trials whose ids are in a range.
  func read(from first: Int64, to last: Int64, into scan: inout ColumnScan, place: (Int64) -> Int?) throws {
    func take(_ row: OpaquePointer) {
      guard let place = place(sqlite3_column_int64(row, 0)) else { return }
      self.take(row, into: &scan, at: place)
    }
    if case .metric = key {
      try RawRows.forEach(
        db, "SELECT trial_id, last FROM trial_metric WHERE trial_id BETWEEN ?1 AND ?2 AND metric_id = ?3", [first, last, metricID], take)
    } else {
      try RawRows.forEach(
        db, "SELECT id, \(columnName) FROM trial WHERE id BETWEEN ?1 AND ?2 AND +sweep_id = ?3", [first, last, sweepID], take)
    }
  }

  /// Reads some trials, one by one.
  func read(_ ids: [Int64], states: [UInt8], numbers: [Int], into scan: inout ColumnScan) throws {
    for (index, id) in ids.enumerated() {
      switch key {
      case .number: scan.set(index, SortKey(Double(numbers[index] + 1)))
      case .state: scan.set(index, Columns.stateKey(states[index]))
      case .metric:
        try RawRows.forEach(db, "SELECT trial_id, last FROM trial_metric WHERE trial_id = ?1 AND metric_id = ?2", [id, metricID]) {
          take($0, into: &scan, at: index)
        }
      default:
        try RawRows.forEach(db, "SELECT id, \(columnName) FROM trial WHERE id = ?1", [id]) { take($0, into: &scan, at: index) }
      }
    }
  }

  private func take(_ row: OpaquePointer, into scan: inout ColumnScan, at place: Int) {
    switch key {
    case .parameter: if let text = RawRows.text(row, 1) { finder?.read(text, into: &scan, at: place) }
    case .startedAt, .finishedAt:
      if sqlite3_column_type(row, 1) == SQLITE_TEXT, let text = RawRows.text(row, 1), let seconds = TimeText.seconds(text) {
        scan.set(place, SortKey(seconds))
      }
    default: if let number = RawRows.number(row, 1) { scan.set(place, SortKey(number)) }
    }
  }
}
