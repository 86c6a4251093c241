// Parallel coordinates: a line for each trial, through its value of each parameter to its objective, which also gives the colour.
// Lines of equal value are spread a little, in order of the objective, so that those of a grid can be told apart.

import SweepCore

package struct ParallelFigure: Sendable {
  package struct Line: Sendable {
    /// On each axis, 0...1; NaN where the trial has no value.
    package let positions: [Double]
    package let objective: Double

    package init(_ positions: [Double], objective: Double) { (self.positions, self.objective) = (positions, objective) }
  }

  package let title: String
  package let axes: [Axis]
  /// The name of the last axis, which the figure makes itself.
  package let objective: String
  package let isMaximised: Bool
  /// The worst first, so that the best are drawn over the others.
  package let lines: [Line]

  /// Lines without a finite objective are left out.
  /// - Precondition: each line has a position on each axis.
  package init(title: String, axes: [Axis], objective: String, isMaximised: Bool = true, lines: [Line]) {
    precondition(lines.allSatisfy { $0.positions.count == axes.count }, "a line has a position on each axis")
    (self.title, self.axes, self.objective, self.isMaximised) = (title, axes, objective, isMaximised)
    self.lines = lines.filter(\.objective.isFinite).sorted { isMaximised ? $0.objective < $1.objective : $0.objective > $1.objective }
  }

  package var figure: Figure {
    let spacing = min(200.0, max(130, 900 / Double(axes.count + 1)))
    let first = axes.first?.ticks.map { Figure.pixels(Figure.shortened($0.text, to: 24)) }.max() ?? 0
    let (left, right, bottom) = (max(80.0, first + 24), 96.0, 30.0)
    let width = Int(left + right + spacing * (Double(max(1, axes.count)) + Self.beyond))
    let heading = Figure.wrapped(title, to: max(30, width / 10))
    let top = Double(54 + 18 * heading.count)
    let height = Int(top + 360 + bottom)
    let points = points(spread: 0.09)
    let transparency = lines.count <= 40 ? 30 : lines.count <= 200 ? 110 : 180
    func rows(_ numbers: Range<Int>, transparency: Int) -> [[Double]] {
      numbers.flatMap { number in
        let colour = colour(of: lines[number].objective).number(transparency: transparency)
        return points[number].enumerated().map { [Double($0.offset), $0.element, colour] } + [[]]
      }
    }
    let bestCount = min(lines.count, lines.count <= 40 ? 1 : 5)
    let rest = lines.count - bestCount
    var blocks: [Figure.Block] = []
    var plots = ["-1"]
    let groups = [("rest", 0..<rest, transparency, 1.3), ("best", rest..<lines.count, 0, 3.2)]
    for (name, numbers, transparency, lineWidth) in groups where !numbers.isEmpty {
      blocks.append(Figure.Block(name, rows(numbers, transparency: transparency)))
      plots.append("$\(name) using 1:2:3 with lines linecolor rgb variable linewidth \(lineWidth)")
    }
    blocks.append(Figure.Block("scale", scale))
    plots.append("$scale using 1:2:3:4:5 with boxxyerror fillcolor rgb variable fillstyle solid noborder")
    return Figure(
      width: width, height: height, blocks: blocks,
      commands: Figure.look(grid: "") + Figure.margins(left: left, right: right, top: top, bottom: bottom, width: width, height: height)
        + [
          Figure.heading(heading, height: height), "unset border", "unset tics", "set yrange [-0.06:1.06]",
          "set xrange [0:\(Double(max(1, axes.count)) + Self.beyond)]",
          "set style textbox opaque noborder fillcolor rgb 'white' margins 0.4,0.2",
        ] + marks(spacing) + ["plot \(plots.joined(separator: ", "))"],
      text: text)
  }

  /// Room for the colours beyond the last axis, in spacings.
  private static let beyond = 0.08

  // MARK: Positions

  private var range: ClosedRange<Double> { Figure.range(of: lines.map(\.objective), air: 0.02) }

  private func height(of objective: Double) -> Double { (objective - range.lowerBound) / (range.upperBound - range.lowerBound) }

  /// The worst is dark, the best is bright, whether it is the largest or the least.
  private func colour(of objective: Double) -> Colour { Palette.viridis(isMaximised ? height(of: objective) : 1 - height(of: objective)) }

  /// The heights of each line on each axis, the objective's included. Equal ones fan out over at most `spread`.
  private func points(spread: Double) -> [[Double]] {
    var points = lines.map { $0.positions + [height(of: $0.objective)] }
    for axis in axes.indices {
      let groups = Dictionary(grouping: lines.indices.filter { points[$0][axis].isFinite }) { points[$0][axis] }
      let heights = groups.keys.sorted()
      let gap = zip(heights, heights.dropFirst()).map { $1 - $0 }.min() ?? 1
      let reach = min(spread, 0.5 * gap)
      for (_, group) in groups where group.count > 1 {
        let byObjective = group.sorted { (lines[$0].objective, $0) < (lines[$1].objective, $1) }
        for (place, number) in byObjective.enumerated() { points[number][axis] += reach * (Double(place) / Double(group.count - 1) - 0.5) }
      }
    }
    return points
  }

  // MARK: Axes

  /// The colours beside the last axis.
  private var scale: [[Double]] {
    let steps = 64
    return (0..<steps).map { step in
      let (low, high) = (Double(step) / Double(steps), Double(step + 1) / Double(steps))
      let value = range.lowerBound + (low + high) / 2 * (range.upperBound - range.lowerBound)
      return [Double(axes.count) + 0.045, (low + high) / 2, 0.025, (high - low) / 2 + 0.001, colour(of: value).number()]
    }
  }

  private func marks(_ spacing: Double) -> [String] {
    var commands: [String] = []
    func label(_ text: String, _ place: String, _ more: String, font: String = Figure.small) {
      commands.append(Figure.label(commands.count + 10, text, at: place, "\(more) \(font) front"))
    }
    let (nameLength, textLength) = (Int(spacing / 8.5), Int((spacing - 24) / 7))
    for number in 0...axes.count {
      commands.append("set arrow \(number + 1) from \(number), 0 to \(number), 1 nohead front linecolor rgb '\(Figure.axis)' linewidth 1.2")
      let isLast = number == axes.count
      let name = isLast ? Figure.shortened(objective, to: 22) : Figure.shortened(axes[number].name, to: nameLength)
      label(name, "\(number), graph 1", "center offset 0,1.1", font: Figure.bold)
      for tick in isLast ? objectiveTicks : Self.readable(axes[number].ticks) {
        let text = Figure.shortened(tick.text, to: textLength)
        if isLast {
          label(text, "\(number), \(tick.position)", "left offset 2.2,0")
        } else {
          label(text, "\(number), \(tick.position)", "right offset -0.8,0 boxed")
        }
      }
    }
    return commands
  }

  private var objectiveTicks: [Axis.Tick] { Figure.roundNumbers(in: range, about: 6).map { Axis.Tick(height(of: $0.value), $0.text) } }

  /// So few ticks that their texts do not touch.
  private static func readable(_ ticks: [Axis.Tick]) -> [Axis.Tick] {
    var kept: [Axis.Tick] = []
    for tick in ticks where kept.last.map({ abs(tick.position - $0.position) >= 0.045 }) ?? true { kept.append(tick) }
    return kept
  }

  // MARK: In the terminal

  /// Dots for the lines, of many only for the best, and asterisks for the best one.
  private var text: Figure.TextForm {
    let points = points(spread: 0.06)
    let steps = 24
    func dots(_ number: Int) -> [[Double]] {
      zip(points[number].indices, zip(points[number], points[number].dropFirst())).flatMap { axis, ends in
        (0...steps).map { [Double(axis) + Double($0) / Double(steps), ends.0 + (ends.1 - ends.0) * Double($0) / Double(steps)] }
      }
    }
    var blocks: [Figure.Block] = []
    var plots = ["-1"]
    var commands = ["unset border", "unset tics", "unset key", "set xrange [0:\(max(1, axes.count))]", "set yrange [-0.04:1.04]"]
    commands += ["set lmargin 10", "set rmargin 10", "set tmargin 4", "set bmargin 2", "set title \(Figure.quoted(title)) offset 0,2"]
    // Between two axes of a terminal of 80 columns.
    let room = max(4, 58 / max(1, axes.count) - 1)
    for number in 0...axes.count {
      let isLast = number == axes.count
      commands.append("set arrow from \(number), 0 to \(number), 1 nohead")
      let name = isLast ? Figure.shortened(objective, to: 19) : Figure.shortened(axes[number].name, to: room)
      commands.append(Figure.label(commands.count + 1, name, at: "\(number), graph 1", "center offset 0,1"))
      for tick in isLast ? objectiveTicks : Self.readable(axes[number].ticks) {
        let (text, side) = (Figure.shortened(tick.text, to: min(8, room)), isLast ? "left offset 2,0" : "right offset -1,0")
        commands.append(Figure.label(commands.count + 1, text, at: "\(number), \(tick.position)", "\(side) front"))
      }
    }
    let others = max(0, lines.count - 1)
    let isCrowded = lines.count > 60
    let bands = isCrowded ? [(":", others - others / 10..<others)] : [(".", 0..<others / 2), (":", others / 2..<others)]
    for (mark, band) in bands where !band.isEmpty && !axes.isEmpty {
      let name = "band_\(blocks.count)"
      blocks.append(Figure.Block(name, band.flatMap(dots)))
      plots.append("$\(name) using 1:2 with points pointtype '\(mark)' linecolor rgb '\(Palette.viridis(mark == "." ? 0.2 : 0.6).hex)'")
    }
    if !lines.isEmpty && !axes.isEmpty {
      blocks.append(Figure.Block("best", dots(lines.count - 1)))
      plots.append("$best using 1:2 with points pointtype '*' linecolor rgb '#d55e00'")
    }
    let legend = isCrowded ? "* the best   : the best tenth; the others are not drawn" : "* the best   : better half   . worse half"
    commands.append(Figure.label(commands.count + 1, legend, at: "graph 0.5, graph 0", "center offset 0,-1"))
    return .gnuplot(blocks, commands + ["plot \(plots.joined(separator: ", "))"])
  }
}
