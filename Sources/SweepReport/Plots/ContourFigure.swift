// The objective over two parameters whose trials are anywhere: bands of equal values, interpolated between the trials, which are drawn as points.
// What other parameters do is in it as noise.

import SweepCore

package struct ContourFigure: Sendable {
  /// A trial: its positions on the axes, and its objective.
  package struct Point: Sendable {
    package let x: Double
    package let y: Double
    package let objective: Double

    package init(x: Double, y: Double, objective: Double) { (self.x, self.y, self.objective) = (x, y, objective) }
  }

  package let title: String
  package let x: Axis
  package let y: Axis
  package let objective: String
  package let isMaximised: Bool
  package let points: [Point]

  /// Points without finite numbers are left out.
  package init(title: String, x: Axis, y: Axis, objective: String, isMaximised: Bool, points: [Point]) {
    (self.title, self.x, self.y, self.objective, self.isMaximised) = (title, x, y, objective, isMaximised)
    self.points = points.filter { $0.x.isFinite && $0.y.isFinite && $0.objective.isFinite }
  }

  private static let bands = 12

  // MARK: the surface

  /// From the best value to that which nine tenths are better than: a few that went wrong are not to take all the colours.
  private var range: ClosedRange<Double> {
    let values = points.map(\.objective).sorted { isMaximised ? $0 > $1 : $0 < $1 }
    return Figure.range(of: values.prefix(max(2, (9 * values.count + 9) / 10)), air: 0)
  }

  private var best: Point? { points.min { isMaximised ? $0.objective > $1.objective : $0.objective < $1.objective } }

  /// Where an axis begins and ends, so that values of a list have room.
  private static func reach(_ axis: Axis) -> ClosedRange<Double> {
    let edge = axis.isListed ? 0.5 / Double(max(1, axis.ticks.count - 1)) : 0.03
    return -edge...1 + edge
  }

  /// The value at a place: the mean of all, weighted by the inverse of the distance (Shepard 1968, with the power 3), which is smoothed near the points.
  package static func value(at x: Double, _ y: Double, among points: [Point], in range: ClosedRange<Double>) -> Double {
    var (sum, weights) = (0.0, 0.0)
    for point in points {
      let square = (point.x - x) * (point.x - x) + (point.y - y) * (point.y - y) + 0.0004
      let weight = 1 / (square * square.squareRoot())
      sum += weight * min(max(point.objective, range.lowerBound), range.upperBound)
      weights += weight
    }
    return weights > 0 ? sum / weights : .nan
  }

  /// The values in the middles of cells, `[row][column]` from below.
  private func surface(columns: Int, rows: Int) -> [[Double]] {
    let (range, across, up) = (range, Self.reach(x), Self.reach(y))
    func middle(_ place: Int, of count: Int, _ reach: ClosedRange<Double>) -> Double {
      reach.lowerBound + (Double(place) + 0.5) / Double(count) * (reach.upperBound - reach.lowerBound)
    }
    return (0..<rows).map { row in
      (0..<columns).map { column in
        Self.value(at: middle(column, of: columns, across), middle(row, of: rows, up), among: points, in: range)
      }
    }
  }

  private func band(_ value: Double, _ range: ClosedRange<Double>) -> Int {
    let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return share.isFinite ? min(max(Int(share * Double(Self.bands)), 0), Self.bands - 1) : 0
  }

  private static func colour(ofBand band: Int) -> Colour { Palette.viridis((Double(band) + 0.5) / Double(bands)) }

  // MARK: in ink

  private static let (columns, rows) = (72, 54)
  private static let (bodyWidth, bodyHeight) = (520.0, 390.0)

  package var figure: Figure {
    let range = range
    let (across, up) = (Self.reach(x), Self.reach(y))
    let widest = y.ticks.map { Figure.pixels(Figure.shortened($0.text, to: 18)) }.reduce(0, max)
    let widestX = x.ticks.map { Figure.pixels(Figure.shortened($0.text, to: 18)) }.reduce(0, max)
    let isRotated = widestX > 0.95 * Self.bodyWidth / Double(max(1, x.ticks.count))
    let (left, bottom) = (widest + 50, isRotated ? 60 + 0.66 * widestX : 62)
    let width = Int(left + Self.bodyWidth) + 116
    let heading = Figure.wrapped(title, to: width / 10)
    let top = Double(32 + 18 * heading.count)
    let height = Int(top + Self.bodyHeight + bottom)
    // Neighbours of one band are one box.
    let (halfWidth, halfHeight) = (
      (across.upperBound - across.lowerBound) / Double(2 * Self.columns), (up.upperBound - up.lowerBound) / Double(2 * Self.rows)
    )
    var boxes: [[Double]] = []
    for (row, values) in surface(columns: Self.columns, rows: Self.rows).enumerated() {
      let bands = values.map { band($0, range) }
      var start = 0
      for column in 1...Self.columns where column == Self.columns || bands[column] != bands[start] {
        let half = halfWidth * Double(column - start)
        boxes.append([
          across.lowerBound + halfWidth * Double(column + start), up.lowerBound + halfHeight * Double(2 * row + 1), half * 1.002, halfHeight * 1.02,
          Self.colour(ofBand: bands[start]).number(),
        ])
        start = column
      }
    }
    let dots = points.map { [$0.x, $0.y] }
    let size = points.count <= 200 ? 0.5 : 0.25
    var plots = ["-9"]
    if !points.isEmpty {
      plots += [
        "$boxes using 1:2:3:4:5 with boxxyerror fillcolor rgb variable fillstyle solid noborder",
        "$points using 1:2 with points pointtype 7 pointsize \(size + 0.25) linecolor rgb 'white'",
        "$points using 1:2 with points pointtype 7 pointsize \(size) linecolor rgb '#202020'",
        "$best using 1:2 with points pointtype 7 pointsize 1.25 linecolor rgb 'white'",
        "$best using 1:2 with points pointtype 7 pointsize 0.9 linecolor rgb '#d81b60'",
      ]
    }
    func tics(_ axis: Axis) -> String {
      let every = max(1, (axis.ticks.count + 13) / 14)
      return axis.ticks.enumerated().filter { $0.offset % every == 0 }
        .map { Figure.tic(Figure.shortened($0.element.text, to: 18), at: $0.element.position) }.joined(separator: ", ")
    }
    return Figure(
      width: width, height: height,
      blocks: [.init("boxes", boxes), .init("points", dots), .init("best", best.map { [[$0.x, $0.y]] } ?? [])],
      commands: Figure.look(grid: "")
        + Figure.margins(left: left, right: 116, top: top, bottom: bottom, width: width, height: height)
        + [
          Figure.heading(heading, height: height), Palette.viridisCommand, "set palette maxcolors \(Self.bands)", Figure.command("x", across),
          Figure.command("y", up), Figure.command("cb", range), "set xtics \(isRotated ? "rotate by 40 right" : "norotate") (\(tics(x)))",
          "set ytics (\(tics(y)))", Figure.axisLabel("x", Figure.shortened(x.name, to: 40)),
          Figure.sideLabel(Figure.shortened(y.name, to: 34), width: width),
          "set colorbox vertical user noborder origin screen \((left + Self.bodyWidth + 18) / Double(width)), graph 0",
          "set colorbox size screen \(14 / Double(width)), graph 1", Figure.tics("cb", in: range, about: 6), "set cbtics scale 0 offset -0.6,0",
          Figure.axisLabel("cb", Figure.shortened(objective, to: 40), offset: "1.2,0"),
          // Boxes without a palette would have no colour bar.
          "plot \((plots + (points.isEmpty ? [] : ["$best using (-9):(-9):(\(range.lowerBound)) with points palette"])).joined(separator: ", "))",
        ], text: .drawn(text))
  }

  // MARK: in the terminal

  private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]

  /// Bands as colours, or as shades; trials are o, the best is *.
  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    let range = range
    let margin = min(max(y.ticks.map { $0.text.count }.max() ?? 0, min(y.name.count, 12)) + 1, columns / 3)
    let (wide, tall) = (max(10, columns - margin - 1), max(5, rows - 6))
    let (across, up) = (Self.reach(x), Self.reach(y))
    func column(_ position: Double) -> Int {
      margin + min(max(Int((position - across.lowerBound) / (across.upperBound - across.lowerBound) * Double(wide)), 0), wide - 1)
    }
    func line(_ position: Double) -> Int {
      1 + tall - min(max(Int((position - up.lowerBound) / (up.upperBound - up.lowerBound) * Double(tall)), 0), tall - 1)
    }
    canvas.put(title, 0, 0)
    canvas.put(Figure.shortened(y.name, to: margin), 0, 1)
    var backgrounds: [[Colour?]] = []
    for (row, values) in surface(columns: wide, rows: tall).enumerated() {
      backgrounds.append([])
      for (place, value) in values.enumerated() {
        let band = band(value, range)
        let tint = colour ? Self.colour(ofBand: band) : nil
        backgrounds[row].append(tint)
        let shade = Self.shades[min(band * Self.shades.count / Self.bands, Self.shades.count - 1)]
        canvas.put(colour ? " " : String(shade), margin + place, 1 + tall - row, background: tint)
      }
    }
    func mark(_ point: Point, _ sign: String) {
      let (place, row) = (column(point.x), line(point.y))
      let tint = backgrounds[1 + tall - row][place - margin]
      canvas.put(sign, place, row, colour: tint.map { $0.isDark ? Colour(0xffffff) : Colour(0) }, background: tint)
    }
    for point in points.prefix(500) { mark(point, "o") }
    if let best { mark(best, "*") }
    var free = 0
    for tick in y.ticks { canvas.put(Figure.shortened(tick.text, to: margin - 1), endingAt: margin - 1, line(tick.position)) }
    for tick in x.ticks {
      let start = max(0, column(tick.position) - tick.text.count / 2)
      if start >= free, start + tick.text.count <= columns {
        canvas.put(tick.text, start, 2 + tall)
        free = start + tick.text.count + 1
      }
    }
    canvas.put(x.name, margin, 3 + tall)
    let ends = "\(fixed(range.lowerBound, digits: 4)) to \(fixed(range.upperBound, digits: 4))"
    let shown = colour ? "" : " (\(String(Self.shades).replacing(" ", with: "·")))"
    canvas.put("\(objective): \(ends)\(shown), best (*) \(best.map { fixed($0.objective, digits: 4) } ?? "none")", 0, 4 + tall)
    return canvas.text(colour: colour)
  }
}
