import Foundation
import SweepCore
import SweepReport
import SweepTestSupport
import Testing

/// One figure of each kind, with the text wherever a figure takes a text.
private func figures(_ text: String) -> [(kind: String, figure: Figure)] {
  let values = (1...40).map { 1.5 + 1 / Double($0) }
  let curves = [CurvesFigure.Curve(.training, values), .init(.validation, values.map { $0 + 0.1 })]
  let shares = (0..<200).map { Double($0 * $0) / 40_000 }
  let axes = [Axis(text, values: [text, "0.1"]), Axis("eta", values: ["0.001", "0.01", "0.1"])]
  let trials = (0..<6).map { (number: Int) -> (positions: [Double], objective: Double) in
    ([Double(number % 2), Double(number % 3) / 2], 0.3 + 0.01 * Double(number))
  }
  return [
    ("curves of one trial", CurvesFigure(title: text, yLabel: text, trials: [.init(text, curves)]).figure),
    ("curves of several", CurvesFigure(title: text, yLabel: text, trials: (0..<12).map { .init("\(text) \($0)", curves) }).figure),
    (
      "histogram",
      HistogramFigure(title: text, series: [.init(text, correct: shares, incorrect: [0.1, 0.2]), .init("b", correct: shares, incorrect: [])]).figure
    ),
    (
      "heat map",
      HeatmapFigure(
        title: text, xLabel: text, yLabel: text, xValues: [text, "1"], yValues: [text, "2"], metric: text, cells: [[0.41, nil], [0.3, .nan]]
      ).figure
    ),
    (
      "parallel coordinates",
      ParallelFigure(title: text, axes: axes, objective: text, lines: trials.map { .init($0.positions, objective: $0.objective) }).figure
    ),
    (
      "importance",
      ImportanceFigure(title: text, xLabel: text, bars: [.init(text, 0.4, .main), .init("b", 0.5, .pair), .init("c", 0.1, .rest)]).figure
    ),
    (
      "Pareto front of two",
      ParetoFigure(
        title: text, axes: [.init(text, isMaximised: true), .init("b", isMaximised: false)], front: [[1, 2], [0.5, 1]],
        others: [[0.25, 3], [0, .nan]]
      ).figure
    ),
    (
      "Pareto front of three",
      ParetoFigure(
        title: text, axes: ["a", text, "c"].map { .init($0, isMaximised: false) }, front: [[1, 2, 3], [2, 1, 3]], others: []
      ).figure
    ),
    ("hypervolume", HypervolumeFigure(title: text, growth: [(1, 0.5), (4, 0.75), (9, 0.75)]).figure),
    (
      "slices",
      SliceFigure(
        title: text, objective: text,
        panels: axes.indices.map { axis in .init(axes[axis], points: trials.map { ($0.positions[axis], $0.objective) }) }
      ).figure
    ),
    (
      "optimization",
      OptimizationFigure(
        title: text, objective: text, isMaximised: true,
        courses: [text, "b"].map { label in
          .init(label, trials.enumerated().map { .init(trial: $0 + 1, epochs: 3 * $0 + 3, objective: $1.objective) })
        }
      ).figure
    ),
    (
      "contours",
      ContourFigure(
        title: text, x: axes[0], y: axes[1], objective: text, isMaximised: false,
        points: trials.map { .init(x: $0.positions[0], y: $0.positions[1], objective: $0.objective) } + [.init(x: 0, y: 0, objective: .nan)]
      ).figure
    ),
  ]
}

struct FigureTests {
  @Test func textsAreQuotedSoThatGnuplotReadsNothingInThem() {
    #expect(Figure.quoted("it's \\n `ls` $(ls) @a \"b\" %d") == "'it'.\"'\".'s \\n `ls` $(ls) @a \"b\" %d'")
    #expect(Figure.quoted("two\r\nlines\u{1b}[31m") == "'two lines\\u{1b}[31m'")
    #expect(Figure.quoted(lines: ["a", "b"]) == "'a'.\"\\n\".'b'")
    #expect(Figure.tic("50 %", at: 1) == "'50 %%' 1.0")
  }

  @Test func longTextsAreBrokenAndShortened() {
    #expect(Figure.wrapped("lambda 0 · eta 0.001", to: 12) == ["lambda 0 ·", "eta 0.001"])
    #expect(Figure.wrapped("a b c d e f", to: 3) == ["a b", "c d", "e f"])
    #expect(Figure.wrapped("a b c d e f g h", to: 3) == ["a b", "c d", "e …"])
    #expect(Figure.shortened("validation", to: 5) == "vali…")
  }

  @Test func axesHaveRoundNumbersWithEqualDigits() {
    #expect(Figure.roundNumbers(in: 1.53...2.21, about: 4).map(\.text) == ["1.6", "1.8", "2.0", "2.2"])
    #expect(Figure.roundNumbers(in: 0...45, about: 5).map(\.text) == ["0", "10", "20", "30", "40"])
    #expect(Figure.range(of: [0.4, .nan, .infinity]).contains(0.4))
    #expect(Figure.range(of: []) == 0...1)
    #expect([0, 12, 999, 4095, 1_234_567].map(\.grouped) == ["0", "12", "999", "4,095", "1,234,567"])
  }

  @Test func whiteIsWrittenOnDarkCellsAndBlackOnLightOnes() {
    #expect(Palette.viridis(0).hex == "#440154" && Palette.viridis(1).hex == "#fde725")
    #expect(Palette.viridis(0).isDark && !Palette.viridis(1).isDark)
    #expect(Colour(0xffffff).ansi256 == 231 && Colour(0).ansi256 == 16)
    #expect(Set(Palette.lines(20).map(\.hex)).count == 20)
  }

  @Test func anUnknownEndingIsRefusedWithTheKnownOnes() throws {
    let folder = TemporaryFolder()
    for name in ["a.jpg", "a", "svg"] {
      let error = #expect(throws: SweepError.self) { try Gnuplot.draw(figures("a")[0].figure, to: folder.path(name)) }
      #expect(error?.kind == .usage)
      #expect(error?.diagnostics[0].remedy == "end it with .svg, .png, .pdf")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func aScriptNeverPipesItsOutput() throws {
    let script = try Gnuplot.script(for: figures("a")[0].figure, path: "|touch it's.svg")
    #expect(script.contains("set output './|touch it'.\"'\".'s.svg'\n"))
    #expect(throws: SweepError.self) { try Gnuplot.script(for: figures("a")[0].figure, path: "a\n!ls.svg") }
  }

  @Test func bestCellIsTheLeastWhereTheObjectiveIsMinimised() {
    func best(isMaximised: Bool) -> String {
      let map = HeatmapFigure(
        title: "t", xLabel: "x", yLabel: "y", xValues: ["1", "2"], yValues: ["1"], metric: "m", cells: [[0.25, 0.75]], isMaximised: isMaximised)
      guard case .drawn(let draw) = map.figure.text else { return "" }
      return draw(80, 24, false)
    }
    #expect(best(isMaximised: true).contains("›0.7500‹") && best(isMaximised: false).contains("›0.2500‹"))
  }

  @Test func theBestSoFarChangesWhereATrialIsBetter() {
    func step(_ trial: Int, _ value: Double?) -> OptimizationFigure.Step { .init(trial: trial, epochs: 2 * trial, objective: value) }
    let course = OptimizationFigure.Course("a", [step(1, nil), step(2, 5), step(3, 7), step(4, .nan), step(5, 3), step(6, nil)])
    let down = OptimizationFigure.best(course, isMaximised: false)
    #expect(down.map(\.step.trial) == [2, 5, 6] && down.map(\.value) == [5, 3, 3])
    let up = OptimizationFigure.best(course, isMaximised: true)
    #expect(up.map(\.step.epochs) == [4, 6, 12] && up.map(\.value) == [5, 7, 7])
    let figure = OptimizationFigure(title: "t", objective: "o", isMaximised: true, courses: [course]).figure
    #expect(figure.blocks.map(\.name) == ["dots_0_0", "best_0_0", "dots_1_0", "best_1_0"])
    // One epoch each: the second panel would be the first.
    let plain = OptimizationFigure(
      title: "t", objective: "o", isMaximised: true,
      courses: [.init("a", [.init(trial: 1, epochs: 1, objective: 1), .init(trial: 2, epochs: 2, objective: 2)])])
    #expect(plain.figure.blocks.map(\.name) == ["dots_0_0", "best_0_0"])
  }

  @Test func aContourIsNearTheTrialsWhatTheyCameTo() {
    let points = [ContourFigure.Point(x: 0, y: 0, objective: 1), .init(x: 1, y: 1, objective: 3), .init(x: 1, y: 0, objective: 1e9)]
    func value(_ x: Double, _ y: Double) -> Double { ContourFigure.value(at: x, y, among: points, in: 1...5) }
    #expect(abs(value(0, 0) - 1) < 0.01 && abs(value(1, 1) - 3) < 0.01 && abs(value(1, 0) - 5) < 0.01)
    #expect((1...5).contains(value(0.5, 0.5)) && value(0.2, 0.2) < value(0.8, 0.8))
  }

  @Test func importanceIsSortedWithTheRestLast() {
    let figure = ImportanceFigure(title: "t", bars: [.init("rest", 0.6, .rest), .init("b", 0.1, .pair), .init("a", 0.3, .main)])
    #expect(figure.bars.map(\.label) == ["a", "b", "rest"])
  }

  @Test func colourIsOnlyWrittenWhereItIsWanted() {
    var canvas = TextCanvas(columns: 4)
    canvas.put("abcdef", 1, 0, colour: Colour(0xff0000))
    #expect(canvas.text(colour: false) == " abc\n")
    #expect(canvas.text(colour: true) == " \u{1b}[38;5;196mabc\u{1b}[0m\n")
  }
}

@Suite(.enabled(if: Gnuplot.program != nil, "gnuplot is installed"))
struct GnuplotTests {
  @Test(arguments: [("svg", "<?xml"), ("png", "\u{89}PNG"), ("pdf", "%PDF-")])
  func everyKindIsDrawnIntoAPicture(_ ending: String, _ magic: String) throws {
    let folder = TemporaryFolder()
    for (kind, figure) in figures("validation accuracy") {
      let path = folder.path("picture.\(ending)")
      try Gnuplot.draw(figure, to: path)
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(data.count > 2000 && data.starts(with: magic.unicodeScalars.map { UInt8($0.value) }), "\(kind)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["picture.\(ending)"])
  }

  @Test(arguments: [(80, 24), (120, 40)]) func everyKindIsDrawnInTheTerminal(_ columns: Int, _ rows: Int) throws {
    for (kind, figure) in figures("accuracy") {
      let plain = try Gnuplot.text(of: figure, columns: columns, rows: rows, colour: false)
      #expect(plain.contains("accuracy") && !plain.contains("\u{1b}"), "\(kind)")
      #expect(plain.split(separator: "\n").allSatisfy { $0.count <= columns }, "\(kind)")
      #expect(plain.split(separator: "\n", omittingEmptySubsequences: false).count <= rows + 1, "\(kind)")
      #expect(try Gnuplot.text(of: figure, columns: columns, rows: rows, colour: true).contains("\u{1b}["), "\(kind)")
    }
  }

  @Test func theTextsOfAFigureAreInItsPicture() throws {
    let shown = try figures("label one").map { try Gnuplot.svg(of: $0.figure) }
    for page in shown { #expect(page.contains("label one")) }
    for (place, texts) in [
      (0, ["epoch", "training", "validation"]), (2, ["probability of the true class", "label one: 200 images", "b: 0 images"]),
      (3, ["0.4100", "0.3000"]), (4, ["eta", "0.001"]), (5, ["50.0 %", "40.0 %"]), (6, ["eta", "0.01"]),
    ] {
      for text in texts { #expect(shown[place].contains(text), "\(text)") }
    }
  }

  @Test func noLabelBreaksOutOfTheScript() throws {
    let folder = TemporaryFolder()
    let mark = folder.path("mark")
    let hostile = [
      "'; system('touch \(mark)') #", "`touch \(mark)`", "\"; !touch \(mark)", "$(touch \(mark))", "a\n!touch \(mark)\n", "END\n!touch \(mark)",
      "\\", "\\'", "'", "''", "'''", "a''b'''c'",
      "@mark %s %d %", "a_b^c{d}&e~f", "<b>&amp;</svg>", "\u{0}\u{7}\u{1b}[2J\u{ffff}", "🙂 λ → é", "", " ",
    ]
    for text in hostile {
      for (kind, figure) in figures(text) {
        let page = try Gnuplot.svg(of: figure)
        #expect(page.hasSuffix("</svg>\n\n") || page.hasSuffix("</svg>\n"), "\(kind) of \(text)")
        _ = try Gnuplot.text(of: figure, columns: 80, rows: 24, colour: true)
      }
    }
    #expect(!FileManager.default.fileExists(atPath: mark))
    #expect(try Gnuplot.svg(of: figures("a_b^{c}&<d> 'e' \"f\" 5 %")[3].figure).contains("a_b^{c}&amp;&lt;d> 'e' \"f\" 5 %"))
  }

  @Test func aFigureWithoutValuesIsDrawnEmpty() throws {
    let nothing = [
      CurvesFigure(title: "t", yLabel: "y", trials: []).figure,
      CurvesFigure(title: "t", yLabel: "y", trials: [.init("a", [.init(nil, [.nan])])]).figure,
      HistogramFigure(title: "t", series: []).figure, HistogramFigure(title: "t", series: [.init("a", correct: [], incorrect: [.nan])]).figure,
      HeatmapFigure(title: "t", xLabel: "x", yLabel: "y", xValues: [], yValues: [], metric: "m", cells: []).figure,
      HeatmapFigure(title: "t", xLabel: "x", yLabel: "y", xValues: ["1"], yValues: ["1"], metric: "m", cells: [[nil]]).figure,
      ParallelFigure(title: "t", axes: [], objective: "o", lines: []).figure,
      ParallelFigure(title: "t", axes: [Axis("a", values: ["1"])], objective: "o", lines: [.init([.nan], objective: 1)]).figure,
      ImportanceFigure(title: "t", bars: []).figure, SliceFigure(title: "t", objective: "o", panels: []).figure,
      SliceFigure(title: "t", objective: "o", panels: [.init(Axis("a", values: []), points: [])]).figure,
    ]
    for (place, figure) in nothing.enumerated() {
      #expect(try Gnuplot.svg(of: figure).contains("</svg>"), "\(place)")
      _ = try Gnuplot.text(of: figure, columns: 80, rows: 24, colour: false)
    }
  }

  @Test func extremeValuesAreDrawn() throws {
    let values = [1e-300, -1e250, .infinity, 1e308, -.infinity, 0, .leastNonzeroMagnitude]
    for figure in [
      CurvesFigure(title: "t", yLabel: "y", trials: [.init("a", [.init(.test, values)])], firstEpoch: 0).figure,
      CurvesFigure(title: "t", yLabel: "y", trials: [.init("a", [.init(.test, [0.1, 0.1])])]).figure,
      HeatmapFigure(title: "t", xLabel: "x", yLabel: "y", xValues: ["1", "2"], yValues: ["1"], metric: "m", cells: [[1e200, -3]]).figure,
      ParallelFigure(title: "t", axes: [], objective: "o", lines: values.map { .init([], objective: $0) }).figure,
    ] {
      #expect(try Gnuplot.svg(of: figure).contains("</svg>"))
      _ = try Gnuplot.text(of: figure, columns: 80, rows: 24, colour: false)
    }
  }

  @Test func manyPicturesFitIntoOnePage() throws {
    let pages = try figures("a").map { try Gnuplot.svg(of: $0.figure) }
    var seen: Set<String> = []
    for page in pages {
      #expect(page.hasPrefix("<svg") && !page.contains("<title>"))
      let ids = page.matches(of: /\sid=['"]([^'"]*)['"]/).map { String($0.1) }
      #expect(!ids.isEmpty && seen.isDisjoint(with: ids))
      for used in page.matches(of: /(?:href=['"]#|url\(#)([^'")]*)/).map({ String($0.1) }) { #expect(ids.contains(used), "\(used)") }
      seen.formUnion(ids)
    }
    #expect(try Gnuplot.svg(of: figures("a")[0].figure) == pages[0])
  }

  @Test func theKeptScriptDrawsThePictureAgain() throws {
    let folder = TemporaryFolder()
    let figure = figures("it's")[3].figure
    let path = folder.path("it's a picture.png")
    let script = try folder.write(Gnuplot.script(for: figure, path: path), to: "script.gp")
    try Gnuplot.draw(figure, to: path)
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Gnuplot.program))
    process.arguments = [script]
    try process.run()
    process.waitUntilExit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
  }

  @Test func aFailureSaysWhyAndLeavesTheOldPicture() throws {
    let folder = TemporaryFolder()
    let path = try folder.write("the old picture", to: "a.svg")
    let failing = [["plot nonsense("], ["do for [i = 1:2] { plot undefined_name }"], ["print 'said'; plot [0:1] x"], ["exit"], []]
    for commands in failing {
      let error = #expect(throws: SweepError.self) { try Gnuplot.draw(Figure(width: 400, height: 300, blocks: [], commands: commands), to: path) }
      #expect(error?.kind == .io)
      #expect(error?.description.contains("gnuplot") == true)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "the old picture")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.svg"])
  }

  @Test func aFolderThatIsNotThereIsNamed() throws {
    let path = TemporaryFolder().path("none/a.svg")
    let error = #expect(throws: SweepError.self) { try Gnuplot.draw(figures("a")[0].figure, to: path) }
    #expect(error?.kind == .io && error?.diagnostics[0].place == path)
  }
}
