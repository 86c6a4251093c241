// The benchmarks run, so that they still do when somebody wants their figures. The figures themselves are nobody's test.

import SweepTestSupport
import Testing

struct BenchmarkTests {
  private let folder = TemporaryFolder()

  private func run(_ arguments: String...) throws -> [Substring] {
    let program = SweepBinary.path + "-benchmarks"
    let result = try SweepBinary(in: folder.path).run(arguments, program: program)
    #expect(result.status == 0, "\(result.errors)")
    return result.output.split(separator: "\n")
  }

  @Test func theKernelBenchmarkPrintsARateForEachKernel() throws {
    let lines = try run("kernels", "--smoke", "--duration", "0.002", "--images", "2000")
    let row = try #require(lines.last?.split(separator: "|").map { $0.trimmingPrefix(" ") })
    #expect(row.count == 7 && row[0].hasPrefix("784") && row[3...].allSatisfy { $0.contains(" %)") && !$0.hasPrefix("0 ") })
  }

  @Test func theBenchmarkOfProgramsLosesNoLine() throws {
    let lines = try run("programs", "--trials", "30", "--printers", "8", "--lines", "2000")
    #expect(lines.contains { $0.hasPrefix("| sweep | ") })
    #expect(lines.contains { $0.contains("16000 of 16000") && $0.contains("160 of 160") })
    #expect(lines.contains { $0.hasPrefix("| all | ") && $0.contains("16000 of 16000 | 16000 of 16000") }, "\(lines)")
  }

  @Test func theBookkeepingBenchmarkPrintsARowForEachSizeAndQuestion() throws {
    let lines = try run("bookkeeping", "--trials", "200", "300")
    #expect(lines.contains { $0.hasPrefix("| 200 | ") } && lines.contains { $0.hasPrefix("| 300 | ") })
    #expect(lines.count { $0.hasPrefix("| `sweep ") } == 5)
    #expect(lines.contains { $0.hasPrefix("| a parameter, filtered | ") })
    #expect(!lines.joined().contains("nan"))
  }
}
