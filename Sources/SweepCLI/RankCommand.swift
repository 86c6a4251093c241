// `sweep rank [SWEEP]`: the trials in order of the objective.

import ArgumentParser
import SweepCore
import SweepKit
import SweepReport
import SweepStore

struct RankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank", abstract: "Rank a sweep's trials by its objective, with 95 % intervals.",
    discussion: """
      The interval of an accuracy is Wilson's score interval over the images it was measured on.
      ≈ marks the trials that cannot be told from the best: a set that holds the truly best one with 95 % probability, from the answers of all
      trials to the same images (docs/ranking.md). Beside it stands how far behind the best a trial may be.
      For people (table, markdown) the objective, the test accuracy and what was swept; for programs (csv, json) every parameter and metric.
      Of a sweep with several objectives the trials of the Pareto front, than which no other is better in all of them; --all goes on with those
      that it dominates, front by front. --metric ranks by one metric alone.

      EXAMPLE
        sweep rank
        sweep rank cifar10-grid --top 10 --format markdown
        sweep rank --group-by all-but-seed
        sweep rank --metric test_loss --goal minimize --at best
        sweep rank --format json | jq '.[0].eta'
      """)

  @Argument(help: "The sweep's name (default: the newest).") var sweep: String?
  @Option(help: "Only the first so many (default: 50 for people, all for programs).") var top: Int?
  @Flag(help: "Rank every trial that has a value, not only complete ones.") var all = false
  @Option(
    help: ArgumentHelp(
      "Rank groups of trials by their mean: trials with equal values of these parameters (names with commas, or all-but-seed: of all but that).",
      valueName: "parameters")) var groupBy: String?
  @OptionGroup var objective: ObjectiveOption
  @OptionGroup var database: DatabaseOption
  @OptionGroup var format: FormatOption

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top is \(top); use 1 or more") }
  }

  func run() throws {
    let store = try database.reading()
    let record = try objective.applied(to: try store.sweep(named: sweep), in: store)
    if sweep == nil { Terminal.error("sweep \(record.name)") }
    if record.isRankedByOther { Terminal.error("ranked by \(record.objective.text)") }
    if groupBy == nil, record.objectives.count > 1 {
      try Self.printFronts(record, in: store, format: format, all: all, top: top)
      if let left = try store.counts(sweepID: record.id).notRanked { Terminal.error("not in the fronts: \(left)") }
      return
    }
    if let groupBy {
      try printGroups(record, by: groupBy, in: store)
    } else {
      try Self.print(record, in: store, format: format, all: all, top: top)
    }
    let without = format.isForPeople ? try store.unranked(record) : 0
    if without > 0 { Terminal.error("not ranked: \(without) complete without a value of \(record.objective.metric)") }
    if !all, let left = try store.counts(sweepID: record.id).notRanked {
      Terminal.error("not ranked: \(left) (--all ranks every trial that has a value)")
    }
  }

  private func printGroups(_ sweep: SweepRecord, by text: String, in store: Store) throws {
    let names = try Self.groupNames(text, space: sweep.space)
    let trials = try store.ranking(sweep, all: all)
    if trials.isEmpty { return Terminal.error("no trials to rank yet: none is complete and has reported the metric") }
    let table = GroupedTable(
      sweep, trials: trials, by: names, metrics: try store.metrics(sweepID: sweep.id),
      answers: try Noise.answers(of: sweep, in: store))
    try format.print(table.table(limit: top ?? (format.isForPeople ? 50 : table.count), forPeople: format.isForPeople))
    Terminal.error(table.sentence)
  }

  /// The parameters that a text such as "lambda,eta" or "all-but-seed" names; of the complement the swept ones.
  private static func groupNames(_ text: String, space: SearchSpace) throws(SweepError) -> [String] {
    let isComplement = text.hasPrefix("all-but-")
    let given = (isComplement ? text.dropFirst("all-but-".count) : text[...]).split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.split(separator: " ").joined(separator: " ") }
    for (index, name) in given.enumerated() {
      if name.isEmpty { throw SweepError(.usage, "--group-by '\(text)' lacks a name", remedy: "write, for example, --group-by all-but-seed") }
      if given[..<index].contains(name) { throw SweepError(.usage, "--group-by names \(name) twice", remedy: "name it once") }
      if space[name] == nil { throw SweepError(.usage, .unknown("parameter", name, known: space.sweptNames, place: "--group-by")) }
    }
    return isComplement ? space.sweptNames.filter { !given.contains($0) } : given
  }

  /// The Pareto front; with `all` the dominated trials after it, then those that are not complete; with `top` the first so many of them all.
  private static func printFronts(
    _ sweep: SweepRecord, in store: Store, format: FormatOption, all: Bool, top: Int?, quiet: Bool = false
  ) throws {
    let ranking = try ParetoRanking(of: sweep, in: store)
    let limit = top ?? (format.isForPeople ? 50 : .max)
    let members = ranking.order.prefix(all || top != nil ? limit : min(limit, ranking.front.count))
    let shown = Set(members.map(\.number))
    var trials: [RankedTrial] = []
    try store.forEachRanked(sweep, all: all) { ranked in
      let isLeft = all && ranking.place(of: ranked.trial.number) == nil
      if shown.contains(ranked.trial.number) || isLeft && trials.count < limit { trials.append(ranked) }
    }
    if trials.isEmpty, format.isForPeople {
      return Terminal.error("no trials to rank yet: none is complete and has reported \(sweep.objectives.map(\.metric).joined(separator: " and "))")
    }
    let file = try sweep.file
    let trainer = try? Registry<TrainerEntry>.builtin().entry(for: file)
    let table = FrontTable(
      sweep, ranking, trials: trials, limit: limit, metrics: try store.metrics(sweepID: sweep.id), parameters: file.space.names,
      swept: file.space.sweptNames
    ) {
      trainer?.samples($0, $1)
    }
    try format.print(format.isForPeople ? table.forPeople : table.forPrograms)
    if quiet { return }
    if let sentence = ranking.sentence { Terminal.error(sentence) }
    for (metric, count) in ranking.lacking { Terminal.error("not in the fronts: \(count) complete without a value of \(metric)") }
    let left = ranking.order.count - members.count
    if left > 0 { Terminal.error("\(counted(left, "trial")) more\(all ? "" : "; --all goes on with those that are dominated")") }
  }

  static func print(
    _ sweep: SweepRecord, in store: Store, format: FormatOption, all: Bool = false, top: Int? = nil, quiet: Bool = false
  ) throws {
    if sweep.objectives.count > 1 { return try printFronts(sweep, in: store, format: format, all: all, top: top, quiet: quiet) }
    let limit = top ?? (format.isForPeople ? 50 : nil)
    // People get few, programs all of them, one after the other.
    let trials = format.isForPeople ? try store.ranking(sweep, all: all, limit: limit) : []
    if trials.isEmpty, format.isForPeople { return Terminal.error("no trials to rank yet: none is complete and has reported the metric") }
    let file = try sweep.file
    let trainer = try? Registry<TrainerEntry>.builtin().entry(for: file)
    let complete = try store.counts(sweepID: sweep.id).planned[.complete] ?? 0
    let noise = try Noise(of: sweep, ranked: complete, in: store)
    let table = RankedTable(
      sweep, trials: trials, metrics: try store.metrics(sweepID: sweep.id), parameters: file.space.names, swept: file.space.sweptNames, noise: noise
    ) {
      trainer?.samples($0, $1)
    }
    var shown = trials.count
    if format.isForPeople {
      try format.print(table.forPeople)
    } else {
      try format.print(
        table.forPrograms { visit in
          try store.forEachRanked(sweep, all: all, limit: limit) { ranked in
            shown += 1
            try visit(ranked)
          }
        })
    }
    if !quiet { for sentence in noise?.sentences ?? [] { Terminal.error(sentence) } }
    if !quiet, format.isForPeople, (file.space["seed"]?.domain.count ?? 1) > 1 {
      Terminal.error("seeds are repeated: 'sweep rank \(sweep.name) --group-by all-but-seed' ranks the settings")
    }
    guard let limit, shown == limit, !all else { return }
    if complete > limit { Terminal.error("the first \(limit) of \(complete); 'sweep rank \(sweep.name) --top \(complete)' shows all") }
  }
}
