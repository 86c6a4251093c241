// The door to CNumerics: which variant of the double-precision kernels this process uses, and calls with Swift's types. Shapes and the promised
// order of summation are described in CNumerics.h. What the numbers mean is not known here.

import CNumerics

/// Points of some columns of numbers, column by column, filled up to whole vectors.
package struct PointColumns: Sendable {
  package let count: Int
  package let columns: Int
  fileprivate let values: [Double]

  /// - Parameter rows: each of `columns` numbers.
  package init(_ rows: [[Double]], columns: Int) {
    (count, self.columns) = (rows.count, columns)
    let stride = NumericKernels.padded(rows.count)
    var values = [Double](repeating: 0, count: columns * stride)
    for (place, row) in rows.enumerated() {
      for column in 0..<columns { values[column * stride + place] = row[column] }
    }
    self.values = values
  }

  fileprivate var stride: Int { NumericKernels.padded(count) }

  fileprivate func with<Result>(_ body: (UnsafePointer<sweep_points>) -> Result) -> Result {
    values.withUnsafeBufferPointer {
      withUnsafePointer(to: sweep_points(x: $0.baseAddress, count: count, stride: stride), body)
    }
  }
}

/// Matérn 5/2: s²·(1 + r + r²/3)·e^(−r), r² = 5 Σ weight·δ², δ² the squared difference of a column or, of a category, 0 or 1.
package struct Matern: Sendable {
  /// 1/ℓ² of each column.
  package var weights: [Double]
  /// 1 for a column that is a category.
  package let isCategory: [UInt8]
  /// s².
  package var scale: Double

  package init(weights: [Double], isCategory: [Bool], scale: Double) {
    (self.weights, self.isCategory, self.scale) = (weights, isCategory.map { $0 ? 1 : 0 }, scale)
  }

  fileprivate func with<Result>(_ body: (UnsafePointer<sweep_matern>) -> Result) -> Result {
    weights.withUnsafeBufferPointer { weights in
      isCategory.withUnsafeBufferPointer { isCategory in
        withUnsafePointer(
          to: sweep_matern(columns: weights.count, weights: weights.baseAddress, is_category: isCategory.baseAddress, scale: scale), body)
      }
    }
  }
}

/// A square matrix of n × n numbers, filled up to whole vectors; room for what the kernels make.
package struct SquareMatrix: Sendable {
  package let size: Int
  /// `size` in whole vectors.
  package let paddedSize: Int
  package let stride: Int
  package var values: [Double]

  package init(size: Int) {
    (self.size, paddedSize) = (size, NumericKernels.padded(size))
    // Rows that lie a multiple of a page apart would share sets of the cache.
    stride = paddedSize % 64 == 0 ? paddedSize + 8 : paddedSize
    values = [Double](repeating: 0, count: paddedSize * stride)
  }

  package subscript(row: Int, column: Int) -> Double { values[row * stride + column] }
}

/// One variant of the kernels. All variants give the same bits.
// @unchecked: the pointer leads to a constant table of functions that is never written.
package struct NumericKernels: @unchecked Sendable {
  private let table: UnsafePointer<sweep_numerics>

  package var name: String { String(cString: table.pointee.name) }

  /// Every variant that this machine can run, fastest first.
  package static let available: [NumericKernels] = {
    var variants: [NumericKernels] = []
    var entry = sweep_all_numerics()
    while let table = entry?.pointee {
      if table.pointee.is_available() != 0 { variants.append(NumericKernels(table: table)) }
      entry = entry?.successor()
    }
    return variants
  }()

  package static let fastest = available[0]

  /// The next number of whole vectors.
  package static func padded(_ count: Int) -> Int { (count + Int(SWEEP_DOUBLES) - 1) / Int(SWEEP_DOUBLES) * Int(SWEEP_DOUBLES) }

  /// The upper triangle of K + noise·I, and of E = s²·(5/3)·(1 + r)·e^(−r).
  package func gram(_ kernel: Matern, _ points: PointColumns, noise: Double, into k: inout SquareMatrix, derivative e: inout SquareMatrix) {
    let (size, stride) = (k.paddedSize, k.stride)
    kernel.with { kernel in
      points.with { points in
        k.values.withUnsafeMutableBufferPointer { k in
          e.values.withUnsafeMutableBufferPointer { e in
            table.pointee.gram(kernel, points, size, noise, k.baseAddress, e.baseAddress, stride)
          }
        }
      }
    }
  }

  /// K of points (rows) with others (columns), row after row of `padded(columns.count)` numbers; rows are filled up.
  package func covariance(_ kernel: Matern, _ rows: PointColumns, _ columns: PointColumns) -> [Double] {
    let (height, width) = (Self.padded(rows.count), Self.padded(columns.count))
    return [Double](unsafeUninitializedCapacity: height * width) { buffer, count in
      kernel.with { kernel in
        rows.with { rows in
          columns.with { columns in
            var all = columns.pointee
            all.count = width
            table.pointee.covariance(kernel, rows, height, &all, buffer.baseAddress, width)
          }
        }
      }
      count = height * width
    }
  }

  /// A, upper triangle, becomes U with UᵀU = A. Leading rows and columns do not depend on what follows: a matrix that grows keeps its factor's bits.
  /// - Returns: false: it is not positive definite.
  package func factor(_ a: inout SquareMatrix) -> Bool {
    let (size, stride) = (a.paddedSize, a.stride)
    return a.values.withUnsafeMutableBufferPointer { table.pointee.factor($0.baseAddress, size, stride) != 0 }
  }

  /// A⁻¹·y of one vector, which is filled up.
  package func solve(_ u: SquareMatrix, _ y: [Double]) -> [Double] {
    let lanes = Int(SWEEP_DOUBLES)
    var panel = [Double](repeating: 0, count: u.paddedSize * lanes)
    for (place, value) in y.enumerated() { panel[place * lanes] = value }
    return u.values.withUnsafeBufferPointer { factor in
      panel.withUnsafeMutableBufferPointer { table.pointee.forward(factor.baseAddress, u.paddedSize, u.stride, $0.baseAddress, lanes, lanes) }
      var z = (0..<u.paddedSize).map { panel[$0 * lanes] }
      z.withUnsafeMutableBufferPointer { table.pointee.backward(factor.baseAddress, u.paddedSize, u.stride, $0.baseAddress) }
      return z
    }
  }

  /// A⁻¹, both triangles.
  package func inverse(_ u: SquareMatrix, scratch: inout SquareMatrix, into inverse: inout SquareMatrix) {
    u.values.withUnsafeBufferPointer { factor in
      scratch.values.withUnsafeMutableBufferPointer { scratch in
        inverse.values.withUnsafeMutableBufferPointer {
          table.pointee.inverse(factor.baseAddress, u.paddedSize, u.stride, scratch.baseAddress, $0.baseAddress)
        }
      }
    }
  }

  /// Σ_{a<b} (A⁻¹ − αα')·E·weight·δ² of each column; `e` is used up.
  package func gradient(_ kernel: Matern, _ points: PointColumns, inverse: SquareMatrix, alpha: [Double], derivative e: inout SquareMatrix)
    -> [Double]
  {
    var scratch = [Double](repeating: 0, count: 32 * kernel.weights.count)
    var result = [Double](repeating: 0, count: kernel.weights.count)
    kernel.with { kernel in
      points.with { points in
        inverse.values.withUnsafeBufferPointer { whole in
          e.values.withUnsafeMutableBufferPointer { e in
            table.pointee.gradient(
              kernel, points, inverse.paddedSize, whole.baseAddress, alpha, e.baseAddress, inverse.stride, &scratch, &result)
          }
        }
      }
    }
    return result
  }

  /// Of points: the mean Σ k·α, and Σ (L⁻¹k)², by which the variance is less than s².
  package func predict(_ kernel: Matern, _ points: PointColumns, _ u: SquareMatrix, alpha: [Double], at others: PointColumns) -> (
    mean: [Double], explained: [Double]
  ) {
    let width = Self.padded(others.count)
    var k = covariance(kernel, points, others)
    var (mean, explained) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    u.values.withUnsafeBufferPointer { factor in
      k.withUnsafeMutableBufferPointer { k in
        table.pointee.predict(factor.baseAddress, u.paddedSize, u.stride, alpha, k.baseAddress, width, width, &mean, &explained)
      }
    }
    return (mean, explained)
  }

  /// At one point, a number for each column: the mean, Σ k·A⁻¹k, and the derivatives of the mean and half those of the other by each column.
  package func posterior(
    _ kernel: Matern, _ points: PointColumns, inverse: SquareMatrix, alpha: [Double], at x: [Double], scratch: inout [Double],
    meanGradient: inout [Double], explainedGradient: inout [Double]
  ) -> (mean: Double, explained: Double) {
    var result = (0.0, 0.0)
    kernel.with { kernel in
      points.with { points in
        inverse.values.withUnsafeBufferPointer { whole in
          scratch.withUnsafeMutableBufferPointer { scratch in
            withUnsafeMutableBytes(of: &result) {
              table.pointee.posterior(
                kernel, points, inverse.paddedSize, x, alpha, whole.baseAddress, inverse.stride, scratch.baseAddress,
                $0.assumingMemoryBound(to: Double.self).baseAddress, &meanGradient, &explainedGradient)
            }
          }
        }
      }
    }
    return result
  }

  /// eˣ of 8 numbers of at most 0.
  package func exponentials(_ x: [Double]) -> [Double] {
    precondition(x.count == Int(SWEEP_DOUBLES))
    var y = x
    table.pointee.exponential(x, &y)
    return y
  }
}
