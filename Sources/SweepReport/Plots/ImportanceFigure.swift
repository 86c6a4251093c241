// How much of the variance of the objective each parameter explains, and each pair of them: bars, the largest on top.

import SweepCore

package struct ImportanceFigure: Sendable {
  package enum Kind: Sendable, CaseIterable {
    case main, pair, rest

    fileprivate var name: String {
      switch self {
      case .main: "one parameter alone"
      case .pair: "two parameters together"
      case .rest: "the rest"
      }
    }
    fileprivate var colour: Colour {
      switch self {
      case .main: Palette.okabeIto[0]
      case .pair: Palette.okabeIto[4]
      case .rest: Colour(0xa0a0a0)
      }
    }
    fileprivate var fill: Character {
      switch self {
      case .main: "█"
      case .pair: "▒"
      case .rest: "░"
      }
    }
  }

  package struct Bar: Sendable {
    package let label: String
    /// 0...1
    package let share: Double
    package let kind: Kind

    package init(_ label: String, _ share: Double, _ kind: Kind) {
      (self.label, self.share, self.kind) = (label, share.isFinite ? min(max(share, 0), 1) : 0, kind)
    }
  }

  package let title: String
  package let xLabel: String
  /// The largest first, the rest last.
  package let bars: [Bar]

  package init(title: String, xLabel: String = "share of the variance of validation accuracy", bars: [Bar]) {
    (self.title, self.xLabel) = (title, xLabel)
    self.bars = bars.filter { $0.kind != .rest }.sorted { ($1.share, $0.label) < ($0.share, $1.label) } + bars.filter { $0.kind == .rest }
  }

  package var figure: Figure {
    let labels = bars.map { Figure.shortened($0.label, to: 40) }
    let left = max(60, (labels.map { Figure.pixels($0) }.max() ?? 0) + 22)
    let width = 800
    let heading = Figure.wrapped(title, to: 70)
    let top = Double(52 + 18 * heading.count)
    let height = Int(top) + 26 * max(1, bars.count) + 16 + 62
    let most = max(bars.map(\.share).max() ?? 0, 0.01)
    let last = Double(bars.count - 1)
    let tics = labels.enumerated().map { Figure.tic($0.element, at: last - Double($0.offset)) }
    let kinds = Kind.allCases.filter { kind in bars.contains { $0.kind == kind } }
    let blocks = kinds.enumerated().map { number, kind in
      Figure.Block(
        "bars_\(number)",
        bars.enumerated().filter { $0.element.kind == kind }.map { place, bar in
          let y = last - Double(place)
          return [0, y, 0, 100 * bar.share, y - 0.34, y + 0.34]
        })
    }
    let plots = kinds.enumerated().map { number, kind in
      "$bars_\(number) using 1:2:3:4:5:6 with boxxyerror fillcolor rgb '\(kind.colour.hex)' fillstyle solid noborder "
        + "title \(Figure.quoted(kind.name))"
    }
    let numbers = kinds.indices.map { number in
      "$bars_\(number) using 4:2:(sprintf('%.1f %%', $4)) with labels left offset 0.6,0 \(Figure.small)"
    }
    return Figure(
      width: width, height: height, blocks: blocks,
      commands: Figure.look(grid: "") + Figure.margins(left: left, right: 36, top: top, bottom: 62, width: width, height: height)
        + [
          Figure.heading(heading, height: height), "set xrange [0:\(114 * most)]", "set yrange [-0.7:\(last + 0.7)]",
          Figure.tics("x", in: 0...(100 * most), about: 6, unit: " %"), "set ytics scale 0 (\(tics.joined(separator: ", ")))",
          Figure.axisLabel("x", Figure.shortened(xLabel, to: 70)),
          "set key at \(Figure.place(Double(width) / 2, top - 8, width: width, height: height)) center bottom vertical maxrows 1",
          "set key Left reverse samplen 1.2 width 1",
          "plot \((["-2"] + plots + numbers).joined(separator: ", "))",
        ],
      text: .drawn(text))
  }

  /// Bars of characters, with eighths at their ends where colour tells the kinds apart.
  private func text(columns: Int, rows: Int, colour: Bool) -> String {
    var canvas = TextCanvas(columns: columns)
    let labels = bars.map { Figure.shortened($0.label, to: 2 * columns / 5) }
    let margin = (labels.map(\.count).max() ?? 0) + 1
    let room = max(4, columns - margin - 9)
    let most = max(bars.map(\.share).max() ?? 0, 0.01)
    let eighths: [Character] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    canvas.put(title, 0, 0)
    for (line, bar) in bars.enumerated() {
      canvas.put(labels[line], endingAt: margin - 1, line + 2)
      let parts = Int((bar.share / most * Double(room * 8)).rounded())
      let full = colour || bar.kind == .main ? parts / 8 : Int((Double(parts) / 8).rounded())
      let end = (colour || bar.kind == .main) && parts % 8 > 0 ? String(eighths[parts % 8]) : ""
      let drawn = String(repeating: colour ? "█" : bar.kind.fill, count: full) + end
      canvas.put(drawn, margin, line + 2, colour: bar.kind.colour)
      canvas.put("\(fixed(100 * bar.share, digits: 1)) %", margin + drawn.count + 1, line + 2)
    }
    canvas.put(xLabel, margin, bars.count + 3)
    var place = 0
    for kind in Kind.allCases where bars.contains(where: { $0.kind == kind }) {
      canvas.put(colour ? "█" : String(kind.fill), place, bars.count + 4, colour: kind.colour)
      canvas.put(kind.name, place + 2, bars.count + 4)
      place += kind.name.count + 5
    }
    return canvas.text(colour: colour)
  }
}
