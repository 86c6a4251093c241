import SweepCore
import SweepSearch
import Testing

struct PointFitTests {
  private func fit(_ space: SearchSpace, _ given: [String: ParameterValue], isLenient: Bool = false) throws -> Result<Assignment, PointProblem> {
    try space.fitted(given, isLenient: isLenient)
  }

  private static let plain = SearchSpace([
    Parameter("c", .constant(.integer(7))), Parameter("k", .values([.text("a"), .text("b")])), Parameter("n", .integers(min: 1, max: 9)),
    Parameter("r", .reals(min: 0, max: 1)),
  ])

  @Test func valuesHaveTheSpellingOfTheirDomainAndConstantsNeedNone() throws {
    #expect(
      try fit(Self.plain, ["k": .text("b"), "n": .real(3), "r": .integer(1)]).get()
        == Assignment(["c": .integer(7), "k": .text("b"), "n": .integer(3), "r": .real(1)]))
    #expect(try fit(Self.plain, ["k": .text("b"), "n": .integer(3), "r": .integer(1), "c": .real(7), "other": .null]).get()["c"] == .integer(7))
  }

  @Test func whatDoesNotFitIsToldByName() throws {
    let whole: [String: ParameterValue] = ["k": .text("a"), "n": .integer(1), "r": .real(0.5)]
    func problem(_ name: String, _ value: ParameterValue?) throws -> PointProblem? {
      if case .failure(let problem) = try fit(Self.plain, whole.merging([name: value ?? .null]) { $1 }.filter { $0.key != name || value != nil }) {
        problem
      } else {
        nil
      }
    }
    #expect(try problem("n", nil) == .missing("n"))
    for (name, value) in [
      ("k", ParameterValue.text("z")), ("n", .integer(10)), ("n", .real(1.5)), ("r", .real(1.01)), ("r", .text("x")), ("c", .integer(8)),
    ] {
      #expect(try problem(name, value)?.summary == "\(name) out of range", "\(name) \(value)")
    }
    #expect(try fit(Self.plain, whole.merging(["c": .integer(8)]) { $1 }, isLenient: true).get()["c"] == .integer(7))
  }

  @Test(
    arguments: [
      (Distribution(.logUniformValues, 1e-5, 0.1), [1e-5, 0.1, 0.003], [0, 0.11, 9e-6]), (Distribution(.logUniform, -2, 0), [1, 0.2], [1.1, 0.1]),
      (Distribution(.normal, 0, 1), [-50, 3], []), (Distribution(.logNormal, 0, 1), [0.1, 1e9], [0, -1]), (Distribution(.beta, 2, 2), [0.5], [1.5]),
      (Distribution(.qUniform, 0, 100, step: .integer(5)), [0, 5, 95], [4, 5.5, 200]),
      (Distribution(.qLogUniformValues, 16, 256, step: .integer(16)), [16, 32, 256], [24, 512]),
    ] as [(Distribution, [Double], [Double])])
  func whatADistributionDrawsFitsAndNothingElse(distribution: Distribution, fits: [Double], not: [Double]) throws {
    let space = SearchSpace([Parameter("x", .distribution(distribution))])
    for number in fits { #expect(try fit(space, ["x": .real(number)]).get()["x"]?.number == number, "\(number)") }
    for number in not { #expect(throws: PointProblem.self) { try fit(space, ["x": .real(number)]).get() } }
    for share in [0.001, 0.3, 0.77, 0.999] {
      let drawn = distribution.value(at: share)
      #expect(try fit(space, ["x": drawn]).get()["x"] == drawn)
    }
  }

  @Test func whatAGridHasOfADistributionIsSpelledAsTheGridHasIt() throws {
    let distribution = Distribution(.qUniform, 1, 30, step: .integer(5))
    let space = SearchSpace([Parameter("x", .distribution(distribution))])
    for index in 0..<(distribution.gridCount ?? 0) {
      let listed = distribution.gridValue(at: index)
      #expect(try space.fitted(["x": .integer(Int(listed.number ?? 0))], isGrid: true).get()["x"] == listed)
    }
  }

  @Test func whatIsNotInUseIsLeftOutAndWhatIsNeedsAValue() throws {
    var constraints = Constraints()
    constraints.conditions = ["momentum": try ParameterExpression("opt == 'sgd'")]
    constraints.exclusions = [try ParameterExpression("momentum > 0.8")]
    let space = SearchSpace(
      [Parameter("momentum", .reals(min: 0, max: 1)), Parameter("opt", .values([.text("sgd"), .text("adam")]))], constraints: constraints)
    #expect(try fit(space, ["opt": .text("adam")]).get() == Assignment(["opt": .text("adam")]))
    #expect(try fit(space, ["opt": .text("adam"), "momentum": .real(0.5)]) == .failure(.notInUse("momentum", .real(0.5), condition: "opt == 'sgd'")))
    #expect(try fit(space, ["opt": .text("adam"), "momentum": .real(0.5)], isLenient: true).get() == Assignment(["opt": .text("adam")]))
    #expect(try fit(space, ["opt": .text("sgd")]) == .failure(.missing("momentum")))
    #expect(try fit(space, ["opt": .text("sgd"), "momentum": .real(0.9)]) == .failure(.excluded))
    #expect(try fit(space, ["opt": .text("sgd"), "momentum": .real(0.5)]).get()["momentum"] == .real(0.5))
  }

  @Test func ofValuesThatGoTogetherOneThatTellsTheRowIsEnough() throws {
    var constraints = Constraints()
    constraints.zips = [["x", "y"]]
    let space = SearchSpace(
      [Parameter("x", .values([.integer(1), .integer(2), .integer(2)])), Parameter("y", .values([.integer(10), .integer(20), .integer(30)]))],
      constraints: constraints)
    #expect(try fit(space, ["x": .integer(1)]).get() == Assignment(["x": .integer(1), "y": .integer(10)]))
    #expect(try fit(space, ["y": .integer(30)]).get() == Assignment(["x": .integer(2), "y": .integer(30)]))
    #expect(try fit(space, ["x": .integer(2)]) == .failure(.missing("y")))
    #expect(try fit(space, ["x": .integer(1), "y": .integer(20)]) == .failure(.apart(["x", "y"])))
  }

  @Test func everyMethodHasItsSentence() { #expect(Set(samplers.names) == Set(methodSummaries.keys)) }
}
