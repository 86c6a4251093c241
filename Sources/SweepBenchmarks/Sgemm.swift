// The yardstick: OpenBLAS's sgemm on one thread. Loaded at run time, so that nothing else needs it to be installed.

import ArgumentParser
import Foundation
import SweepCore

struct Sgemm: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sgemm", abstract: "GFLOP/s of OpenBLAS's sgemm on one thread.")

  func run() throws { BenchmarkCommand.print("\(try Self.gigaflops())") }

  /// The rate, measured in a process of its own: a child begins with its parent's peak memory, and this needs 200 MB.
  static func measured() throws -> Double {
    let child = try Child("/proc/\(getpid())/exe", ["sgemm"], in: try Folder())
    guard let rate = Double(child.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw SweepError(.io, "no rate in what it printed: \(child.output)", place: "sgemm")
    }
    return rate
  }

  /// GFLOP/s of a product of 4,096 × 4,096 matrices on one thread, the best of four.
  /// - Throws: where OpenBLAS is not installed.
  private static func gigaflops() throws -> Double {
    typealias Product =
      @convention(c) (
        Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>,
        Int32
      ) -> Void
    typealias SetThreads = @convention(c) (Int32) -> Void
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW), let product = dlsym(library, "cblas_sgemm"),
      let threads = dlsym(library, "openblas_set_num_threads")
    else {
      throw SweepError(.input, "no OpenBLAS, which the figures are shares of", remedy: "apt-get install libopenblas-dev")
    }
    let (sgemm, setThreads) = (unsafeBitCast(product, to: Product.self), unsafeBitCast(threads, to: SetThreads.self))
    setThreads(1)
    let n = 4096
    let a = (0..<n * n).map { Float($0 % 97) / 97 }
    let b = (0..<n * n).map { Float($0 % 89) / 89 }
    var c = [Float](repeating: 0, count: n * n)
    let size = Int32(n)
    let (rowMajor, plain): (Int32, Int32) = (101, 111)
    return (0..<4).map { _ in
      2 * pow(Double(n), 3) / 1e9 / seconds { sgemm(rowMajor, plain, plain, size, size, size, 1, a, size, b, size, 0, &c, size) }
    }.max() ?? 0
  }
}

/// The wall time of the work.
func seconds(_ work: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try work()
  return (ContinuousClock.now - start) / .seconds(1)
}
