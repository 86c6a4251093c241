// The double-precision kernels: every variant equals every other by ==, growing a matrix keeps its factor's bits, and the minimiser and the power
// transformation against known values. Posteriors are tested with the sampler that uses them.

import Foundation
import SweepNumerics
import SweepTestSupport
import Testing

struct NumericKernelsTests {
  private struct Problem {
    let kernel: Matern
    let points: PointColumns
    let others: PointColumns
    let alpha: [Double]

    init(_ count: Int, columns: Int, seed: Int) {
      var generator = SeededGenerator(seed: seed, purpose: .synthetic)
      let isCategory = (0..<columns).map { $0 % 3 == 2 }
      func points(_ count: Int) -> PointColumns {
        var rows: [[Double]] = []
        for _ in 0..<count { rows.append(isCategory.map { $0 ? Double(generator.next(below: 4)) : generator.nextUnit() }) }
        return PointColumns(rows, columns: columns)
      }
      (self.points, others) = (points(count), points(19))
      kernel = Matern(weights: (0..<columns).map { _ in 0.1 + 5 * generator.nextUnit() }, isCategory: isCategory, scale: 1.7)
      alpha = (0..<count).map { _ in generator.nextNormal() }
    }
  }

  /// All that the kernels make of a problem, in one list.
  private func everything(_ kernels: NumericKernels, _ problem: Problem) -> [Double] {
    var (u, e, scratch, inverse) = (
      SquareMatrix(size: problem.points.count), SquareMatrix(size: problem.points.count), SquareMatrix(size: problem.points.count),
      SquareMatrix(size: problem.points.count)
    )
    kernels.gram(problem.kernel, problem.points, noise: 1e-4, into: &u, derivative: &e)
    #expect(kernels.factor(&u))
    let alpha = kernels.solve(u, problem.alpha)
    kernels.inverse(u, scratch: &scratch, into: &inverse)
    let gradient = kernels.gradient(problem.kernel, problem.points, inverse: inverse, alpha: alpha, derivative: &e)
    let (mean, explained) = kernels.predict(problem.kernel, problem.points, u, alpha: alpha, at: problem.others)
    var room = [Double](repeating: 0, count: 3 * u.paddedSize)
    var (byMean, byExplained) = (gradient, gradient)
    let at = kernels.posterior(
      problem.kernel, problem.points, inverse: inverse, alpha: alpha, at: problem.kernel.weights, scratch: &room, meanGradient: &byMean,
      explainedGradient: &byExplained)
    let upper = (0..<u.size).flatMap { row in (row..<u.size).map { u[row, $0] } }
    var all: [Double] = upper
    for part in [inverse.values, alpha, gradient, mean, explained, [at.mean, at.explained], byMean, byExplained] { all += part }
    return all
  }

  @Test(arguments: [1, 7, 8, 33, 70]) func allVariantsGiveTheSameBits(count: Int) {
    let problem = Problem(count, columns: 5, seed: count)
    let reference = everything(NumericKernels.available[0], problem)
    #expect(!reference.contains { !$0.isFinite })
    for kernels in NumericKernels.available.dropFirst() { #expect(everything(kernels, problem) == reference, "\(kernels.name)") }
  }

  @Test func theLastVariantRunsAnywhere() { #expect(NumericKernels.available.last?.name == "portable") }

  /// Row by row in plain Swift, with the order that CNumerics.h promises.
  @Test func theFactorIsThatOfThePromisedOrder() {
    let problem = Problem(21, columns: 3, seed: 4)
    var (u, e) = (SquareMatrix(size: 21), SquareMatrix(size: 21))
    NumericKernels.fastest.gram(problem.kernel, problem.points, noise: 1e-3, into: &u, derivative: &e)
    let a = u
    #expect(NumericKernels.fastest.factor(&u))
    for j in 0..<21 {
      for i in j..<21 {
        var sum = a[j, i]
        for k in 0..<j { sum = sum.addingProduct(-u[k, j], u[k, i]) }
        #expect(u[j, i] == (i == j ? sum.squareRoot() : sum / u[j, j]))
      }
    }
  }

  @Test func aMatrixThatGrowsKeepsItsFactor() {
    var generator = SeededGenerator(seed: 1, purpose: .synthetic)
    let rows: [[Double]] = (0..<30).map { _ in [generator.nextUnit(), generator.nextUnit()] }
    let kernel = Matern(weights: [3, 5], isCategory: [false, false], scale: 1)
    func factor(_ count: Int) -> SquareMatrix {
      var (u, e) = (SquareMatrix(size: count), SquareMatrix(size: count))
      NumericKernels.fastest.gram(kernel, PointColumns(Array(rows[..<count]), columns: 2), noise: 1e-6, into: &u, derivative: &e)
      #expect(NumericKernels.fastest.factor(&u))
      return u
    }
    let whole = factor(30)
    for count in [1, 8, 13, 29] {
      let part = factor(count)
      for row in 0..<count { for column in row..<count { #expect(part[row, column] == whole[row, column]) } }
    }
  }

  @Test func aMatrixThatIsNotPositiveDefiniteHasNoFactor() {
    var a = SquareMatrix(size: 2)
    let stride = a.stride
    (a.values[0], a.values[1], a.values[stride], a.values[stride + 1]) = (1, 2, 2, 1)
    #expect(!NumericKernels.fastest.factor(&a))
  }

  @Test func exponentialsAreExact() {
    for step in 0..<800 {
      let x = (0..<8).map { -(Double(step) + Double($0) / 8) * 0.87 }
      for (x, y) in zip(x, NumericKernels.fastest.exponentials(x)) {
        let exact = exactExponential(x)
        #expect(x < -700 ? y == 0 : abs(y - exact) <= 4e-16 * exact, "\(x)")
      }
    }
  }

  @Test func theMinimizerFindsTheEndOfRosenbrocksValley() {
    var minimizer = BoxMinimizer(low: [-2, -2], high: [2, 2])
    (minimizer.iterations, minimizer.gradientTolerance, minimizer.relativeTolerance) = (200, 1e-9, 0)
    func rosenbrock(_ x: [Double], _ gradient: inout [Double]) -> Double {
      let (a, b) = (1 - x[0], x[1] - x[0] * x[0])
      gradient = [-2 * a - 400 * x[0] * b, 200 * b]
      return a * a + 100 * b * b
    }
    let end = minimizer.minimum(from: [-1.2, 1], rosenbrock)
    #expect(abs(end.x[0] - 1) < 1e-6 && abs(end.x[1] - 1) < 1e-6)
    // With the end out of reach, it stops at the wall: the least of (1 − x)² + 100 (y − x²)² at x = ½ is at y = ¼.
    minimizer.high = [0.5, 2]
    let wall = minimizer.minimum(from: [-1.2, 1], rosenbrock)
    #expect(wall.x[0] == 0.5 && abs(wall.x[1] - 0.25) < 1e-6)
  }

  private struct PowerCases: Decodable {
    struct Case: Decodable {
      let y: [Double]
      let lam: Double
      let transformed: [Double]
    }
    let cases: [Case]
  }

  @Test func powersAreThoseOfScikitLearn() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: projectFolder + "/Tests/Assets/search/yeo_johnson.json"))
    for known in try JSONDecoder().decode(PowerCases.self, from: data).cases {
      let (mean, deviation) = YeoJohnson.moments(known.y)
      let standard = known.y.map { ($0 - mean) / deviation }
      let power = YeoJohnson.likeliestPower(standard)
      // Ours ends at 4.
      #expect(abs(power - min(known.lam, 4)) < 1e-4)
      for (ours, theirs) in zip(YeoJohnson.transformed(standard, power: known.lam).values, known.transformed) { #expect(abs(ours - theirs) < 1e-6) }
    }
  }

  @Test func theJacobianIsThatOfTheDifferences() {
    let y = [-1.5, -0.4, 0.1, 0.3, 1.5]
    let (mean, deviation) = YeoJohnson.moments(y)
    let standard = y.map { ($0 - mean) / deviation }
    for power in [1, 0.5, 0, -1, 2] {
      let t = standard.map { YeoJohnson.value(of: $0, power: power) }
      var expected = -Double(y.count) * log(YeoJohnson.moments(t).deviation)
      for x in standard { expected += log((YeoJohnson.value(of: x + 1e-6, power: power) - YeoJohnson.value(of: x - 1e-6, power: power)) / 2e-6) }
      #expect(abs(YeoJohnson.transformed(standard, power: power).logJacobian - expected) < 1e-6)
    }
  }
}
