// Trials by two objectives, the Pareto front in another colour with the edge of what it dominates; of more objectives a panel for each pair. Each panel is
// of the front in all objectives, so that only that of two has an edge.

import SweepCore

package struct ParetoFigure: Sendable {
  package struct Axis: Sendable {
    package let name: String
    package let isMaximised: Bool

    package init(_ name: String, isMaximised: Bool) { (self.name, self.isMaximised) = (name, isMaximised) }

    /// "loss (less is better)"
    fileprivate var label: String { "\(Figure.shortened(name, to: 30)) (\(isMaximised ? "more" : "less") is better)" }
  }

  package let title: String
  package let axes: [Axis]
  /// A number for each axis, of each trial.
  package let front: [[Double]]
  package let others: [[Double]]

  /// Points without finite numbers are left out.
  package init(title: String, axes: [Axis], front: [[Double]], others: [[Double]]) {
    (self.title, self.axes) = (title, axes)
    func drawable(_ points: [[Double]]) -> [[Double]] { points.filter { $0.allSatisfy(\.isFinite) } }
    (self.front, self.others) = (drawable(front), drawable(others))
  }

  private var pairs: [(x: Int, y: Int)] { axes.indices.flatMap { x in axes.indices.dropFirst(x + 1).map { (x, $0) } } }
  private func range(_ axis: Int) -> ClosedRange<Double> { Figure.range(of: (front + others).map { $0[axis] }) }

  /// The corners of the edge of what the front dominates, from the best to the worst of the first of two axes.
  private var edge: [(x: Double, y: Double)] {
    guard axes.count == 2 else { return [] }
    let ordered = front.sorted { axes[0].isMaximised ? $0[0] > $1[0] : $0[0] < $1[0] }
    return zip(ordered, ordered.dropFirst()).flatMap { [(x: $0[0], y: $0[1]), (x: $1[0], y: $0[1])] } + ordered.suffix(1).map { ($0[0], $0[1]) }
  }

  private var legend: String { "\(counted(front.count, "trial")) of the front, \(others.count) dominated" }

  package var figure: Figure {
    let pairs = pairs
    let perRow = pairs.count == 1 ? 1 : pairs.count <= 4 ? 2 : 3
    let (body, gap, left, below) = (pairs.count == 1 ? 380.0 : 260.0, 96.0, 96.0, 76.0)
    let panelWidth = pairs.count == 1 ? 620.0 : perRow == 2 ? 380 : 300
    let width = Int(left + Double(perRow) * panelWidth + Double(perRow - 1) * gap + 24)
    let rows = (pairs.count + perRow - 1) / perRow
    let heading = Figure.wrapped(title, to: max(30, width / 10)) + [legend]
    let top = Double(40 + 18 * heading.count)
    let height = Int(top + Double(rows) * (body + below))
    let (ink, pale) = (Palette.okabeIto[1], Palette.okabeIto[0])
    let transparency = others.count <= 100 ? 90 : others.count <= 1000 ? 160 : 215
    var commands = Figure.look(grid: "xtics ytics") + ["set multiplot", Figure.heading(heading, height: height), "set key off"]
    for (number, pair) in pairs.enumerated() {
      let start = left + Double(number % perRow) * (panelWidth + gap)
      let upper = top + Double(number / perRow) * (body + below)
      commands += Figure.margins(
        left: start, right: Double(width) - start - panelWidth, top: upper, bottom: Double(height) - upper - body, width: width, height: height)
      commands += [
        Figure.command("x", range(pair.x)), Figure.command("y", range(pair.y)),
        Figure.tics("x", in: range(pair.x), about: pairs.count == 1 ? 8 : 4), Figure.tics("y", in: range(pair.y), about: 7),
        Figure.axisLabel("x", axes[pair.x].label), Figure.axisLabel("y", axes[pair.y].label),
      ]
      var plots = [(range(pair.y).lowerBound - 1).description]
      func points(_ block: String, _ size: Double, _ colour: String) -> String {
        "$\(block) using \(pair.x + 1):\(pair.y + 1) with points pointtype 7 pointsize \(size) linecolor rgb \(colour)"
      }
      if !others.isEmpty { plots.append(points("others", others.count <= 100 ? 0.6 : 0.35, String(transparency << 24 | pale.rgb))) }
      if !edge.isEmpty { plots.append("$edge using 1:2 with lines linecolor rgb '\(ink.hex)' linewidth 1.6") }
      if !front.isEmpty { plots.append(points("front", 0.75, "'\(ink.hex)'")) }
      commands.append("plot \(plots.joined(separator: ", "))")
      if number == 0 { commands.append("unset label 1") }
    }
    let blocks = [
      Figure.Block("others", others), Figure.Block("front", front), Figure.Block("edge", edge.map { [$0.x, $0.y] }),
    ].filter { !$0.rows.isEmpty }
    return Figure(width: width, height: height, blocks: blocks, commands: commands + ["unset multiplot"], text: .drawn(text))
  }

  // MARK: In the terminal

  private static let (leastColumns, leastRows) = (26, 8)

  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    canvas.put(title, 0, 0)
    canvas.put("● \(legend) (·)", 0, 1)
    // Two beside each other, or three, as they fit.
    let perRow = max(1, min(pairs.count, 3, columns / Self.leastColumns))
    let height = max(Self.leastRows, (rows - 2) / ((pairs.count + perRow - 1) / perRow))
    let width = columns / perRow
    for (number, pair) in pairs.enumerated() {
      let drawn = TextAxes(
        x: range(pair.x), y: range(pair.y), xLabel: axes[pair.x].label, yLabel: axes[pair.y].label, start: number % perRow * width,
        top: 2 + number / perRow * height, width: width, rows: height, on: &canvas)
      drawn.draw(edge, colour: Palette.okabeIto[1], on: &canvas)
      for (points, mark, tint) in [(others, "·", 0), (front, "●", 1)] {
        for point in points {
          guard let (column, row) = drawn.cell(point[pair.x], point[pair.y]) else { continue }
          canvas.put(mark, column, row, colour: Palette.okabeIto[tint])
        }
      }
    }
    return canvas.text(colour: colour)
  }
}
