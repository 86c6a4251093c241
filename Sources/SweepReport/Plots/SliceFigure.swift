// The objective over one parameter at a time: a panel for each, a point for each trial, a short line at the mean of each listed value.

import SweepCore

package struct SliceFigure: Sendable {
  package struct Panel: Sendable {
    package let axis: Axis
    /// A trial: its position on the axis, and its objective.
    package let points: [(position: Double, objective: Double)]

    /// Points without finite numbers are left out.
    package init(_ axis: Axis, points: [(position: Double, objective: Double)]) {
      (self.axis, self.points) = (axis, points.filter { $0.position.isFinite && $0.objective.isFinite })
    }
  }

  package let title: String
  package let objective: String
  package let panels: [Panel]

  package init(title: String, objective: String, panels: [Panel]) { (self.title, self.objective, self.panels) = (title, objective, panels) }

  private var range: ClosedRange<Double> { Figure.range(of: panels.flatMap { $0.points.map(\.objective) }) }

  // MARK: Layout, in pixels

  private var perRow: Int { panels.count <= 4 ? max(1, panels.count) : panels.count <= 6 ? 3 : 4 }
  private static let left = 80.0
  private static let gap = 26.0
  private static let body = 250.0

  private func widest(_ panel: Panel) -> Double { panel.axis.ticks.map { Figure.pixels(Figure.shortened($0.text, to: 18)) }.reduce(0, max) }

  private func isRotated(_ panel: Panel, _ width: Double) -> Bool { widest(panel) > 0.95 * width / Double(max(1, min(14, panel.axis.ticks.count))) }

  /// What the values and the name of the parameter need below a panel.
  private func below(_ panel: Panel, _ width: Double) -> Double { isRotated(panel, width) ? 60 + 0.66 * widest(panel) : 72 }

  package var figure: Figure {
    let panelWidth = perRow == 1 ? 420.0 : perRow == 2 ? 340 : perRow == 3 ? 280 : 230
    let width = Int(Self.left + Double(perRow) * (panelWidth + Self.gap))
    let rows = stride(from: 0, to: max(1, panels.count), by: perRow).map { panels[$0..<min($0 + perRow, panels.count)] }
    let rowHeights = rows.map { row in Self.body + row.map { below($0, panelWidth) }.reduce(0, max) }
    let heading = Figure.wrapped(title, to: max(30, width / 10))
    let top = Double(36 + 18 * heading.count)
    let height = Int(top + rowHeights.reduce(0, +)) - 6
    var blocks: [Figure.Block] = []
    var commands = Figure.look() + ["set multiplot", Figure.heading(heading, height: height), "set key off", Figure.command("y", range)]
    for (number, panel) in panels.enumerated() {
      let (column, row) = (number % perRow, number / perRow)
      let left = Self.left + Double(column) * (panelWidth + Self.gap)
      let upper = top + rowHeights.prefix(row).reduce(0, +)
      commands += Figure.margins(
        left: left, right: Double(width) - left - panelWidth, top: upper, bottom: Double(height) - upper - Self.body, width: width, height: height)
      commands += axes(panel, isRotated: isRotated(panel, panelWidth), isFirst: column == 0, width: width) + (number == 1 ? ["unset label 1"] : [])
      let reach = self.reach(panel)
      let points = panel.points.enumerated().map { [$0.element.position + reach * Self.jitter($0.offset), $0.element.objective] }
      blocks.append(Figure.Block("points_\(number)", points))
      let transparency = panel.points.count <= 100 ? 90 : panel.points.count <= 1000 ? 160 : 215
      let colour = String(transparency << 24 | Palette.okabeIto[0].rgb)
      var plots = [(range.lowerBound - (range.upperBound - range.lowerBound)).description]
      let size = points.count <= 100 ? 0.6 : 0.35
      if !points.isEmpty { plots.append("$points_\(number) using 1:2 with points pointtype 7 pointsize \(size) linecolor rgb \(colour)") }
      let means = means(panel)
      if panel.axis.isListed && !means.isEmpty {
        blocks.append(Figure.Block("means_\(number)", means.map { [$0.position - 1.3 * reach, $0.mean, 2.6 * reach, 0] }))
        plots.append("$means_\(number) using 1:2:3:4 with vectors nohead linecolor rgb '\(Palette.okabeIto[1].hex)' linewidth 2.4")
      }
      commands.append("plot \(plots.joined(separator: ", "))")
    }
    if panels.isEmpty { commands += ["set xrange [0:1]", "plot \(range.lowerBound - 1)"] }
    return Figure(width: width, height: height, blocks: blocks, commands: commands + ["unset multiplot"], text: .drawn(text))
  }

  private func axes(_ panel: Panel, isRotated: Bool, isFirst: Bool, width: Int) -> [String] {
    let edge = panel.axis.isListed ? max(0.08, 0.5 / Double(max(1, panel.axis.ticks.count - 1))) : 0.03
    let every = (panel.axis.ticks.count + 13) / 14
    let shown = panel.axis.ticks.enumerated().filter { $0.offset % max(1, every) == 0 }.map(\.element)
    let tics = shown.map { Figure.tic(Figure.shortened($0.text, to: 18), at: $0.position) }
    return [
      "set xrange [\(-edge):\(1 + edge)]", "set xtics \(isRotated ? "rotate by 40 right" : "norotate") (\(tics.joined(separator: ", ")))",
      Figure.axisLabel("x", Figure.shortened(panel.axis.name, to: 30)),
      isFirst ? Figure.sideLabel(Figure.shortened(objective, to: 34), width: width) : "unset label 2",
      Figure.tics("y", in: range, about: 7, isLabelled: isFirst),
    ]
  }

  /// How far points stray from their value.
  private func reach(_ panel: Panel) -> Double { panel.axis.isListed ? min(0.07, 0.22 / Double(max(1, panel.axis.ticks.count - 1))) : 0 }

  /// A number of -1...1 that is far from that of the neighbours: multiples of the golden ratio.
  private static func jitter(_ number: Int) -> Double {
    let place = 0.6180339887498949 * Double(number + 1)
    return 2 * (place - place.rounded(.down)) - 1
  }

  private func means(_ panel: Panel) -> [(position: Double, mean: Double)] {
    groups(panel).compactMap { tick, values in
      values.isEmpty ? nil : (position: panel.axis.ticks[tick].position, mean: values.reduce(0, +) / Double(values.count))
    }
  }

  /// The objectives at each tick.
  private func groups(_ panel: Panel) -> [(tick: Int, values: [Double])] {
    let groups = Dictionary(grouping: panel.points) { panel.axis.nearest($0.position) ?? -1 }
    return panel.axis.ticks.indices.map { tick in (tick: tick, values: (groups[tick] ?? []).map(\.objective)) }
  }

  // MARK: In the terminal

  /// A line for each value, the objective to the right: dots, and a bar at their mean.
  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    let names = panels.flatMap { $0.axis.ticks.map { Figure.shortened($0.text, to: 18) } }
    let margin = (names.map(\.count).max() ?? 0) + 4
    let room = max(10, columns - margin - 10)
    let (range, size) = (range, range.upperBound - range.lowerBound)
    func place(_ value: Double) -> Int { margin + Int((min(max((value - range.lowerBound) / size, 0), 1) * Double(room - 1)).rounded()) }
    canvas.put(title, 0, 0)
    var line = 1
    for panel in panels {
      canvas.put(panel.axis.name, 0, line)
      if line == 1 { canvas.put("mean", margin + room + 2, line) }
      line += 1
      for (tick, values) in groups(panel) {
        canvas.put(Figure.shortened(panel.axis.ticks[tick].text, to: 18), endingAt: margin - 2, line)
        canvas.put("│", margin - 1, line)
        let counts = Dictionary(grouping: values, by: place).mapValues(\.count)
        for (column, count) in counts { canvas.put(count == 1 ? "·" : count < 4 ? "•" : "●", column, line, colour: Palette.okabeIto[5]) }
        if !values.isEmpty {
          let mean = values.reduce(0, +) / Double(values.count)
          canvas.put("┃", place(mean), line, colour: Palette.okabeIto[1])
          canvas.put(fixed(mean, digits: 4), margin + room + 2, line)
        }
        line += 1
      }
    }
    canvas.put(String(repeating: "─", count: room), margin, line)
    var free = margin - 2
    for number in Figure.roundNumbers(in: range, about: 6) {
      let start = place(number.value) - number.text.count / 2
      if start > free {
        canvas.put(number.text, start, line + 1)
        free = start + number.text.count
      }
    }
    canvas.put("\(objective); · one trial, • 2 or 3, ● more, ┃ the mean", 0, line + 2)
    return canvas.text(colour: colour)
  }
}
