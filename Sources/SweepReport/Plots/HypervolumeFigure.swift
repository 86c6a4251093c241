// How the hypervolume of a sweep's front grew with its trials: steps, a dot for each trial that has added to it.

import SweepCore

package struct HypervolumeFigure: Sendable {
  package let title: String
  /// By number of the trial, with the last trial at the end.
  package let growth: [(number: Int, hypervolume: Double)]

  package init(title: String, growth: [(number: Int, hypervolume: Double)]) { (self.title, self.growth) = (title, growth) }

  private static let (xLabel, yLabel) = ("trial", "hypervolume of the front")

  private var xRange: ClosedRange<Double> { 0...Double(max(1, growth.last?.number ?? 1)) * 1.02 }
  private var yRange: ClosedRange<Double> { 0...max(growth.map(\.hypervolume).max() ?? 0, 1e-300) * 1.05 }

  private var corners: [(x: Double, y: Double)] {
    zip(growth, growth.dropFirst()).flatMap { [(x: Double($0.number), y: $0.hypervolume), (x: Double($1.number), y: $0.hypervolume)] }
      + growth.suffix(1).map { (Double($0.number), $0.hypervolume) }
  }

  package var figure: Figure {
    let rows = growth.map { [Double($0.number), $0.hypervolume] }
    let colour = Palette.okabeIto[0].hex
    let plots =
      rows.isEmpty
      ? []
      : [
        "$growth using 1:2 with steps linecolor rgb '\(colour)' linewidth 1.8",
        "$growth using 1:2 with points pointtype 7 pointsize 0.45 linecolor rgb '\(colour)'",
      ]
    return Figure(
      width: 860, height: 440, blocks: rows.isEmpty ? [] : [Figure.Block("growth", rows)],
      commands: Figure.look() + Figure.margins(left: 96, right: 30, top: 56, bottom: 64, width: 860, height: 440) + [
        Figure.title(Figure.wrapped(title, to: 80)), "set key off", Figure.command("x", xRange), Figure.command("y", yRange),
        Figure.tics("x", in: xRange, about: 10), Figure.tics("y", in: yRange, about: 8), Figure.axisLabel("x", Self.xLabel),
        Figure.sideLabel(Self.yLabel, width: 860), "plot \((["-1"] + plots).joined(separator: ", "))",
      ],
      text: .drawn(text))
  }

  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    canvas.put(title, 0, 0)
    let axes = TextAxes(
      x: xRange, y: yRange, xLabel: Self.xLabel, yLabel: Self.yLabel, top: 1, width: columns, rows: max(8, rows - 2), on: &canvas)
    axes.draw(corners, colour: Palette.okabeIto[0], on: &canvas)
    for value in growth {
      guard let (column, row) = axes.cell(Double(value.number), value.hypervolume) else { continue }
      canvas.put("●", column, row, colour: Palette.okabeIto[0])
    }
    return canvas.text(colour: colour)
  }
}
