// Eigenvalues and vectors: they give the matrix back, and the vectors are orthonormal.

import SweepNumerics
import Testing

struct SymmetricEigenTests {
  private func check(_ matrix: [Double], _ size: Int, tolerance: Double) {
    let eigen = SymmetricEigen(matrix, size: size)
    let largest = matrix.map { abs($0) }.max() ?? 0
    for i in 0..<size {
      for j in 0..<size {
        let (mut, dot) = (0..<size).reduce((0.0, 0.0)) { sums, k in
          (
            sums.0 + eigen.vectors[i * size + k] * eigen.values[k] * eigen.vectors[j * size + k],
            sums.1 + eigen.vectors[k * size + i] * eigen.vectors[k * size + j]
          )
        }
        #expect(abs(mut - matrix[i * size + j]) <= tolerance * largest)
        #expect(abs(dot - (i == j ? 1 : 0)) <= tolerance)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5, 20, 40]) func theMatrixIsWhatItsVectorsSay(size: Int) {
    var generator = SeededGenerator(seed: size, purpose: .synthetic)
    for power in [0.0, 3, 12] {
      var matrix = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for j in 0...i {
          let scale = exactExponential(-power * Double(i + j) / Double(2 * size))
          matrix[i * size + j] = generator.nextNormal() * scale
          matrix[j * size + i] = matrix[i * size + j]
        }
      }
      check(matrix, size, tolerance: 1e-13 * Double(size))
    }
  }

  @Test func simpleMatricesHaveTheirValues() {
    check([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, tolerance: 0)
    check([Double](repeating: 0, count: 9), 3, tolerance: 1e-15)
    check([Double](repeating: 1, count: 16), 4, tolerance: 1e-14)
    #expect(SymmetricEigen([2, 1, 1, 2], size: 2).values.sorted().map { ($0 * 1e12).rounded() / 1e12 } == [1, 3])
    #expect(SymmetricEigen([], size: 0).values.isEmpty)
  }
}
