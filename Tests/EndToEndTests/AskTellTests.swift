// Trials that somebody else runs: whose a trial is, what the sweep's rules say to who asks and tells, and what asking costs.

import Foundation
import GRDB
import SweepTestSupport
import Testing

struct AskTellTests {
  private let folder = TemporaryFolder()
  private var binary: SweepBinary { SweepBinary(in: folder.path) }
  private var database: String { folder.path("results.sqlite") }

  /// Three trials, for whoever asks.
  private func write(_ more: String = "", trainer: String = "trainer: ask", metric: String = "", method: String = "grid") throws {
    try folder.write(
      """
      name: k
      \(trainer)
      method: \(method)
      metric: {name: acc, goal: maximize\(metric)}
      parameters: {x: {values: [1, 2, 3]}}
      \(more)
      """, to: "k.yaml")
  }

  private func texts(_ sql: String) throws -> [String] { try Results.texts(database, sql) }
  private func trials() throws -> [String] { try texts("SELECT trial, state, epochs_done, objective, reason FROM trials_k") }

  /// - Returns: what identifies the trials that were given out.
  @discardableResult private func ask(_ count: Int) throws -> [String] {
    try (0..<count).map { index in
      let result = try binary.run(index == 0 ? ["ask", "k.yaml"] : ["ask"])
      #expect(result.status == 0, "\(result.errors)")
      return try token(result)
    }
  }

  private func token(_ result: SweepBinary.Result) throws -> String {
    let answer = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    return try #require(answer["token"] as? String)
  }

  @discardableResult private func tell(_ words: String, expecting status: Int32 = 0) throws -> SweepBinary.Result {
    let result = try binary.run(["tell"] + words.split(separator: " ").map(String.init))
    #expect(result.status == status, "tell \(words): \(result.errors)")
    return result
  }

  /// What who tells of an epoch is told.
  private func verdict(_ words: String) throws -> String {
    let answer = try JSONSerialization.jsonObject(with: Data(tell(words + " --more").output.utf8)) as? [String: String]
    return answer?["verdict"] ?? "none"
  }

  // MARK: whose a trial is

  @Test(arguments: ["trainer: ask", ""]) func aRunLeavesTheTrialsOfOthersAlone(trainer: String) throws {
    try write(trainer: trainer)
    try ask(1)
    try tell("1 --epoch 1 acc=.5 --more")
    let run = try binary.run("run", "k.yaml")
    #expect(run.status == 65 && run.errors.contains("names no program to run"), "\(run.errors)")
    #expect(try trials() == ["1 running 1 0.5 null", "2 waiting 0 null null", "3 waiting 0 null null"])
    #expect(try texts("SELECT trial, epoch, acc FROM epochs_k") == ["1 1 0.5"])
    try tell("1 acc=.9")
    #expect(try trials().first == "1 complete 2 0.9 null")
  }

  @Test func aTrialThatWasTakenBackIsThatOfTheSecondAsker() throws {
    try write()
    #expect(try ask(1) == ["1-1"])
    #expect(try token(try binary.run("ask", "--take-back")) == "1-2")
    #expect(try token(try binary.run("ask")) == "2-1")
    for words in ["acc=1", "acc=1 --more", "--failed late"].flatMap({ ["1 \($0)", "1 --token 1-1 \($0)"] }) {
      let refused = try tell(words, expecting: 65)
      #expect(refused.errors.contains("trial 1 of 'k' was taken back"), "\(refused.errors)")
    }
    #expect(try trials().first == "1 running 0 null null")
    #expect(try texts("SELECT count(*) FROM epoch_metric") == ["0"])
    try tell("1 --token 1-2 acc=1")
    #expect(try trials().first == "1 complete 1 1.0 null")
  }

  @Test func whoHasATrialThatNobodyTookBackNeedsNoToken() throws {
    try write()
    try ask(2)
    try tell("1 acc=1")
    try tell("2 --token 2-1 acc=2")
    #expect(Array(try trials().prefix(2)) == ["1 complete 1 1.0 null", "2 complete 1 2.0 null"])
  }

  @Test func theTokenOfAnotherTrialIsRefused() throws {
    try write()
    try ask(2)
    for words in ["1 --token 2-1 acc=1", "1 --token 1-2 acc=1", "1 --token 2-1 acc=1 --more"] { try tell(words, expecting: 65) }
    #expect(try trials().first == "1 running 0 null null")
  }

  @Test(arguments: ["1", "1-", "-1", "1-0", "0-1", "1-1-1", "a-b", "1-x", "1-9999999999999999999999"])
  func whatIsNoTokenIsAMistakeOfUse(token: String) throws {
    try write()
    try ask(1)
    let result = try binary.run("tell", "1", "acc=1", "--token=\(token)")
    #expect(result.status == 64 && result.errors.contains("is no token"), "\(result.errors)")
    #expect(try trials().first == "1 running 0 null null")
  }

  @Test func whatWasToldBeforeATrialWasTakenBackIsForgotten() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}")
    try ask(2)
    #expect(try verdict("2 --epoch 1 acc=.1") == "wait")
    let first = try binary.run("ask", "--take-back")
    #expect(try token(first) == "1-2" && token(try binary.run("ask")) == "2-2")
    #expect(try verdict("1 --token 1-2 --epoch 1 acc=.9") == "proceed")
    #expect(try verdict("2 --token 2-2 --epoch 1 acc=.95") == "proceed")
    #expect(try texts("SELECT trial, epoch, acc FROM epochs_k") == ["1 1 0.9", "2 1 0.95"])
  }

  // MARK: rules

  @Test func whenTheTargetIsReachedNothingMoreIsGivenOut() throws {
    try write(metric: ", target: 0.8")
    try ask(2)
    try tell("1 acc=.9")
    for arguments in [["ask"], ["ask", "k.yaml"]] {
      let none = try binary.run(arguments)
      #expect(none.status == 1 && none.output.isEmpty && none.errors.contains("the target of 0.8 is reached"), "\(none.errors)")
    }
    try tell("2 acc=.1")  // it was given out before
    #expect(try trials() == ["1 complete 1 0.9 null", "2 complete 1 0.1 null", "3 waiting 0 null null"])
  }

  @Test func whenAsManyHaveFailedAsMayNothingMoreIsGivenOut() throws {
    try write("max_failures: 2")
    try ask(2)
    try tell("1 --failed boom")
    #expect(try token(try binary.run("ask")) == "3-1")
    try tell("3 --failed boom")
    #expect(try binary.run("ask", "--take-back").status == 1)
    let none = try binary.run("ask")
    #expect(none.status == 1 && none.output.isEmpty && none.errors.contains("2 trials failed, as many as max_failures allows"), "\(none.errors)")
  }

  @Test func whenASpaceIsUsedUpNoTrialIsLeft() throws {
    try write(method: "random")
    try ask(3)
    let none = try binary.run("ask")
    #expect(none.status == 1 && none.output.isEmpty && none.errors.contains("no trial is left"), "\(none.errors)")
  }

  @Test func whoTellsMoreIsToldWhetherTheTrialGoesOn() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}")
    try ask(3)
    #expect(try verdict("1 --epoch 1 acc=.9") == "proceed")
    #expect(try verdict("2 --epoch 1 acc=.1") == "prune")
    #expect(try verdict("3 --epoch 1 acc=.95") == "proceed")
    #expect(try trials()[1] == "2 pruned 1 0.1 pruned after epoch 1")
    for words in ["2 acc=.99", "2 acc=.99 --more", "2 --failed late"] {
      let refused = try tell(words, expecting: 65)
      #expect(refused.errors.contains("trial 2 of 'k' is pruned, not running"), "\(refused.errors)")
    }
    try tell("1 acc=.9")
    try tell("3 acc=.95")
    #expect(try texts("SELECT state, count(*) FROM trials_k GROUP BY 1") == ["complete 2", "pruned 1"])
  }

  @Test func whereNothingIsStoppedEarlyNoVerdictIsPrinted() throws {
    try write()
    try ask(1)
    #expect(try tell("1 acc=.5 --more").output.isEmpty)
  }

  @Test func aVerdictWaitsForTheTrialsBefore() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}")
    try ask(2)
    #expect(try verdict("2 --epoch 1 acc=.1") == "wait")
    #expect(try verdict("2") == "wait")
    #expect(try verdict("1 --epoch 1 acc=.9") == "proceed")
    #expect(try verdict("2") == "prune")
    #expect(try trials()[1] == "2 pruned 1 0.1 pruned after epoch 1")
    #expect(try texts("SELECT trial, epoch, acc FROM epochs_k") == ["1 1 0.9", "2 1 0.1"])  // to ask for it records nothing
  }

  @Test func ofATrialThatIsCompleteBeforeItsVerdictWhatWouldNotHaveBeenRunIsForgotten() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}")
    try ask(2)
    #expect(try verdict("2 --epoch 1 acc=.1") == "wait")
    #expect(try verdict("2 --epoch 2 acc=.98") == "wait")
    try tell("2 --epoch 3 acc=.99")
    try tell("2 acc=1", expecting: 65)
    try tell("1 --epoch 1 acc=.9 --more")
    #expect(Array(try trials().prefix(2)) == ["1 running 1 0.9 null", "2 pruned 1 0.1 pruned after epoch 1"])
    #expect(try texts("SELECT trial, epoch, acc FROM epochs_k") == ["1 1 0.9", "2 1 0.1"])
    #expect(try texts("SELECT max, last_epoch FROM trial_metric WHERE trial_id = 2") == ["0.1 1"])
    #expect(try binary.run("check").status == 0)
  }

  @Test func aTrialThatIsCompleteBeforeItsVerdictAndGoodEnoughStaysSo() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}")
    try ask(2)
    #expect(try verdict("2 --epoch 1 acc=.95") == "wait")
    try tell("2 --epoch 2 acc=.5")
    try tell("1 --epoch 1 acc=.9 --more")
    #expect(try trials()[1] == "2 complete 2 0.5 null")
  }

  @Test func byArrivalThoseWhoToldBeforeAreWhatCounts() throws {
    try write("early_terminate: {type: hyperband, min_iter: 1}\norder: arrival")
    try ask(3)
    #expect(try verdict("2 --epoch 1 acc=.9") == "proceed")
    #expect(try verdict("1 --epoch 1 acc=.1") == "prune")
    #expect(try verdict("3 --epoch 1 acc=.95") == "proceed")
    #expect(try trials().first == "1 pruned 1 0.1 pruned after epoch 1")
  }

  @Test func aTrialWhoseLastValueIsInfiniteHasNoRank() throws {
    try write(metric: ", at: last")
    try ask(3)
    try tell("1 --epoch 1 acc=.5 --more")
    try tell("1 acc=inf")
    try tell("2 acc=.3")
    try tell("3 acc=-inf")
    let rank = try binary.run("rank", "--all", "--format", "csv")
    let ranks = rank.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).prefix(2) }
    #expect(ranks.filter { !$0[0].isEmpty }.map { $0.joined(separator: " ") } == ["1 2"], "\(rank.output)")
    #expect(try texts("SELECT number, objective FROM trial") == ["1 null", "2 0.3", "3 null"])
  }

  // MARK: what asking costs

  private func writeGrid(of points: Int) throws {
    try folder.write(
      """
      name: k
      trainer: ask
      method: grid
      metric: {name: acc, goal: maximize}
      parameters: {x: {min: 1, max: \(points / 10)}, y: {min: 1, max: 10}}
      exclude: ["x == 3 and y == 5"]
      """, to: "k.yaml")
  }

  /// Whoever plans finds that points are missing, and adds them.
  @Test(arguments: [["ask", "k.yaml"], ["ask", "--sweep", "k"], ["ask"]]) func whatIsPlannedIsNotPlannedAgain(arguments: [String]) throws {
    try writeGrid(of: 200)
    try ask(1)
    #expect(try texts("SELECT count(*) FROM trial") == ["199"])
    try DatabaseQueue(path: database).write { try $0.execute(sql: "DELETE FROM trial WHERE number > 100") }
    #expect(try token(try binary.run(arguments)) == "2-1")
    #expect(try token(try binary.run(arguments)) == "3-1")
    #expect(try texts("SELECT count(*) FROM trial") == ["100"])
    #expect(try texts("SELECT count(*) FROM event WHERE kind = 'planned'") == ["1"])
  }

  @Test func askingCostsTheSameHoweverManyPointsThereAre() throws {
    let commands = [["ask", "k.yaml"], ["ask", "--sweep", "k"]]
    var costs: [[Double]] = []
    for points in [200, 200_000] {
      for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + ending) }
      try writeGrid(of: points)
      try ask(1)
      costs.append(try commands.map { try Results.processorSeconds(of: $0, times: 5, in: folder.path) })
    }
    // To look at 200,000 points takes seconds; a clock that ticks every 10 ms tells nothing below a few of its ticks.
    for (index, command) in commands.enumerated() {
      #expect(costs[1][index] < 5 * max(costs[0][index], 0.05), "\(command): \(costs)")
    }
  }
}

extension Results {
  /// The rows of an answer, each as its values with spaces between.
  static func texts(_ path: String, _ sql: String) throws -> [String] {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    return try DatabaseQueue(path: path, configuration: configuration).read { db in
      try Row.fetchAll(db, sql: sql).map { row in
        row.databaseValues.map { $0.isNull ? "null" : String(describing: $0.storage.value ?? "") }.joined(separator: " ")
      }
    }
  }

  /// What the tool and its children take of the processor, user and system, for this so many times; each has to succeed.
  static func processorSeconds(of arguments: [String], times: Int = 1, in folder: String) throws -> Double {
    let script = "for i in $(seq \(times)); do \"$0\" \"$@\" > out.txt 2> err.txt || exit 9; done; times"
    let result = try SweepBinary(in: folder).run(["-c", script, SweepBinary.path] + arguments, program: "/bin/sh")
    #expect(result.status == 0, "\((try? String(contentsOfFile: folder + "/err.txt", encoding: .utf8)) ?? "")")
    // "0m0.020000s 0m0.010000s": first the shell's own, then that of its children.
    var sum = 0.0
    for field in result.output.split(separator: "\n").last?.split(separator: " ") ?? [] {
      let parts = field.dropLast().split(separator: "m").compactMap { Double($0) }
      try #require(parts.count == 2, "\(result.output)")
      sum += 60 * parts[0] + parts[1]
    }
    return sum
  }
}
