// `make lab` in small: the same sweep files on made images for two epochs, so that every table and figure of the page is made in seconds.

import Foundation
import SweepReport
import SweepTestSupport
import Testing

@Suite(.enabled("gnuplot is installed") { Gnuplot.program != nil })
struct LabTests {
  let folder = TemporaryFolder()

  /// The lab's sweep files with little to do.
  private func writeSmallSweeps() throws {
    try FileManager.default.createDirectory(atPath: folder.path("sweeps"), withIntermediateDirectories: true)
    for file in try FileManager.default.contentsOfDirectory(atPath: projectFolder + "/sweeps") {
      var text = try String(contentsOfFile: projectFolder + "/sweeps/" + file, encoding: .utf8)
      for (long, short) in [
        ("dataset: {value: cifar10}", "dataset: {value: synthetic}"), ("epochs: {value: 40}", "epochs: {value: 2}"),
        ("{value: 49000}", "{value: 300}"),
        ("_images: {value: 10000}", "_images: {value: 200}"), ("{value: 1000}", "{value: 100}"),
      ] { text = text.replacing(long, with: short) }
      try folder.write(text, to: "sweeps/\(file)")
    }
  }

  @Test func everyTableAndFigureOfTheLabIsMade() throws {
    try writeSmallSweeps()
    let lab = URL(fileURLWithPath: SweepBinary.path).deletingLastPathComponent().appendingPathComponent("sweep-lab").path
    for _ in 0..<2 {  // the second time from the database alone
      let result = try SweepBinary(in: folder.path).run(["--sweeps", "sweeps", "--output", "lab"], program: lab)
      #expect(result.status == 0 && result.output.contains("13 figures"), "\(result.errors)")
    }
    let page = try String(contentsOfFile: folder.path("lab/lab.md"), encoding: .utf8)
    for title in [
      "Table 1:", "Tables 2 and 3:", "Where Table 3 differs", "1.3: step decay", "1.4: the best network", "2.1: the derivative", "Table 4:",
      "Table 5:",
      "Table 6:", "2.4: does the new loss overfit less?",
    ] { #expect(page.contains(title), "\(title)") }
    for figure in (1...6).map({ "fig\($0)" }) + [
      "fig1-2", "step-decay", "gap-loss", "gap-accuracy", "table3-heatmap", "table3-parallel", "importance",
    ] {
      for ending in ["png", "svg"] {
        let size = try FileManager.default.attributesOfItem(atPath: folder.path("lab/\(figure).\(ending)"))[.size] as? Int ?? 0
        #expect(size > 2000, "\(figure).\(ending)")
      }
    }
    let html = try String(contentsOfFile: folder.path("lab/lab.html"), encoding: .utf8)
    #expect(html.components(separatedBy: "<svg").count == 14 && !html.contains("src="))
    // The check of the derivative: formula and finite differences agree to ten digits, the kernels to their precision.
    let checks = page.split(separator: "\n").filter { $0.contains("cross entropy | 10000") }.map {
      $0.split(separator: "|").map { $0.trimmingPrefix(" ") }
    }
    #expect(checks.count == 2)
    for check in checks {
      let (formula, kernel) = (Double(check[2].split(separator: " ")[0]) ?? 1, Double(check[3].split(separator: " ")[0]) ?? 1)
      #expect(formula < 1e-9 && kernel < 1e-6 && formula > 0, "\(check)")
    }
  }
}
