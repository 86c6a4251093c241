// A drawing in gnuplot's language that does not yet know on what it is drawn: not the terminal, not the file.
// Each kind of figure builds one; Gnuplot.swift draws it. Numbers are in data blocks, texts only in commands, where `quoted` guards them.

import SweepCore

package struct Figure: Sendable {
  /// Numbers that commands plot by the block's name. An empty row ends a line; what is not finite is a gap.
  package struct Block: Sendable {
    package let name: String
    package let rows: [[Double]]

    package init(_ name: String, _ rows: [[Double]]) { (self.name, self.rows) = (name, rows) }
  }

  /// What a terminal shows instead, where letters need another drawing than ink.
  package enum TextForm: Sendable {
    case gnuplot([Block], [String])
    /// Drawn without gnuplot, given the columns, the rows and whether it may have colours.
    case drawn(@Sendable (Int, Int, Bool) -> String)
  }

  /// The size at which the fonts are right, in pixels.
  package let width: Int
  package let height: Int
  package let blocks: [Block]
  package let commands: [String]
  package let text: TextForm?

  package init(width: Int, height: Int, blocks: [Block], commands: [String], text: TextForm? = nil) {
    (self.width, self.height, self.blocks, self.commands, self.text) = (width, height, blocks, commands, text)
  }

  /// All but the terminal and the output.
  package var script: String { Self.script(blocks, commands) }

  package static func script(_ blocks: [Block], _ commands: [String]) -> String {
    func number(_ value: Double) -> String { value.isFinite ? value.description : "NaN" }
    let data = blocks.map { block in
      "$\(block.name) << END\n" + block.rows.map { $0.map(number).joined(separator: " ") + "\n" }.joined() + "END\n"
    }
    return "set encoding utf8\n" + data.joined() + commands.joined(separator: "\n") + "\n"
  }
}

extension Figure {
  /// A text as gnuplot's string, whatever is in it. Inside single quotes gnuplot reads nothing but the quote itself: no backslash, no command in
  /// backticks, no variable. It misreads doubled quotes at the start and in a row, so each quote stands alone between double ones.
  /// Line ends become spaces, other characters that no drawing can hold are shown as escapes.
  package static func quoted(_ text: String) -> String {
    let plain = text.replacing("\r\n", with: " ").unicodeScalars.map { scalar -> String in
      switch scalar.value {
      case 0x09, 0x0a, 0x0d, 0x2028, 0x2029: " "
      case 0xfffe, 0xffff: "\u{fffd}"
      default: Table.visible(String(scalar))
      }
    }
    return quoted(exactly: plain.joined())
  }

  /// A text without control characters as gnuplot's string, such as a path.
  package static func quoted(exactly text: String) -> String { "'" + text.replacing("'", with: "'.\"'\".'") + "'" }

  /// Lines below each other as one string.
  package static func quoted(lines: [String]) -> String {
    lines.isEmpty ? "''" : lines.map { quoted($0) }.joined(separator: ".\"\\n\".")
  }

  /// The label of a tic, in which gnuplot would take a percent sign for a format.
  package static func tic(_ text: String, at position: Double) -> String { "\(quoted(text.replacing("%", with: "%%"))) \(position)" }

  /// The text with an ellipsis where it is longer.
  package static func shortened(_ text: String, to length: Int) -> String {
    text.count <= length ? text : text.prefix(max(1, length - 1)) + "…"
  }

  /// The text in lines of at most so many characters, broken at spaces (not at those that do not break), at most three.
  package static func wrapped(_ text: String, to length: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: { $0.isWhitespace && $0 != "\u{a0}" }) {
      if let last = lines.last, last.count + 1 + word.count <= length || lines.count == 3 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { shortened($0, to: length) }
  }
}
