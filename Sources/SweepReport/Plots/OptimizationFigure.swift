// How a search went: the best so far, over the trials and over the epochs that were spent, of one sweep or several; a dot for each trial.

import SweepCore

package struct OptimizationFigure: Sendable {
  /// A trial in its turn.
  package struct Step: Sendable {
    package let trial: Int
    /// That all trials up to it took together.
    package let epochs: Int
    /// nil or not finite: it is not ranked.
    package let objective: Double?

    package init(trial: Int, epochs: Int, objective: Double?) { (self.trial, self.epochs, self.objective) = (trial, epochs, objective) }
  }

  package struct Course: Sendable {
    package let label: String
    /// By number.
    package let steps: [Step]

    package init(_ label: String, _ steps: [Step]) { (self.label, self.steps) = (label, steps) }

    fileprivate var ranked: [(step: Step, value: Double)] { steps.compactMap { step in step.objective.flatMap { $0.isFinite ? (step, $0) : nil } } }
  }

  package let title: String
  package let objective: String
  package let isMaximised: Bool
  package let courses: [Course]

  package init(title: String, objective: String, isMaximised: Bool, courses: [Course]) {
    (self.title, self.objective, self.isMaximised, self.courses) = (title, objective, isMaximised, courses)
  }

  /// More dots of a sweep are thinned.
  private static let mostDots = 2000

  // MARK: values

  private typealias Place = (Step) -> Int

  /// Where the best changes, and where the last trial is.
  package static func best(_ course: Course, isMaximised: Bool) -> [(step: Step, value: Double)] {
    var best: [(step: Step, value: Double)] = []
    for (step, value) in course.ranked where best.last.map({ isMaximised ? value > $0.value : value < $0.value }) ?? true {
      best.append((step, value))
    }
    if let last = course.steps.last, let end = best.last, end.step.trial < last.trial { best.append((last, end.value)) }
    return best
  }

  /// Of the better three quarters of all values: what went wrong at first is not to flatten the rest.
  private var range: ClosedRange<Double> {
    let values = courses.flatMap { $0.ranked.map(\.value) }.sorted { isMaximised ? $0 > $1 : $0 < $1 }
    return Figure.range(of: values.prefix(max(2, (3 * values.count + 3) / 4)))
  }

  /// Over the trials, and over the epochs where trials have more than one.
  private var panels: [(name: String, place: Place)] {
    let hasEpochs = courses.contains { ($0.steps.last?.epochs ?? 0) > $0.steps.count }
    return [("trials", { $0.trial })] + (hasEpochs ? [("epochs of all trials", { $0.epochs })] : [])
  }

  // MARK: in ink

  private static let (left, gap, body, panel) = (84.0, 34.0, 300.0, 400.0)

  package var figure: Figure {
    let (panels, range) = (panels, range)
    let width = Int(Self.left + Double(panels.count) * (Self.panel + Self.gap))
    let heading = Figure.wrapped(title, to: width / 10)
    let top = Double(34 + 18 * heading.count)
    let height = Int(top + Self.body) + 64
    let colours = Palette.lines(courses.count)
    var blocks: [Figure.Block] = []
    var commands =
      Figure.look() + ["set multiplot", Figure.heading(heading, height: height), Figure.command("y", range)]
      + ["set key inside right \(isMaximised ? "bottom" : "top") Left reverse samplen 1.6 spacing 1.15"]
    for (column, panel) in panels.enumerated() {
      let from = Self.left + Double(column) * (Self.panel + Self.gap)
      commands += Figure.margins(
        left: from, right: Double(width) - from - Self.panel, top: top, bottom: 64, width: width, height: height)
      commands += axes(panel, in: range, isFirst: column == 0, width: width)
      var plots = [(range.lowerBound - (range.upperBound - range.lowerBound)).description]
      for (number, course) in courses.enumerated() {
        let dots = Self.thinned(course.ranked).map { [Double(panel.place($0.step)), $0.value] }
        let line = Self.best(course, isMaximised: isMaximised).map { [Double(panel.place($0.step)), $0.value] }
        if line.isEmpty { continue }
        blocks += [Figure.Block("dots_\(column)_\(number)", dots), Figure.Block("best_\(column)_\(number)", line)]
        let colour = String((courses.count == 1 ? 170 : 200) << 24 | colours[number].rgb)
        plots.append("$dots_\(column)_\(number) using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb \(colour)")
        plots.append("$best_\(column)_\(number) using 1:2 with steps linecolor rgb '\(colours[number].hex)' linewidth 2")
      }
      commands.append("plot \((plots + (column == 0 ? key(colours) : [])).joined(separator: ", "))")
      if column == 0 { commands.append("unset label 1") }
    }
    return Figure(width: width, height: height, blocks: blocks, commands: commands + ["unset multiplot"], text: text)
  }

  private func axes(_ panel: (name: String, place: Place), in range: ClosedRange<Double>, isFirst: Bool, width: Int) -> [String] {
    let last = Double(max(1, courses.compactMap { $0.steps.last.map(panel.place) }.max() ?? 1))
    return [
      "set xrange [0:\(last * 1.02)]", Figure.tics("x", in: 0...last, about: 6), Figure.axisLabel("x", panel.name),
      isFirst ? Figure.sideLabel(Figure.shortened("best \(objective) so far", to: 40), width: width) : "unset label 2",
      Figure.tics("y", in: range, about: 7, isLabelled: isFirst),
    ]
  }

  private func key(_ colours: [Colour]) -> [String] {
    if courses.count > 1 {
      return zip(courses, colours).map { course, colour in
        "keyentry with lines linecolor rgb '\(colour.hex)' linewidth 2 title \(Figure.quoted(Figure.shortened(course.label, to: 40)))"
      }
    }
    let colour = colours.first?.hex ?? Figure.axis
    return [
      "keyentry with lines linecolor rgb '\(colour)' linewidth 2 title 'best so far'",
      "keyentry with points pointtype 7 pointsize 0.5 linecolor rgb '\(colour)' title 'a trial'",
    ]
  }

  private static func thinned(_ values: [(step: Step, value: Double)]) -> [(step: Step, value: Double)] {
    guard values.count > mostDots else { return values }
    return (0..<mostDots).map { values[$0 * values.count / mostDots] }
  }

  // MARK: in the terminal

  /// The best over the trials alone, each sweep a letter.
  private var text: Figure.TextForm {
    let colours = Palette.lines(courses.count)
    func mark(_ number: Int) -> String { courses.count == 1 ? "*" : String(UnicodeScalar(UInt8(65 + number % 26))) }
    var (blocks, plots, key): ([Figure.Block], [String], [String]) = ([], [], [])
    let last = max(1, courses.compactMap { $0.steps.last?.trial }.max() ?? 1)
    for (number, course) in courses.enumerated() {
      let best = Self.best(course, isMaximised: isMaximised)
      guard let first = best.first, let end = best.last else { continue }
      let line = (0...160).compactMap { part -> [Double]? in
        let place = Double(last) * Double(part) / 160
        guard place >= Double(first.step.trial), place <= Double(end.step.trial) else { return nil }
        return best.last { Double($0.step.trial) <= place }.map { [place, $0.value] }
      }
      let ends = best.map { [Double($0.step.trial), $0.value] }
      blocks += [
        Figure.Block("dots_\(number)", Self.thinned(course.ranked).map { [Double($0.step.trial), $0.value] }),
        Figure.Block("best_\(number)", line + ends),
      ]
      if courses.count == 1 { plots.append("$dots_\(number) using 1:2 with points pointtype '.'") }
      plots.append("$best_\(number) using 1:2 with points pointtype '\(mark(number))' linecolor rgb '\(colours[number].hex)'")
      if courses.count > 1 {
        key.append(
          "keyentry with points pointtype '\(mark(number))' linecolor rgb '\(colours[number].hex)' "
            + "title \(Figure.quoted(Figure.shortened(course.label, to: 30)))")
      }
    }
    return .gnuplot(
      blocks,
      [
        "set border 3", "set tics nomirror out",
        "set title \(Figure.quoted(lines: Figure.wrapped(title, to: 70) + ["best \(objective) so far, over the trials"]))",
        "set xrange [0:\(Double(last) * 1.02)]", Figure.command("y", range), Figure.tics("y", in: range, about: 6),
        "set key noautotitle outside below Left reverse samplen 1", "plot \((["-1e305"] + plots + key).joined(separator: ", "))",
      ])
  }
}
