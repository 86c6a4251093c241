// How probable the network thought the true class: of the images that it labelled correctly on the left, of the others on the right.

import SweepCore

package struct HistogramFigure: Sendable {
  /// One to three of them can be told apart.
  package struct Series: Sendable {
    package let label: String
    /// The probability of the ground-truth class, 0...1, for each image.
    package let correct: [Double]
    package let incorrect: [Double]

    package init(_ label: String, correct: [Double], incorrect: [Double]) {
      (self.label, self.correct, self.incorrect) = (label, correct, incorrect)
    }
  }

  package let title: String
  package let series: [Series]
  package let bins: Int

  package init(title: String, series: [Series], bins: Int = 20) {
    precondition(bins > 0, "a histogram has a bin")
    (self.title, self.series, self.bins) = (title, series, bins)
  }

  private static let panels: [(title: String, values: @Sendable (Series) -> [Double])] = [
    ("labelled correctly", { $0.correct }), ("labelled incorrectly", { $0.incorrect }),
  ]

  private static let xLabel = "probability of the true class"
  private static let yLabel = "share of the images"

  package var figure: Figure {
    let (width, height) = (950, 446 + 18 * series.count)
    let heading = Figure.wrapped(title, to: 90)
    let top = Double(68 + 18 * heading.count + 18 * series.count)
    let most = max(Self.panels.flatMap { panel in series.flatMap { shares(panel.values($0)) } }.max() ?? 0, 0.01)
    var blocks: [Figure.Block] = []
    var commands = Figure.look() + ["set multiplot", Figure.heading(heading, height: height)]
    commands += [
      "set xrange [0:1]", "set yrange [0:\(104 * most)]", "set xtics 0,0.2",
      Figure.tics("y", in: 0...(104 * most), about: 5, unit: " %"), Figure.axisLabel("x", Self.xLabel),
    ]
    for (number, panel) in Self.panels.enumerated() {
      let left = number == 0 ? 84.0 : 554
      commands += Figure.margins(left: left, right: Double(width) - left - 376, top: top, bottom: 64, width: width, height: height)
      commands += [
        number == 0 ? Figure.sideLabel(Self.yLabel, width: width) : "unset label 1; unset label 2",
        Figure.label(
          3, panel.title, at: Figure.place(left, top - 22 - 18 * Double(series.count), width: width, height: height), "left \(Figure.bold)"),
        "set key at \(Figure.place(left - 8, top - 6, width: width, height: height)) left bottom vertical maxcols 1",
        "set key Left reverse samplen 1.6 spacing 1.05",
      ]
      var fills: [String] = []
      var outlines: [String] = []
      for (place, one) in series.enumerated() {
        let block = "bins_\(number)_\(place)"
        blocks.append(Figure.Block(block, steps(shares(panel.values(one)))))
        let colour = Palette.okabeIto[place % Palette.okabeIto.count].hex
        let name = Figure.shortened(one.label, to: 34) + ": \(counted(panel.values(one).count))"
        fills.append(
          "$\(block) using 1:2 with filledcurves y=0 fillcolor rgb '\(colour)' fillstyle transparent solid 0.28 noborder "
            + "title \(Figure.quoted(name))")
        outlines.append("$\(block) using 1:2 with lines linecolor rgb '\(colour)' linewidth 1.6")
      }
      commands.append("plot \((["-1"] + fills + outlines).joined(separator: ", "))")
    }
    return Figure(width: width, height: height, blocks: blocks, commands: commands + ["unset multiplot"], text: .drawn(text))
  }

  private func counted(_ count: Int) -> String { count == 1 ? "1 image" : "\(count.grouped) images" }

  /// The share of the values in each bin. 1 belongs to the last; what is no number or outside is left out.
  private func shares(_ values: [Double]) -> [Double] {
    var counts = Array(repeating: 0, count: bins)
    for value in values where value >= 0 && value <= 1 { counts[min(Int(value * Double(bins)), bins - 1)] += 1 }
    return counts.map { Double($0) / Double(max(1, values.count)) }
  }

  /// The outline of the bins, from zero and back to it, in percent.
  private func steps(_ shares: [Double]) -> [[Double]] {
    let sides = shares.enumerated().flatMap { place, share in
      [[Double(place) / Double(bins), 100 * share], [Double(place + 1) / Double(bins), 100 * share]]
    }
    return [[0, 0]] + sides + [[1, 0]]
  }

  // MARK: In the terminal

  private static let fills: [Character] = ["█", "▒", "░"]
  private static let eighths: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// One panel below the other, a bar of one character for each bin and series.
  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    let margin = 7
    let gap = series.count > 1 && bins * (series.count + 1) <= columns - margin ? 1 : 0
    let wide = gap == 0 && series.count == 1 ? max(1, min(3, (columns - margin) / bins)) : 1
    let step = series.count * wide + gap
    let height = max(3, (rows - 3 - 4 * Self.panels.count) / Self.panels.count)
    canvas.put(title, 0, 0)
    let needed = series.reduce(0) { $0 + $1.label.count + 5 }
    let nameLength = needed <= columns - margin ? columns : max(8, (columns - margin) / series.count - 5)
    var place = margin
    for (number, one) in series.enumerated() {
      let tint = Palette.okabeIto[number % Palette.okabeIto.count]
      canvas.put(String(Self.fills[number % 3]), place, 1, colour: tint)
      let name = Figure.shortened(one.label, to: nameLength)
      canvas.put(name, place + 2, 1)
      place += name.count + 5
    }
    for (number, panel) in Self.panels.enumerated() {
      let top = 2 + number * (height + 4)
      let most = max(series.flatMap { shares(panel.values($0)) }.max() ?? 0, 0.01)
      canvas.put("\(panel.title): \(series.map { panel.values($0).count.grouped }.joined(separator: " · ")) images", margin, top)
      for line in 0..<height { canvas.put("│", margin - 1, top + 1 + line) }
      canvas.put("\(fixed(100 * most, digits: 0)) %", endingAt: margin - 2, top + 1)
      canvas.put("0 %", endingAt: margin - 2, top + height)
      canvas.put("└" + String(repeating: "─", count: min(columns - margin, bins * step)), margin - 1, top + height + 1)
      for (tenths, mark) in [(0, "0"), (2, "0.2"), (4, "0.4"), (6, "0.6"), (8, "0.8"), (10, "1")] {
        canvas.put(mark, margin + bins * step * tenths / 10 - mark.count / 2, top + height + 2)
      }
      for (place, one) in series.enumerated() {
        for (bin, share) in shares(panel.values(one)).enumerated() {
          let parts = Int((share / most * Double(height * 8)).rounded(.up))
          let tint = Palette.okabeIto[place % Palette.okabeIto.count]
          for line in 0..<height {
            let filled = min(8, max(0, parts - 8 * line))
            let character = colour || place == 0 ? Self.eighths[filled] : filled >= 4 || line == 0 && filled > 0 ? Self.fills[place % 3] : " "
            guard filled > 0 else { break }
            canvas.put(String(repeating: character, count: wide), margin + bin * step + place * wide, top + height - line, colour: tint)
          }
        }
      }
    }
    canvas.put("x: \(Self.xLabel); y: \(Self.yLabel)", margin, 2 + Self.panels.count * (height + 4) - 1)
    return canvas.text(colour: colour)
  }
}
