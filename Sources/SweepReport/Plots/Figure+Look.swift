// The look that all figures share: thin dark-grey axes on the left and below, a light grid, DejaVu Sans; and round numbers for axes.

import Foundation
import SweepCore

extension Figure {
  package static let font = "DejaVu Sans"
  package static let small = "font '\(font),12' textcolor rgb '\(ink)'"
  package static let middle = "font '\(font),13' textcolor rgb '\(ink)'"
  package static let bold = "font '\(font) Bold,13' textcolor rgb '\(ink)'"
  package static let large = "font '\(font) Bold,15' textcolor rgb '\(ink)'"
  package static let ink = "#303030"
  package static let axis = "#606060"
  package static let pale = "#e4e4e4"

  /// Opens a figure's commands. The grid is for axes of numbers.
  package static func look(grid: String = "ytics") -> [String] {
    [
      "set border 3 back linecolor rgb '\(axis)' linewidth 1",
      "set tics nomirror out scale 0.5 \(small)", "set format '%g'",
      grid.isEmpty ? "unset grid" : "set grid \(grid) back linetype 1 linecolor rgb '\(pale)' linewidth 1",
      "set key noautotitle noenhanced \(small)",
      "unset colorbox",
    ]
  }

  package static func title(_ lines: [String]) -> String { "set title \(quoted(lines: lines)) \(large)" }

  /// A title above several panels, its first line so many pixels below the upper edge.
  package static func heading(_ lines: [String], height: Int, below: Int = 26) -> String {
    "set label 1 \(quoted(lines: lines)) at screen 0.5, screen \(1 - Double(below) / Double(height)) center \(large) front"
  }

  package static func axisLabel(_ axis: String, _ text: String, offset: String = "0,0") -> String {
    "set \(axis)label \(quoted(text)) \(middle) offset \(offset)"
  }

  /// The label of the vertical axis at a distance from the figure's left edge that is the same on every terminal.
  package static func sideLabel(_ text: String, width: Int) -> String {
    "set label 2 \(quoted(text)) at screen \(20 / Double(width)), graph 0.5 center rotate by 90 \(middle)"
  }

  /// A text at a place such as "graph 0.5, graph 1", with what gnuplot is to know besides.
  package static func label(_ number: Int, _ text: String, at place: String, _ more: String) -> String {
    "set label \(number) \(quoted(text)) at \(place) \(more)"
  }

  /// A place in pixels from the left and upper edges.
  package static func place(_ x: Double, _ y: Double, width: Int, height: Int) -> String {
    "screen \(x / Double(width)), screen \(1 - y / Double(height))"
  }

  /// The drawing area, in pixels from the edges.
  package static func margins(left: Double, right: Double, top: Double, bottom: Double, width: Int, height: Int) -> [String] {
    [
      "set lmargin at screen \(left / Double(width))", "set rmargin at screen \(1 - right / Double(width))",
      "set tmargin at screen \(1 - top / Double(height))", "set bmargin at screen \(bottom / Double(height))",
    ]
  }

  /// How wide a text is about, in pixels.
  package static func pixels(_ text: String, size: Double = 12) -> Double { Double(text.count) * size * 0.6 }

  /// Where values lie, with a little air; never empty, so that an axis can always be drawn.
  package static func range(of values: some Sequence<Double>, air: Double = 0.05) -> ClosedRange<Double> {
    let drawable = values.filter { abs($0) < 1e300 }
    guard let least = drawable.min(), let most = drawable.max() else { return 0...1 }
    let size = max(abs(least), abs(most))
    guard most - least > 1e-9 * size else {
      let half = size == 0 ? 0.5 : 0.05 * size
      return (least - half)...(most + half)
    }
    return (least - air * (most - least))...(most + air * (most - least))
  }

  package static func command(_ axis: String, _ range: ClosedRange<Double>) -> String { "set \(axis)range [\(range.lowerBound):\(range.upperBound)]" }

  /// Round numbers of a range, about so many, with the digits that tell them apart.
  package static func roundNumbers(in range: ClosedRange<Double>, about count: Int) -> [(value: Double, text: String)] {
    let step = roundStep((range.upperBound - range.lowerBound) / Double(max(1, count)))
    let digits = max(0, -Int(log10(step).rounded(.down)))
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step).rounded(.down)
    guard step > 0, last >= first, last - first < 1000 else { return [] }
    let isPlain = digits <= 7 && max(abs(first), abs(last)) * step < 1e7
    return stride(from: first, through: last, by: 1).map { number in
      let value = number == 0 ? 0 : number * step  // not −0
      return (value: value, text: isPlain ? fixed(value, digits: digits) : String(format: "%g", value))
    }
  }

  /// The same as tics of an axis, with the same number of digits on each.
  package static func tics(_ axis: String, in range: ClosedRange<Double>, about count: Int, unit: String = "", isLabelled: Bool = true) -> String {
    "set \(axis)tics (\(roundNumbers(in: range, about: count).map { tic(isLabelled ? $0.text + unit : "", at: $0.value) }.joined(separator: ", ")))"
  }

  /// 1, 2 or 5 times a power of ten, at least the number.
  package static func roundStep(_ least: Double) -> Double {
    let power = pow(10, log10(least).rounded(.down))
    return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= least * (1 - 1e-9) } ?? least
  }
}

extension Int {
  /// "4,095"
  package var grouped: String {
    let digits = Array(String(magnitude))
    let groups = stride(from: digits.count % 3, through: digits.count, by: 3).map { end in String(digits[Swift.max(0, end - 3)..<end]) }
    return (self < 0 ? "−" : "") + groups.filter { !$0.isEmpty }.joined(separator: ",")
  }
}
