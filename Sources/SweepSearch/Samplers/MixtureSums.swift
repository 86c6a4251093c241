// The inner loops of a mixture's density: for each point and kernel the square of a distance, then one exponential. Vectors of 4 doubles in one fixed
// order, no fused multiply-add: the same bits on every machine. What the kernels are is in ParzenMixture.swift.

/// Σ_i w_i exp(t_ci) for each point c, as e^top · sum, with t_ci = offset_i − Σ_j ((x_cj − μ_ij) a_ij)² + the tables' values.
struct MixtureSums {
  /// A dimension in which many kernels are the same.
  struct Table {
    /// By kernel: which of the values.
    let codes: [Int32]
    /// By point, then code.
    let values: [[Double]]
  }

  private let points: [[Double]]
  private let tiles: [Double]
  private let offsets: [Double]
  private let weights: [Double]
  private var tables: [Table] = []

  /// - Parameters:
  ///   - points: x, [points × dimensions].
  ///   - tiles: [kernels/8 × dimensions × (8 μ, 8 a)].
  ///   - offsets: one for each kernel, filled up to whole tiles with −∞; so are the weights, with 0.
  init(points: [[Double]], tiles: [Double], offsets: [Double], weights: [Double]) {
    (self.points, self.tiles, self.offsets, self.weights) = (points, tiles, offsets, weights)
  }

  mutating func add(tables: [Table]) { self.tables += tables }

  /// Kernels that are worked on at a time, so that their exponents stay in the cache.
  private static let chunk = 512

  /// Where no kernel takes part, the sum is 0 and the top −∞.
  var values: [(top: Double, sum: Double)] {
    // Points in groups of 4; the last is repeated.
    let groups = (points.count + 3) / 4
    let dimensions = points.first?.count ?? 0
    var coordinates = [SIMD4<Double>](repeating: .zero, count: groups * dimensions)
    for group in 0..<groups {
      for j in 0..<dimensions {
        coordinates[group * dimensions + j] = SIMD4((0..<4).map { points[min(group * 4 + $0, points.count - 1)][j] })
      }
    }
    var exponents = [SIMD4<Double>](repeating: .zero, count: groups * Self.chunk)
    var results = [(top: Double, sum: Double)](repeating: (-.infinity, 0), count: points.count)
    for start in stride(from: 0, to: offsets.count, by: Self.chunk) {
      let end = min(start + Self.chunk, offsets.count)
      exponents.withUnsafeMutableBufferPointer { exponents in
        fill(exponents, coordinates, dimensions, start..<end)
        for point in points.indices {
          let row = UnsafeMutableBufferPointer(rebasing: exponents[point * Self.chunk / 4..<(point * Self.chunk + end - start) / 4])
          addTables(to: row, point, start)
          Self.fold(row, weights, start, into: &results[point])
        }
      }
    }
    return results
  }

  /// t without the tables, [points × chunk].
  private func fill(_ exponents: UnsafeMutableBufferPointer<SIMD4<Double>>, _ coordinates: [SIMD4<Double>], _ dimensions: Int, _ kernels: Range<Int>)
  {
    typealias Vector = SIMD4<Double>
    tiles.withUnsafeBytes { tiles in
      offsets.withUnsafeBytes { offsets in
        coordinates.withUnsafeBufferPointer { coordinates in
          for group in 0..<(exponents.count * 4 / Self.chunk / 4) {
            for half in kernels.lowerBound / 4..<kernels.upperBound / 4 {
              let base = (half / 2 * dimensions * 16 + half % 2 * 4) * 8
              var (a, b, c, d) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
              for j in 0..<dimensions {
                let x = coordinates[group * dimensions + j]
                let mean = tiles.loadUnaligned(fromByteOffset: base + j * 128, as: Vector.self)
                let scale = tiles.loadUnaligned(fromByteOffset: base + j * 128 + 64, as: Vector.self)
                let (za, zb) = ((Vector(repeating: x[0]) - mean) * scale, (Vector(repeating: x[1]) - mean) * scale)
                let (zc, zd) = ((Vector(repeating: x[2]) - mean) * scale, (Vector(repeating: x[3]) - mean) * scale)
                a += za * za
                b += zb * zb
                c += zc * zc
                d += zd * zd
              }
              let offset = offsets.loadUnaligned(fromByteOffset: half * 32, as: Vector.self)
              let place = group * Self.chunk + half - kernels.lowerBound / 4
              exponents[place] = offset - a
              exponents[place + Self.chunk / 4] = offset - b
              exponents[place + Self.chunk / 2] = offset - c
              exponents[place + Self.chunk / 4 * 3] = offset - d
            }
          }
        }
      }
    }
  }

  private func addTables(to exponents: UnsafeMutableBufferPointer<SIMD4<Double>>, _ point: Int, _ start: Int) {
    for table in tables where !table.values[point].isEmpty {
      table.values[point].withUnsafeBufferPointer { values in
        table.codes.withUnsafeBufferPointer { codes in
          for index in exponents.indices {
            for lane in 0..<4 where start + index * 4 + lane < codes.count { exponents[index][lane] += values[Int(codes[start + index * 4 + lane])] }
          }
        }
      }
    }
  }

  private static func fold(
    _ exponents: UnsafeMutableBufferPointer<SIMD4<Double>>, _ weights: [Double], _ start: Int, into result: inout (top: Double, sum: Double)
  ) {
    var tops = SIMD4<Double>(repeating: -.infinity)
    for vector in exponents { tops.replace(with: vector, where: vector .> tops) }
    let top = max(tops.max(), result.top)
    if top == -.infinity { return }
    var sums = SIMD4<Double>.zero
    weights.withUnsafeBytes { weights in
      for index in exponents.indices {
        sums += weights.loadUnaligned(fromByteOffset: (start + index * 4) * 8, as: SIMD4<Double>.self) * exponential(exponents[index] - top)
      }
    }
    result.sum = result.sum * exponential(SIMD4(repeating: result.top - top))[0] + ((sums[0] + sums[1]) + (sums[2] + sums[3]))
    result.top = top
  }

  /// eˣ for x ≤ 0, relative error about 1e-14; below −700 as at −700. x = k ln 2 + r and the series of eʳ.
  @inline(__always) private static func exponential(_ x: SIMD4<Double>) -> SIMD4<Double> {
    let least = SIMD4<Double>(repeating: -700)
    let x = x.replacing(with: least, where: x .< least)
    // Adding 1.5·2⁵² rounds, and leaves k in the lowest bits.
    let shifted = x * 1.4426950408889634 + 0x1.8p52
    let k = shifted - 0x1.8p52
    let r = x - k * 0.69314718036912382 - k * 1.9082149292705877e-10
    var sum = r * (1.0 / 39_916_800) + (1.0 / 3_628_800)
    sum = sum * r + (1.0 / 362_880)
    sum = sum * r + (1.0 / 40_320)
    sum = sum * r + (1.0 / 5_040)
    sum = sum * r + (1.0 / 720)
    sum = sum * r + (1.0 / 120)
    sum = sum * r + (1.0 / 24)
    sum = sum * r + (1.0 / 6)
    sum = sum * r + 0.5
    sum = sum * r + 1
    sum = sum * r + 1
    let power = unsafeBitCast(shifted, to: SIMD4<Int64>.self) &<< 52 &+ (1023 << 52)
    return sum * unsafeBitCast(power, to: SIMD4<Double>.self)
  }
}
