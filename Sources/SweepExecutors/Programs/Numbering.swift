// Which epoch a report belongs to. Programs count epochs, halves of epochs, steps, or nothing; here is decided, once an attempt, which of their counters
// numbers what they report, so that of every metric a later report has the larger number. What is decided is told, never done in silence.

import SweepCore
import SweepFormats

/// What attempts before left to an attempt that goes on from their checkpoint.
struct Continuation: Codable, Equatable {
  /// The smallest and the largest epoch that was told.
  let first: Int
  let last: Int
}

/// Something that is to be said of a trial's reports: once in a run, however many trials do the same.
struct ReportRemark: Equatable {
  /// The same for all that need not be said again.
  let key: String
  /// Follows "trial 3 ".
  let text: String
}

/// Numbers the reports of one writer.
///
/// A number is kept as long as it does not fall; what is told of it again replaces what was. Where it falls, or is no whole number, the reports are counted
/// from there on, and the counter is a metric like others. So the last value is the one that was told last.
struct Numbering {
  /// The finest first: an epoch may have several reports.
  static let standardCounters = ["global_step", "step", "epoch"]

  /// Where a report belongs.
  struct Place {
    var epoch = 0
    /// Empty where the report says no more than where the program is.
    var values: [(name: String, value: Double)] = []
    /// What is to be told of epochs before.
    var earlier: [(epoch: Int, name: String, value: Double)] = []
    /// The last epoch of attempts before that counts still; nil: all do.
    var withdrawsAfter: Int?
    var remarks: [ReportRemark] = []
  }

  private let candidates: [String]
  private let continuation: Continuation?
  private var counter: String?
  /// Whether the reports are counted.
  private var isCounting = false
  /// Between what the program says and its epochs; nil: it has said nothing yet.
  private var offset: Int?
  /// Of the report before.
  private var current: Int?
  private var currentTold: Double?
  /// Of the reports so far, and of the attempts before.
  private(set) var last: Int
  /// By metric.
  private var latest: [String: (epoch: Int, value: Double)] = [:]
  /// Numbers as they were told, for as long as they are kept.
  private var told: [(epoch: Int, number: Double)] = []
  private var hasRemarkedOnOthers = false

  /// - Parameters:
  ///   - counter: the name of the program's counter, where its author says it.
  ///   - continuation: nil: the attempt begins anew.
  init(counter: String? = nil, after continuation: Continuation? = nil) {
    candidates = counter.map { [$0] } ?? Self.standardCounters
    (self.counter, self.continuation) = (counter, continuation)
    last = continuation?.last ?? 0
  }

  /// - Parameter isCounter: whether a value may be a counter.
  mutating func place(_ report: ProgramReport, isCounter: (String) -> Bool = { _ in true }) -> Place {
    if let step = report.step { return place(report.values, atStep: step) }
    var place = Place()
    let counters = report.values.filter { candidates.contains($0.name) && isCounter($0.name) && 0...Double(EpochMetrics.largestEpoch) ~= $0.value }
    guard let (name, number) = self.number(counters, &place) else {
      place.values = report.values
      place.epoch = next(for: place.values)
      return keep(place)
    }
    place.values = report.values.filter { $0.name != name }
    if !isCounting { keepNumber(number, of: name, &place) }
    if isCounting {
      let isSame = number == currentTold && !place.values.contains { latest[$0.name]?.epoch == current }
      place.epoch = isSame ? current ?? last + 1 : last + 1
      place.values.append((name, number))
    }
    currentTold = number
    return keep(place)
  }

  /// Steps of a format grow by themselves, each metric for itself: what was written without a step, or with one that was there, follows.
  private mutating func place(_ values: [(name: String, value: Double)], atStep step: Int) -> Place {
    var place = Place(values: values)
    if offset == nil { begin(at: step, of: "step", &place) }
    place.epoch = step + (offset ?? 0)
    let before = values.compactMap { name, value in latest[name].flatMap { $0.value.bitPattern == value.bitPattern ? nil : $0.epoch } }.max()
    if let before, before >= place.epoch {
      place.epoch = before + 1
      place.remarks.append(
        ReportRemark(key: "steps", text: "wrote \(values[0].name) of step \(step) again, or of an earlier one: such values are counted"))
    }
    return keep(place)
  }

  /// Whether a name is one that may number reports.
  func isCounter(_ name: String) -> Bool { candidates.contains(name) }

  /// What was told of a metric after an epoch was another's; nil: all of it.
  mutating func forget(_ metric: String, after epoch: Int?) {
    latest[metric] = epoch.flatMap { epoch in latest[metric].map { (min(epoch, $0.epoch), $0.value) } }
  }

  /// Where a summary belongs: to what was reported last.
  mutating func placeOfSummary(_ report: ProgramReport) -> Place {
    keep(Place(epoch: current ?? (continuation == nil ? 0 : last + 1), values: report.values))
  }

  /// The number by which a report is placed, of those that it tells.
  private mutating func number(_ counters: [(name: String, value: Double)], _ place: inout Place) -> (name: String, number: Double)? {
    if counter == nil, !counters.isEmpty {
      let ordered = candidates.compactMap { name in counters.first { $0.name == name } }
      let chosen = ordered.first { Int(exactly: $0.value) != nil } ?? ordered[0]
      counter = chosen.name
      remark(on: ordered.map(\.name).filter { $0 != chosen.name }, &place, because: "the finer one")
    } else {
      remark(on: counters.map(\.name).filter { $0 != counter }, &place, because: "which came first")
    }
    return counters.first { $0.name == counter }.map { ($0.name, $0.value) }
  }

  private mutating func remark(on others: [String], _ place: inout Place, because reason: String) {
    guard let counter, !others.isEmpty, !hasRemarkedOnOthers else { return }
    hasRemarkedOnOthers = true
    place.remarks.append(
      ReportRemark(
        key: "\(counter) before \(others)",
        text: "counts by \(counter), \(reason), and \(others.joined(separator: " and ")) is kept as a metric; "
          + "'report: {epoch: \(others[0])}' numbers its reports by that"))
  }

  /// Takes the number for the epoch, or begins to count.
  private mutating func keepNumber(_ number: Double, of name: String, _ place: inout Place) {
    guard let whole = Int(exactly: number) else { return count(name, &place, because: "told \(name) \(number), which is no whole number") }
    if offset == nil { begin(at: whole, of: name, &place) }
    let epoch = whole + (offset ?? 0)
    let latest = place.values.compactMap { self.latest[$0.name]?.epoch }.max() ?? epoch
    if latest > epoch { return count(name, &place, because: "told \(name) \(whole) after \(latest - (offset ?? 0))") }
    let again = place.values.first { name, value in
      self.latest[name].map { $0.epoch == epoch && $0.value.bitPattern != value.bitPattern } ?? false
    }
    if let again {
      place.remarks.append(
        ReportRemark(key: "twice", text: "told \(again.name) of \(name) \(whole) more than once; of the values of one \(name) the last counts"))
    }
    place.epoch = epoch
    if told.count < Self.mostTold, told.last.map({ $0.epoch < epoch }) ?? true { told.append((epoch, number)) }
  }

  /// Epochs whose numbers are made a metric when counting begins.
  private static let mostTold = 10_000

  /// The first number that an attempt tells.
  private mutating func begin(at number: Int, of name: String, _ place: inout Place) {
    offset = 0
    guard let continuation, number <= continuation.last else { return }
    if number <= continuation.first {
      let next = continuation.last + 1
      offset = next - number
      place.remarks.append(
        ReportRemark(
          key: "continued",
          text: "went on from its checkpoint and begins with \(name) \(number) again: that is epoch \(next), after those of the attempt before"))
    } else {
      place.withdrawsAfter = number - 1
      let told = number == continuation.last ? "\(name) \(number)" : "\(name) \(number) to \(continuation.last)"
      place.remarks.append(
        ReportRemark(key: "again", text: "went on from its checkpoint and tells \(told) again, which replaces what was told before"))
    }
  }

  private mutating func count(_ name: String, _ place: inout Place, because reason: String) {
    isCounting = true
    place.earlier = told.map { ($0.epoch, name, $0.number) }
    told = []
    place.remarks.append(
      ReportRemark(
        key: "counts by itself, not by \(name)",
        text: "\(reason): its reports are counted\(place.earlier.isEmpty ? "" : " from there on"), and \(name) is kept as a metric"))
  }

  /// Of a report without a number: that of the report before, until a name comes again.
  private func next(for values: [(name: String, value: Double)]) -> Int {
    guard let current, !values.contains(where: { latest[$0.name].map { $0.epoch >= current } ?? false }) else { return last + 1 }
    return current
  }

  private mutating func keep(_ place: Place) -> Place {
    current = place.epoch
    if !place.values.isEmpty { last = max(last, place.epoch) }
    for (name, value) in place.values { latest[name] = (place.epoch, value) }
    return place
  }
}
