// Two axes of numbers on a canvas of characters: for figures in the terminal that are points or steps. What is drawn between them is the figure's business.

import SweepCore

/// A rectangle of a canvas where x goes to the right and y up.
package struct TextAxes {
  private let (xRange, yRange): (ClosedRange<Double>, ClosedRange<Double>)
  /// The cells between the axes.
  private let (left, top, columns, rows): (Int, Int, Int, Int)

  /// Draws the axes with round numbers on them.
  /// - Parameters:
  ///   - start: the first column.
  ///   - top: the first row.
  ///   - width: columns for the axes and what is between them.
  ///   - rows: likewise.
  package init(
    x xRange: ClosedRange<Double>, y yRange: ClosedRange<Double>, xLabel: String, yLabel: String, start: Int = 0, top: Int, width: Int, rows: Int,
    on canvas: inout TextCanvas
  ) {
    (self.xRange, self.yRange) = (xRange, yRange)
    let yTicks = Figure.roundNumbers(in: yRange, about: max(2, rows / 4))
    left = start + min(width / 3, (yTicks.map(\.text.count).max() ?? 0) + 2)
    (self.top, columns, self.rows) = (top + 1, max(1, start + width - left - 1), max(1, rows - 4))
    canvas.put(Figure.shortened(yLabel, to: max(1, width - 1)), start, top)
    for row in 0..<self.rows { canvas.put("│", left - 1, self.top + row) }
    for tick in yTicks {
      guard let (_, row) = cell(xRange.lowerBound, tick.value) else { continue }
      canvas.put(tick.text, endingAt: left - 1, row)
      canvas.put("┤", left - 1, row)
    }
    let bottom = self.top + self.rows
    canvas.put("└" + String(repeating: "─", count: columns), left - 1, bottom)
    var free = start
    for tick in Figure.roundNumbers(in: xRange, about: max(2, columns / 12)) {
      guard let (column, _) = cell(tick.value, yRange.lowerBound) else { continue }
      let first = min(column - tick.text.count / 2, start + width - 1 - tick.text.count)
      guard first >= free else { continue }
      canvas.put("┬", column, bottom)
      canvas.put(tick.text, first, bottom + 1)
      free = first + tick.text.count + 1
    }
    let name = Figure.shortened(xLabel, to: max(1, width - 1))
    canvas.put(name, max(start, left + columns - name.count), bottom + 2)
  }

  /// Where a point is on the canvas; nil: outside.
  package func cell(_ x: Double, _ y: Double) -> (column: Int, row: Int)? {
    guard xRange.contains(x), yRange.contains(y) else { return nil }
    func place(_ value: Double, _ range: ClosedRange<Double>, _ count: Int) -> Int {
      let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(count)
      return share.isFinite ? min(count - 1, Int(min(share, Double(count)))) : 0
    }
    return (left + place(x, xRange, columns), top + rows - 1 - place(y, yRange, rows))
  }

  /// A line of level and upright pieces through corners.
  package func draw(_ corners: [(x: Double, y: Double)], colour: Colour, on canvas: inout TextCanvas) {
    for (one, other) in zip(corners, corners.dropFirst()) {
      guard let start = cell(one.x, one.y), let end = cell(other.x, other.y) else { continue }
      if start.row == end.row {
        for column in min(start.column, end.column)...max(start.column, end.column) { canvas.put("─", column, start.row, colour: colour) }
      } else {
        for row in min(start.row, end.row)...max(start.row, end.row) { canvas.put("│", start.column, row, colour: colour) }
      }
    }
    for place in corners.indices.dropFirst().dropLast() {
      let around = [corners[place - 1], corners[place], corners[place + 1]].compactMap { cell($0.x, $0.y) }
      guard around.count == 3, let level = [around[0], around[2]].first(where: { $0.row == around[1].row && $0.column != around[1].column }),
        let upright = [around[0], around[2]].first(where: { $0.column == around[1].column && $0.row != around[1].row })
      else { continue }
      let (isRight, isUp) = (level.column > around[1].column, upright.row < around[1].row)
      canvas.put(isRight ? isUp ? "└" : "┌" : isUp ? "┘" : "┐", around[1].column, around[1].row, colour: colour)
    }
  }
}
