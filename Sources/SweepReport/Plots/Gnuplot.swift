// Draws a figure with the program gnuplot: into a picture, as text for the terminal, or as an element of an HTML page.
// A picture is drawn beside its place and moved there when it is whole. Nothing here knows what is drawn.

import Foundation
import SweepCore

package enum Gnuplot {
  /// Where the program is, if anywhere in PATH.
  package static var program: String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/gnuplot" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// The kinds of pictures, by the endings of their files.
  private enum Kind: String, CaseIterable {
    case svg, png, pdf

    func terminal(_ figure: Figure) -> String {
      let look = "noenhanced background rgb 'white' font '\(Figure.font),12'"
      switch self {
      case .svg: return svgTerminal(figure, name: "sweep")
      // Twice the size, so that it is sharp on today's screens and on paper.
      case .png: return "pngcairo \(look) size \(2 * figure.width),\(2 * figure.height) fontscale 1.5 linewidth 2 pointscale 3.5"
      case .pdf: return "pdfcairo \(look) size \(Double(figure.width) / 100)in,\(Double(figure.height) / 100)in fontscale 0.54 linewidth 1.4"
      }
    }
  }

  private static func svgTerminal(_ figure: Figure, name: String) -> String {
    "svg noenhanced size \(figure.width),\(figure.height) dynamic name '\(name)' background rgb 'white' font '\(Figure.font),12'"
  }

  /// Draws a picture; the file's ending says of which kind. A file that is there is replaced, but only by a whole picture.
  /// - Throws: `.usage` for another ending, `.io` where the program is missing or refuses, or the file cannot be written.
  package static func draw(_ figure: Figure, to path: String) throws(SweepError) {
    let terminal = try terminal(for: figure, path: path)
    try checkInstalled()
    let folder = (path as NSString).deletingLastPathComponent
    let partial = (folder.isEmpty ? "." : folder) + "/.sweep-figure-\(UUID().uuidString)"
    let file = open(partial, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    guard file >= 0 else {
      throw SweepError(
        .io, "cannot write a file there: \(String(cString: strerror(errno)))", place: path, remedy: "name a folder that exists and may be written")
    }
    close(file)
    var isDrawn = false
    defer { if !isDrawn { unlink(partial) } }
    _ = try run(whole(figure.script, terminal, path: partial))
    var status = stat()
    guard stat(partial, &status) == 0, status.st_size > 0 else { throw SweepError(.io, "gnuplot drew nothing", place: path) }
    guard rename(partial, path) == 0 else { throw SweepError(.io, "cannot write it: \(String(cString: strerror(errno)))", place: path) }
    isDrawn = true
  }

  /// The script with which `gnuplot FILE` draws the picture again.
  package static func script(for figure: Figure, path: String) throws(SweepError) -> String {
    whole(figure.script, try terminal(for: figure, path: path), path: path)
  }

  /// The figure as characters, for a terminal of a size.
  package static func text(of figure: Figure, columns: Int, rows: Int, colour: Bool) throws(SweepError) -> String {
    let (columns, rows) = (max(40, columns), max(12, rows))
    let script: String
    switch figure.text {
    case .drawn(let draw): return draw(columns, rows, colour)
    case .gnuplot(let blocks, let commands): script = Figure.script(blocks, commands)
    case nil: script = figure.script
    }
    let drawn = try run("set terminal dumb noenhanced size \(columns),\(rows) aspect 1 \(colour ? "ansi256" : "mono")\n" + script)
    let lines = drawn.replacing("\u{c}", with: "").split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    let isBlank = { (line: String) in line.isEmpty || line == "\u{1b}[0;39m" }
    guard let first = lines.firstIndex(where: { !isBlank($0) }), let last = lines.lastIndex(where: { !isBlank($0) && $0 != "\u{1b}[0;39;49m" })
    else { throw SweepError(.io, "gnuplot drew nothing") }
    return lines[first...last].map { $0 + "\n" }.joined() + (colour ? "\u{1b}[0m" : "")
  }

  /// The figure as an `<svg>` element. Its identifiers are its own, so that many fit into one page.
  package static func svg(of figure: Figure) throws(SweepError) -> String {
    let script = figure.script
    let name = "figure_" + String(script.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 36)
    let drawn = try run("set terminal \(svgTerminal(figure, name: name))\n" + script)
    guard let start = drawn.range(of: "<svg") else { throw SweepError(.io, "gnuplot drew nothing") }
    return embedded(drawn[start.lowerBound...], name: name)
  }

  /// Without the titles that browsers would show as a tip, and with every identifier (of points, filters, patterns) below the name. Only tags are
  /// changed: in texts every < is escaped.
  private static func embedded(_ drawn: Substring, name: String) -> String {
    var page = ""
    var rest = drawn
    while let open = rest.firstIndex(of: "<") {
      page += rest[..<open]
      rest = rest[open...]
      if rest.hasPrefix("<title>") || rest.hasPrefix("<desc>"), let close = rest.range(of: rest.hasPrefix("<title>") ? "</title>" : "</desc>") {
        rest = rest[close.upperBound...]
        continue
      }
      let end = rest.firstIndex(of: ">").map { rest.index(after: $0) } ?? rest.endIndex
      var tag = rest[..<end].replacing("font-family=\"\(Figure.font)\"", with: "font-family=\"\(Figure.font), Verdana, sans-serif\"")
      for mark in [" id='", " id=\"", "href='#", "href=\"#", "url(#"] where tag.contains(mark) && !tag.contains(mark + name) {
        tag = tag.replacing(mark, with: mark + name + "_")
      }
      page += tag
      rest = rest[end...]
    }
    return page + rest
  }

  private static func terminal(for figure: Figure, path: String) throws(SweepError) -> String {
    let ending = (path as NSString).pathExtension.lowercased()
    guard let kind = Kind(rawValue: ending) else {
      throw SweepError(
        .usage, ending.isEmpty ? "the picture's name has no ending" : "there is no picture of the kind .\(ending)", place: path,
        remedy: "end it with " + Kind.allCases.map { ".\($0)" }.joined(separator: ", "))
    }
    guard !path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw SweepError(.usage, "the picture's name has a control character", place: Table.visible(path))
    }
    return kind.terminal(figure)
  }

  /// A leading "./" keeps gnuplot from taking a name for a command ("|…") or a home folder ("~…").
  private static func whole(_ script: String, _ terminal: String, path: String) -> String {
    let output = Figure.quoted(exactly: (path.hasPrefix("/") ? "" : "./") + path)
    return "reset\nset terminal \(terminal)\nset output \(output)\n\(script)unset output\n"
  }

  private static func checkInstalled() throws(SweepError) {
    guard program == nil else { return }
    throw SweepError(.io, "gnuplot is not installed", remedy: "install the package gnuplot-nox: apt-get install gnuplot-nox")
  }

  /// What the program prints. It goes through files: a pipe that nobody empties would stop it.
  private static func run(_ script: String) throws(SweepError) -> String {
    try checkInstalled()
    guard let program else { throw SweepError(.io, "gnuplot is not installed") }
    let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("sweep-figure-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (commands, output, errors) = (
      folder.appendingPathComponent("script.gp"), folder.appendingPathComponent("output"), folder.appendingPathComponent("errors")
    )
    let process = Process()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (file, text) in [(commands, script), (output, ""), (errors, "")] { try Data(text.utf8).write(to: file) }
      process.executableURL = URL(fileURLWithPath: program)
      // -d: the figure is the same whatever is in the user's own settings of gnuplot.
      process.arguments = ["-d", commands.path]
      // Without a locale of UTF-8 it complains, and another locale may have a comma for the point.
      process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
    } catch { throw SweepError(.io, "cannot run gnuplot: \(error.localizedDescription)", place: program) }
    process.waitUntilExit()
    func contents(_ file: URL) -> String { (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    // Libraries of fonts complain about their own settings; that is no failure of the drawing.
    let complaints = contents(errors).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter {
        !$0.isEmpty && !$0.contains("Fontconfig") && !$0.contains("Pango") && !$0.contains("GLib") && !$0.contains("difficulty fitting plot titles")
      }
    guard process.terminationStatus == 0, complaints.isEmpty else {
      let said = complaints.isEmpty ? "it ended with status \(process.terminationStatus)" : complaints.suffix(3).joined(separator: "; ")
      throw SweepError(.io, "gnuplot could not draw the figure: \(Table.visible(said))")
    }
    return contents(output)
  }
}
