// A file is planned again and is not what it was: what may change, and what would make its trials another sweep's. Judged here, before anything is written.

import Foundation
import SweepCore
import SweepExecutors
import SweepStore

/// A sweep as it was planned, and its file as it is now.
package struct PlannedChanges {
  package let old: SweepFile
  private let new: SweepFile
  private let counts: StateCounts

  package init(from old: SweepFile, to new: SweepFile, counts: StateCounts) { (self.old, self.new, self.counts) = (old, new, counts) }

  /// - Parameters:
  ///   - learns: whether points are chosen by results.
  ///   - isSame: whether the user says that the project is the same.
  /// - Throws: where the trials would not be comparable, or are perhaps those of another project.
  package func check(learns: Bool, isSame: Bool) throws(SweepError) {
    let complaints = definition(learns: learns) + (isSame || !hasResults ? [] : project)
    if !complaints.isEmpty { throw SweepError(.input, complaints) }
  }

  private var hasResults: Bool { counts.ended + counts[.running] + counts[.paused] + counts.interrupted > 0 }

  // MARK: what is asked for

  /// A sweep grows and shrinks by its swept parameters; everything else stays, or the trials would not be comparable.
  private func definition(learns: Bool) -> [Diagnostic] {
    var complaints: [Diagnostic] = []
    func changed(_ what: String, _ before: String, _ now: String) {
      complaints.append(
        Diagnostic(
          "\(what) was \(before) when '\(new.name)' was planned and is now \(now)",
          remedy: "start a new sweep with --name NEW-NAME, or restore \(what): \(before)"))
    }
    if old.trainer != new.trainer { changed("trainer", old.trainer, new.trainer) }
    if old.method != new.method { changed("method", old.method, new.method) }
    if old.seed != new.seed { changed("seed", String(old.seed), String(new.seed)) }
    if old.objectives != new.objectives, let decided = decidedByObjectives(learns: learns) {
      let (what, it) = max(old.objectives.count, new.objectives.count) > 1 ? ("metrics were", "them") : ("metric was", "it")
      complaints.append(
        Diagnostic(
          "the \(what) '\(old.objectives.text)' when \(decided) by \(it), and \(it == "it" ? "is" : "are") now '\(new.objectives.text)'",
          remedy:
            "'sweep rank \(new.name) --metric \(new.objective.metric) --goal \(new.objective.goal.rawValue)\(new.objective.at == .last ? "" : " --at best")' ranks what was measured; "
            + "to decide by \(it) start a new sweep with --name NEW-NAME, or restore the metric\(it == "it" ? "" : "s")"))
    }
    if old.earlyTermination != new.earlyTermination {
      changed("early_terminate", old.earlyTermination?.text ?? "none", new.earlyTermination?.text ?? "none")
    } else if old.order != new.order {
      changed("order", old.order.rawValue, new.order.rawValue)
    }
    if new.method == "latin", old.rules.runCap != new.rules.runCap {
      changed(
        "run_cap, by which a Latin hypercube is made,", old.rules.runCap.map(String.init) ?? "none", new.rules.runCap.map(String.init) ?? "none")
    }
    if learns {
      if old.parallel != new.parallel { changed("parallel", String(old.parallel), String(new.parallel)) }
      if old.cost != new.cost { changed("cost", old.cost?.text ?? "1", new.cost?.text ?? "1") }
      if old.isNoisy != new.isNoisy { changed("noise", String(old.isNoisy), String(new.isNoisy)) }
      if old.prior != new.prior {
        changed(
          "prior", old.prior.isEmpty ? "none" : old.prior.joined(separator: ", "), new.prior.isEmpty ? "none" : new.prior.joined(separator: ", "))
      }
    }
    for name in Set(old.space.names).union(new.space.names).sorted() {
      switch (old.space[name]?.domain, new.space[name]?.domain) {
      case (.constant(let before)?, .constant(let now)?) where !before.means(now): changed(name, before.description, now.description)
      case (let before?, nil): changed(name, before.text, "missing")
      case (nil, _?):
        complaints.append(
          Diagnostic(
            "'\(new.name)' was planned when \(name) was no parameter", remedy: "start a new sweep with --name NEW-NAME: its numbers may differ"))
      default: break
      }
    }
    return complaints
  }

  /// What was decided by the metrics that the sweep had, in words; nil: nothing was, and what was measured can be ranked by others.
  private func decidedByObjectives(learns: Bool) -> String? {
    if learns, hasResults { return "points were chosen" }
    if old.objective == new.objective { return nil }  // trials are stopped by the first alone
    if counts[.pruned] > 0 { return "\(counted(counts[.pruned], "trial")) \(counts[.pruned] == 1 ? "was" : "were") stopped" }
    return old.earlyTermination != nil && counts[.running] > 0 ? "trials that run are compared" : nil
  }

  // MARK: whose it is

  /// What says that this is perhaps another project's file, or what else may make the numbers others: only the user knows.
  private var project: [Diagnostic] {
    var changes: [(what: String, before: String, now: String)] = []
    func compare(_ what: String, _ before: String?, _ now: String?) {
      if before != now { changes.append((what, before ?? "not set", now ?? "not set")) }
    }
    if let before = old.origin, let now = new.origin { compare("file", before, now) }
    if let before = old.program, let now = new.program {
      compare("command", before.command.text, now.command.text)
      // Seen from the database, where both are; that of a version before was not.
      let isSeen = old.programFolder?.hasPrefix("/") == new.programFolder?.hasPrefix("/")
      compare("folder", isSeen ? old.programFolder : before.folder, isSeen ? new.programFolder : now.folder)
      for name in Set(before.environment.keys).union(now.environment.keys).sorted() {
        compare("environment.\(name)", before.environment[name], now.environment[name])
      }
      compare("report.pattern", before.report.pattern, now.report.pattern)
      compare("report.epoch", before.report.epoch, now.report.epoch)
    }
    return changes.map { what, before, now in
      Diagnostic(
        "the \(what) was \(before) when trials of '\(new.name)' ran, and is now \(now)",
        remedy: "if this is another sweep, give it a name of its own: --name NEW-NAME; if it is the same, and its numbers too, say so: --same")
    }
  }
}

extension SweepFile {
  /// The same with its place seen from the folder of the database, so that both can be moved together.
  func from(folderOf database: String) -> SweepFile {
    guard let origin, origin.hasPrefix("/") else { return self }
    let base = URL(fileURLWithPath: database).resolvingSymlinksInPath().deletingLastPathComponent().pathComponents
    func seen(_ path: String) -> String {
      let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().pathComponents
      let common = zip(base, path).prefix { $0 == $1 }.count
      let steps = base.dropFirst(common).map { _ in ".." } + path.dropFirst(common)
      return steps.isEmpty ? "." : steps.joined(separator: "/")
    }
    var file = self
    file.origin = seen(origin)
    file.programFolder = program.map { seen($0.folder) }
    return file
  }
}

extension EarlyTermination {
  /// "hyperband with min_iter 3, eta 3"
  fileprivate var text: String {
    let given = options.filter { $0.value != .null }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return given.isEmpty ? type : "\(type) with \(given.joined(separator: ", "))"
  }
}
