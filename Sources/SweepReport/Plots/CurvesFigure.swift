// Curves over the epochs, of one trial or of several: colour tells the roles of one trial apart; of several, the trials, and dashes the roles.
// In the terminal the curves are dots of a letter each.

import SweepCore

package struct CurvesFigure: Sendable {
  package enum Role: String, Sendable, CaseIterable {
    case training, validation, test
  }

  package struct Curve: Sendable {
    /// Nil for what is of no role, such as the gap between two.
    package let role: Role?
    /// One for each epoch; NaN is a gap.
    package let values: [Double]

    package init(_ role: Role?, _ values: [Double]) { (self.role, self.values) = (role, values) }
  }

  package struct Trial: Sendable {
    package let label: String
    package let curves: [Curve]

    package init(_ label: String, _ curves: [Curve]) { (self.label, self.curves) = (label, curves) }
  }

  package let title: String
  package let yLabel: String
  package let trials: [Trial]
  /// The epoch of the first value.
  package let firstEpoch: Int

  package init(title: String, yLabel: String, trials: [Trial], firstEpoch: Int = 1) {
    (self.title, self.yLabel, self.trials, self.firstEpoch) = (title, yLabel, trials, firstEpoch)
  }

  package var figure: Figure {
    let blocks = strokes.map { stroke in
      Figure.Block(stroke.block, stroke.curve.values.enumerated().map { [Double(firstEpoch + $0.offset), $0.element] })
    }
    // Lines alone do not show an epoch between two gaps.
    let style = epochs <= 12 ? "linespoints pointtype 7 pointsize 0.45" : "lines"
    let isKeyBelow = trials.count > 1 && trials.contains { $0.label.count > 26 }
    let drawn = strokes.filter { $0.curve.values.contains(where: \.isFinite) }
    // Of the key below; it and the epochs' label need a place of their own.
    let rows = isKeyBelow ? (trials.count + (roles.count > 1 ? roles.count : 0) + 1) / 2 : 0
    let bottom = Double(rows) * Self.keyLine + 76
    let height = 460 + (isKeyBelow ? Int(bottom) - 40 : 0)
    return Figure(
      width: 860, height: height, blocks: blocks,
      commands: Figure.look() + [Figure.title(Figure.wrapped(title, to: 80))] + axes
        + [
          isKeyBelow
            ? "set key at screen 0.53, screen \(14 / Double(height)) center bottom vertical maxrows \(rows) spacing 1.1 width 3"
            : "set key outside right top spacing 1.15 width 1",
          "set key Left reverse samplen 2.5",
          isKeyBelow ? "set bmargin at screen \(bottom / Double(height))" : "set bmargin 4",
          "plot \(([floor] + drawn.map { "$\($0.block) using 1:2 with \(style) \($0.line)" } + key).joined(separator: ", "))",
        ],
      text: text)
  }

  /// The height of a line of the key, in pixels.
  private static let keyLine = 19.5

  // MARK: Curves and their looks

  private struct Stroke {
    let block: String
    let trial: Int
    let curve: Curve
    let colour: Colour
    let dash: String

    var line: String { "linecolor rgb '\(colour.hex)' linewidth 1.8 dashtype \(dash)" }
  }

  /// Where several trials show one and the same role, the axis says which, and the key need not.
  private var shownLabel: String {
    guard !isOne, let role = roles.first, roles.count == 1, !yLabel.contains(role.rawValue) else { return yLabel }
    return "\(yLabel) (\(role.rawValue))"
  }
  private var isOne: Bool { trials.count == 1 }
  private var roles: [Role] { Role.allCases.filter { role in trials.contains { $0.curves.contains { $0.role == role } } } }
  private var epochs: Int { trials.flatMap(\.curves).map(\.values.count).max() ?? 0 }

  private var strokes: [Stroke] {
    let colours = Palette.lines(trials.count)
    return trials.enumerated().flatMap { number, trial in
      trial.curves.enumerated().map { place, curve in
        Stroke(
          block: "curve_\(number)_\(place)", trial: number, curve: curve, colour: isOne ? colour(of: curve.role) : colours[number],
          dash: isOne ? "solid" : dash(of: curve.role))
      }
    }
  }

  private func colour(of role: Role?) -> Colour { Palette.okabeIto[role.flatMap { Role.allCases.firstIndex(of: $0) } ?? 0] }

  /// What people look at first is solid: validation, or what there is.
  private func dash(of role: Role?) -> String {
    guard let role, role != (roles.contains(.validation) ? .validation : roles.first) else { return "solid" }
    return role == .test ? "(2,3)" : "(7,4)"
  }

  private var key: [String] {
    func entry(_ line: String, _ title: String) -> String { "keyentry with lines \(line) title \(Figure.quoted(title))" }
    let ofRoles = roles.map { role in
      entry("linecolor rgb '\(isOne ? colour(of: role).hex : Figure.axis)' linewidth 1.8 dashtype \(isOne ? "solid" : dash(of: role))", role.rawValue)
    }
    if isOne { return ofRoles }
    let ofTrials = zip(trials, Palette.lines(trials.count)).map { trial, colour in
      entry("linecolor rgb '\(colour.hex)' linewidth 1.8", Figure.shortened(trial.label, to: 52))
    }
    return ofTrials + (roles.count > 1 ? ofRoles : [])
  }

  // MARK: Axes

  private var range: ClosedRange<Double> { Figure.range(of: trials.flatMap(\.curves).flatMap(\.values)) }

  /// A line at zero where values lie on both sides of it; otherwise it is outside, and gnuplot has something to plot even without values.
  private var floor: String { "0 with lines linecolor rgb '#b0b0b0' linewidth 1" + (range.contains(0) ? "" : " notitle") }

  private var axes: [String] {
    let last = firstEpoch + max(1, epochs) - 1
    let step = max(1, Int(Figure.roundStep(Double(last - firstEpoch + 1) / 10)))
    let air = max(0.4, 0.015 * Double(last - firstEpoch))
    return [
      "set xrange [\(Double(firstEpoch) - air):\(Double(last) + air)]", Figure.command("y", range), "set xtics \(step == 1 ? firstEpoch : 0),\(step)",
      Figure.axisLabel("x", "epoch"), Figure.axisLabel("y", Figure.shortened(shownLabel, to: 50), offset: "0.5,0"),
      Figure.tics("y", in: range, about: 8),
    ]
  }

  // MARK: In the terminal

  /// Of one trial every role has its letter; of several every trial has one, small for all roles but the first.
  private var text: Figure.TextForm {
    let first = roles.contains(.validation) ? Role.validation : roles.first
    func mark(_ stroke: Stroke) -> String {
      if isOne { return stroke.curve.role.map { $0 == .test ? "x" : String($0.rawValue.prefix(1)) } ?? "o" }
      let letter = UnicodeScalar(UInt8(97 + stroke.trial % 26))
      return stroke.curve.role == first ? String(letter).uppercased() : String(letter)
    }
    let strokes = strokes.filter { $0.curve.values.contains(where: \.isFinite) }
    let blocks = strokes.map { stroke in Figure.Block(stroke.block, dots(stroke.curve.values)) }
    let plots = strokes.map { "$\($0.block) using 1:2 with points pointtype '\(mark($0))' linecolor rgb '\($0.colour.hex)'" }
    let key = strokes.filter { isOne || $0.curve.role == first }.map { stroke in
      let title = isOne ? stroke.curve.role?.rawValue ?? yLabel : trials[stroke.trial].label
      return "keyentry with points pointtype '\(mark(stroke))' linecolor rgb '\(stroke.colour.hex)' "
        + "title \(Figure.quoted(Figure.shortened(title, to: 30)))"
    }
    let others = roles.filter { $0 != first }
    let small = others.map(\.rawValue).joined(separator: ", ")
    let legend = isOne || others.isEmpty ? "" : " — capital letters: \(first?.rawValue ?? ""); small: \(small)"
    return .gnuplot(
      blocks,
      ["set border 3", "set tics nomirror out", "set title \(Figure.quoted(lines: Figure.wrapped(title, to: 70) + [shownLabel + legend]))"]
        + axes.filter { !$0.hasPrefix("set ylabel") }
        + ["set key noautotitle outside below Left reverse samplen 1", "plot \((["-1e305"] + plots + key).joined(separator: ", "))"])
  }

  /// The values with more between them, so that dots become a line.
  private func dots(_ values: [Double]) -> [[Double]] {
    let between = max(1, 240 / max(1, values.count))
    return values.indices.flatMap { place in
      (0..<(place + 1 < values.count ? between : 1)).map { part in
        let share = Double(part) / Double(between)
        let value = part == 0 ? values[place] : values[place] * (1 - share) + values[place + 1] * share
        return [Double(firstEpoch + place) + share, value]
      }
    }
  }
}
