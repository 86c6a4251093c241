// A metric over two parameters: a cell for each pair of values, its number written in it, the best outlined.

import SweepCore

package struct HeatmapFigure: Sendable {
  package let title: String
  package let xLabel: String
  package let yLabel: String
  /// The values of the parameters, in order; the first of y is at the bottom.
  package let xValues: [String]
  package let yValues: [String]
  package let metric: String
  /// `cells[y][x]`; nil where no trial was.
  package let cells: [[Double?]]
  package let isMaximised: Bool
  /// Behind the point, of the numbers in the cells.
  package let digits: Int

  /// - Precondition: a row of cells for each y value, a cell in it for each x value.
  package init(
    title: String, xLabel: String, yLabel: String, xValues: [String], yValues: [String], metric: String, cells: [[Double?]], isMaximised: Bool = true,
    digits: Int = 4
  ) {
    precondition(cells.count == yValues.count && cells.allSatisfy { $0.count == xValues.count }, "a cell for each pair of values")
    (self.title, self.xLabel, self.yLabel, self.xValues, self.yValues) = (title, xLabel, yLabel, xValues, yValues)
    (self.metric, self.isMaximised, self.digits) = (metric, isMaximised, digits)
    self.cells = cells.map { row in row.map { $0.flatMap { $0.isFinite ? $0 : nil } } }
  }

  private static let mostTexts = 150

  package var figure: Figure {
    let layout = Layout(self)
    let filled = all.compactMap { cell in cell.value.map { [Double(cell.x), Double(cell.y), 0.5, 0.5, $0] } }
    let empty = all.filter { $0.value == nil }.map { [Double($0.x), Double($0.y), 0.5, 0.5] }
    let border = layout.isTight ? "noborder" : "border linecolor rgb 'white'"
    var plots = ["-1"]
    if !empty.isEmpty { plots.append("$empty using 1:2:3:4 with boxxyerror fillcolor rgb '#ececec' fillstyle solid \(border)") }
    if !filled.isEmpty { plots.append("$filled using 1:2:3:4:5 with boxxyerror fillcolor palette fillstyle solid \(border)") }
    var blocks = [Figure.Block("filled", filled), Figure.Block("empty", empty)]
    if layout.fontSize > 0 {
      let texts = all.compactMap { cell in cell.value.map { (cell: [Double(cell.x), Double(cell.y), $0], isDark: colour(of: $0).isDark) } }
      for (name, isDark) in [("white", true), ("black", false)] where texts.contains(where: { $0.isDark == isDark }) {
        blocks.append(Figure.Block("texts_\(name)", texts.filter { $0.isDark == isDark }.map(\.cell)))
        let number = "sprintf('%.\(digits)f', $3)"
        plots.append("$texts_\(name) using 1:2:(\(number)) with labels font '\(Figure.font),\(layout.fontSize)' textcolor rgb '\(name)'")
      }
    }
    for (index, best) in bests.enumerated() {
      // Two corners come twice, so that the outline has no notch where it closes.
      let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)]
      blocks.append(Figure.Block("best_\(index)", corners.map { [Double(best.x) + $0.0, Double(best.y) + $0.1] }))
      plots.append("$best_\(index) using 1:2 with lines linecolor rgb '#d81b60' linewidth 2.6")
    }
    return Figure(
      width: layout.width, height: layout.height, blocks: blocks, commands: frame(layout) + ["plot \(plots.joined(separator: ", "))"],
      text: .drawn(text))
  }

  // MARK: Cells

  private typealias Cell = (x: Int, y: Int, value: Double?)

  private var all: [Cell] { cells.enumerated().flatMap { y, row in row.enumerated().map { (x: $0.offset, y: y, value: $0.element) } } }

  /// The best, and those that have the same number written in them.
  private var bests: [Cell] {
    let values = all.compactMap(\.value)
    guard let best = isMaximised ? values.max() : values.min() else { return [] }
    return all.filter { cell in cell.value.map { fixed($0, digits: digits) == fixed(best, digits: digits) } ?? false }
  }

  private var range: ClosedRange<Double> { Figure.range(of: all.compactMap(\.value), air: 0) }

  private func colour(of value: Double) -> Colour { Palette.viridis((value - range.lowerBound) / (range.upperBound - range.lowerBound)) }

  // MARK: Layout

  /// All in pixels.
  private struct Layout {
    let left: Double
    let bottom: Double
    let top: Double
    let width: Int
    let height: Int
    let title: [String]
    let isRotated: Bool
    let isTight: Bool
    /// Of the numbers in the cells; 0 for none.
    let fontSize: Int
    let everyX: Int
    let everyY: Int

    init(_ map: HeatmapFigure) {
      let (columns, rows) = (Double(max(1, map.xValues.count)), Double(max(1, map.yValues.count)))
      let cellWidth = min(96, max(620 / columns, 6))
      let cellHeight = min(52, max(400 / rows, 6))
      let widestX = map.xValues.map { Figure.pixels(Figure.shortened($0, to: 24)) }.max() ?? 0
      let widestY = map.yValues.map { Figure.pixels(Figure.shortened($0, to: 24)) }.max() ?? 0
      isRotated = widestX > cellWidth - 4
      everyX = isRotated ? max(1, Int((16 / cellWidth).rounded(.up))) : 1
      everyY = max(1, Int((14 / cellHeight).rounded(.up)))
      left = widestY + 46
      bottom = (isRotated ? 0.68 * widestX + 12 : 18) + 38
      let body = max(cellWidth * columns, 300)
      width = Int(left + body + 112)
      title = Figure.wrapped(map.title, to: max(24, Int(Double(width) / 10)))
      top = Double(30 + 18 * title.count)
      height = Int(top + max(cellHeight * rows, 120) + bottom)
      isTight = cellWidth < 20 || cellHeight < 18
      let longest = map.all.compactMap(\.value).map { fixed($0, digits: map.digits).count }.max() ?? 1
      let size = [12, 11, 10, 9, 8].first { Double(longest * $0) * 0.62 < cellWidth - 4 && Double($0) * 1.5 < cellHeight }
      fontSize = map.all.count <= HeatmapFigure.mostTexts ? size ?? 0 : 0
    }
  }

  private func frame(_ layout: Layout) -> [String] {
    func tics(_ values: [String], every: Int) -> String {
      values.enumerated().filter { $0.offset % every == 0 }.map { Figure.tic(Figure.shortened($0.element, to: 24), at: Double($0.offset)) }
        .joined(separator: ", ")
    }
    let body = Double(layout.width) - layout.left - 112
    return Figure.look(grid: "")
      + Figure.margins(left: layout.left, right: 112, top: layout.top, bottom: layout.bottom, width: layout.width, height: layout.height)
      + [
        Figure.heading(layout.title, height: layout.height), "unset border", "set tics scale 0", Palette.viridisCommand,
        "set xrange [-0.5:\(Double(max(1, xValues.count)) - 0.5)]", "set yrange [-0.5:\(Double(max(1, yValues.count)) - 0.5)]",
        Figure.command("cb", range), "set xtics \(layout.isRotated ? "rotate by 40 right" : "norotate") (\(tics(xValues, every: layout.everyX)))",
        "set ytics (\(tics(yValues, every: layout.everyY)))",
        Figure.sideLabel(Figure.shortened(yLabel, to: 30), width: layout.width),
        Figure.label(
          3, Figure.shortened(xLabel, to: 40),
          at: Figure.place(layout.left + body / 2, Double(layout.height) - 18, width: layout.width, height: layout.height),
          "center \(Figure.middle)"),
        "set colorbox vertical user noborder origin screen \((layout.left + body + 16) / Double(layout.width)), graph 0",
        "set colorbox size screen \(14 / Double(layout.width)), graph 1", Figure.tics("cb", in: range, about: 6), "set cbtics scale 0 offset -0.6,0",
        Figure.axisLabel("cb", Figure.shortened(metric, to: 40), offset: "1.2,0"),
      ]
  }

  // MARK: In the terminal

  private static let shades: [Character] = ["░", "▒", "▓", "█"]

  /// Numbers in cells as long as they fit, the best one between angle brackets; then shades.
  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    let bests = Set(bests.map { [$0.x, $0.y] })
    let names = yValues.map { Figure.shortened($0, to: 16) }
    let margin = min(max(names.map(\.count).max() ?? 0, min(yLabel.count, 16)) + 2, columns / 3)
    let room = (columns - margin) / max(1, xValues.count)
    func longest(_ digits: Int) -> Int { all.compactMap(\.value).map { fixed($0, digits: digits).count }.max() ?? 1 }
    let shown = stride(from: digits, through: min(2, digits), by: -1).first { longest($0) + 2 <= room }
    let hasNumbers = shown != nil
    let cellDigits = shown ?? digits
    let wide = hasNumbers ? min(max(longest(cellDigits), xValues.map(\.count).max() ?? 0) + 2, room, 14) : max(1, min(3, room))
    let tall = hasNumbers && colour && (rows - 6) / max(1, yValues.count) >= 3 ? 3 : 1
    canvas.put(title, 0, 0)
    canvas.put(Figure.shortened(yLabel, to: margin - 1), 0, 1)
    for (line, y) in yValues.indices.reversed().enumerated() {
      let top = 2 + line * tall
      canvas.put(names[y], endingAt: margin - 1, top + tall / 2)
      for x in xValues.indices {
        let value = cells[y][x]
        let isBest = bests.contains([x, y])
        let tint = value.map { self.colour(of: $0) }
        let number = value.map { fixed($0, digits: cellDigits) } ?? "·"
        let shade = value == nil ? "·" : String(Self.shades[min(3, Int(share(value ?? 0) * 4))])
        let written = !hasNumbers ? String(repeating: isBest ? "*" : shade, count: wide) : isBest ? "›\(number)‹" : number
        let before = (wide - written.count) / 2
        let padded = String(repeating: " ", count: max(0, before)) + written + String(repeating: " ", count: max(0, wide - written.count - before))
        for part in 0..<tall {
          let ink = tint.map { $0.isDark ? Colour(0xffffff) : Colour(0) }
          canvas.put(part == tall / 2 ? padded : String(repeating: " ", count: wide), margin + x * wide, top + part, colour: ink, background: tint)
        }
      }
    }
    let below = 2 + tall * yValues.count
    var free = 0
    for (x, value) in xValues.enumerated() {
      let name = Figure.shortened(value, to: max(wide - 1, 8))
      let start = max(0, margin + x * wide + (wide - name.count) / 2)
      if start >= free && start + name.count <= columns {
        canvas.put(name, start, below)
        free = start + name.count + 1
      }
    }
    canvas.put(xLabel, margin, below + 1)
    let ends = "\(fixed(range.lowerBound, digits: digits)) to \(fixed(range.upperBound, digits: digits))"
    let bestText = self.bests.first?.value.map { ", best \(fixed($0, digits: digits))" } ?? ""
    canvas.put("\(metric): \(ends)\(hasNumbers ? "" : " (\(String(Self.shades)))")\(bestText)", 0, below + 2)
    return canvas.text(colour: colour)
  }

  private func share(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
}
