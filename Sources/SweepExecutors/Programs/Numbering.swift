// Which epoch a report belongs to. Programs count epochs, halves of epochs, steps, or nothing; here is decided, once an attempt, which of their counters
// numbers what they report, so that of every metric a later report has the larger number. What is decided is told, never done in silence.

import SweepCore
import SweepFormats

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
  private var counter: String?
  /// Whether the reports are counted.
  private var isCounting = false
  /// Between what the program says and its epochs.
  private var offset = 0
  /// The least and the largest number that attempts before told; nil: there were none, or this one has told its first.
  private var before: ClosedRange<Double>?
  /// Of the report before.
  private var current: Int?
  private var currentTold: Double?
  /// Of the reports so far, and of the attempts before.
  private(set) var last: Int
  /// By metric.
  private(set) var latest: [String: (epoch: Int, value: Double)]
  /// Numbers as they were told, and whether each was larger than the one before.
  private var told: [(epoch: Int, number: Double)] = []
  private var isAscending = true
  private var hasRemarkedOnOthers = false

  /// - Parameters:
  ///   - counter: the name of the program's counter, where its author says it.
  ///   - objective: which is no counter, whatever its name.
  ///   - last: the epoch after which it begins.
  ///   - latest: the last epoch of metrics that others told in attempts before.
  init(counter: String? = nil, objective: String = "", after last: Int = 0, latest: [String: Int] = [:]) {
    candidates = counter.map { [$0] } ?? Self.standardCounters.filter { $0 != objective }
    (self.counter, self.last) = (counter, last)
    self.latest = latest.mapValues { ($0, .nan) }
  }

  /// The same for an attempt that goes on from the checkpoint of the one before.
  var continued: Numbering {
    var next = self
    (next.current, next.currentTold, next.hasRemarkedOnOthers) = (nil, nil, false)
    let numbers = told.map(\.number)
    next.before = numbers.min().flatMap { least in numbers.max().map { least...$0 } }
    return next
  }

  /// Whether a name is one that may number reports.
  func isCounter(_ name: String) -> Bool { candidates.contains(name) }

  /// Whether a number was ever told.
  var hasCounter: Bool { !told.isEmpty }

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
    goOn(at: number, of: name, &place)
    if !isCounting { keepNumber(number, of: name, &place) }
    if isCounting {
      let isSame = number == currentTold && !place.values.contains { latest[$0.name]?.epoch == current }
      place.epoch = isSame ? current ?? last + 1 : last + 1
      place.values.append((name, number))
    }
    note(number, at: place.epoch)
    return keep(place)
  }

  /// Steps of a format grow by themselves, each metric for itself: what was written without a step, or with one that was there, follows.
  private mutating func place(_ values: [(name: String, value: Double)], atStep step: Int) -> Place {
    var place = Place(values: values)
    goOn(at: Double(step), of: "step", &place)
    place.epoch = step + offset
    let before = values.compactMap { name, value in
      latest[name].flatMap { $0.epoch > place.epoch || $0.epoch == place.epoch && $0.value.bitPattern != value.bitPattern ? $0.epoch : nil }
    }.max()
    if let before {
      place.epoch = before + 1
      place.remarks.append(
        ReportRemark(key: "steps", text: "wrote \(values[0].name) of step \(step) again, or of an earlier one: such values are counted"))
    }
    // Metrics have steps of their own: that one is behind another is no fall.
    if told.last.map({ $0.epoch < place.epoch }) ?? true { note(Double(step), at: place.epoch) }
    return keep(place)
  }

  /// Where a summary belongs: to what was reported last.
  mutating func placeOfSummary(_ report: ProgramReport) -> Place {
    keep(Place(epoch: current ?? (last == 0 && told.isEmpty ? 0 : last + 1), values: report.values))
  }

  /// What was told of a metric after an epoch was another's; nil: all of it.
  mutating func forget(_ metric: String, after epoch: Int?) {
    latest[metric] = epoch.flatMap { epoch in latest[metric].map { (min(epoch, $0.epoch), $0.value) } }
  }

  // MARK: the counter

  /// The number by which a report is placed, of those that it tells.
  private mutating func number(_ counters: [(name: String, value: Double)], _ place: inout Place) -> (name: String, number: Double)? {
    if counter == nil, !counters.isEmpty {
      let ordered = candidates.compactMap { name in counters.first { $0.name == name } }
      let chosen = ordered.first { Int(exactly: $0.value) != nil } ?? ordered[0]
      counter = chosen.name
      remark(on: ordered, &place, because: chosen.name == ordered[0].name ? "the finer one" : "which is a whole number")
    } else {
      remark(on: counters, &place, because: "which came first")
    }
    return counters.first { $0.name == counter }.map { ($0.name, $0.value) }
  }

  private mutating func remark(on counters: [(name: String, value: Double)], _ place: inout Place, because reason: String) {
    let others = counters.filter { $0.name != counter }
    guard let counter, let other = others.first, !hasRemarkedOnOthers else { return }
    hasRemarkedOnOthers = true
    let names = others.map(\.name).joined(separator: " and ")
    let remedy = Int(exactly: other.value) == nil ? "" : "; 'report: {epoch: \(other.name)}' numbers its reports by that"
    place.remarks.append(
      ReportRemark(key: "\(counter) before \(names)", text: "counts by \(counter), \(reason), and \(names) is kept as a metric\(remedy)"))
  }

  /// Takes the number for the epoch, or begins to count.
  private mutating func keepNumber(_ number: Double, of name: String, _ place: inout Place) {
    guard let whole = Int(exactly: number) else { return count(name, &place, because: "told \(name) \(number), which is no whole number") }
    let epoch = whole + offset
    let latest = place.values.compactMap { self.latest[$0.name]?.epoch }.max() ?? epoch
    if latest > epoch { return count(name, &place, because: "told \(name) \(whole) after \(latest - offset)") }
    let again = place.values.first { name, value in
      self.latest[name].map { $0.epoch == epoch && $0.value.bitPattern != value.bitPattern } ?? false
    }
    if let again {
      place.remarks.append(
        ReportRemark(key: "twice", text: "told \(again.name) of \(name) \(whole) more than once; of the values of one \(name) the last counts"))
    }
    place.epoch = epoch
  }

  private mutating func count(_ name: String, _ place: inout Place, because reason: String) {
    isCounting = true
    place.earlier = told.map { ($0.epoch, name, $0.number) }
    place.remarks.append(
      ReportRemark(
        key: "counts by itself, not by \(name)",
        text: "\(reason): its reports are counted\(told.isEmpty ? "" : " from there on"), and \(name) is kept as a metric"))
  }

  // MARK: attempts before

  /// The first number that an attempt tells which goes on from the checkpoint of another: it goes on, begins anew, or tells again what was told.
  private mutating func goOn(at number: Double, of name: String, _ place: inout Place) {
    guard let before else { return }
    self.before = nil
    if number > before.upperBound { return }
    let (shown, largest) = (Self.text(number), Self.text(before.upperBound))
    if number <= before.lowerBound {
      // A number that is counted anyway needs no place of its own.
      if let whole = Int(exactly: number), !isCounting { offset = last + 1 - whole }
      place.remarks.append(
        ReportRemark(
          key: "continued",
          text: "went on from its checkpoint and begins with \(name) \(shown) again: that is epoch \(last + 1), after those of the attempt before"))
    } else if isAscending, !isCounting || told.count < Self.mostTold {
      let epoch =
        isCounting ? told.last { $0.number < number }?.epoch ?? -1 : Int(number.rounded(.up)) + offset - 1
      place.withdrawsAfter = epoch
      told.removeAll { $0.epoch > epoch }
      latest = latest.mapValues { ($0.epoch > epoch ? epoch : $0.epoch, $0.epoch > epoch ? .nan : $0.value) }
      last = epoch
      place.remarks.append(
        ReportRemark(
          key: "again",
          text: "went on from its checkpoint and tells \(name) \(shown)\(number == before.upperBound ? "" : " to \(largest)") again, "
            + "which replaces what was told before"))
    } else {
      place.remarks.append(
        ReportRemark(
          key: "unclear",
          text:
            "went on from its checkpoint with \(name) \(shown), which it had told more than once before: its reports are counted, and what is told again "
            + "is there twice"))
    }
  }

  private static func text(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? String(number) }

  /// Numbers that are remembered.
  private static let mostTold = 100_000

  private mutating func note(_ number: Double, at epoch: Int) {
    if told.last.map({ $0.epoch < epoch }) ?? true {
      if let previous = told.last?.number, number < previous { isAscending = false }
      if told.count < Self.mostTold { told.append((epoch, number)) } else { told[told.count - 1] = (epoch, number) }
    }
    currentTold = number
  }

  // MARK: reports without a number

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
