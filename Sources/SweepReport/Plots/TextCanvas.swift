// A rectangle of characters with colours, for figures in the terminal that gnuplot's lines would draw badly.

import SweepCore

package struct TextCanvas {
  private struct Cell {
    var character: Character = " "
    var colour: Colour?
    var background: Colour?
  }

  package let columns: Int
  private var lines: [[Cell]] = []

  package init(columns: Int) { self.columns = columns }

  /// Writes from a place to the right; what does not fit is left out. Lines come into being as they are written to.
  package mutating func put(_ text: String, _ column: Int, _ line: Int, colour: Colour? = nil, background: Colour? = nil) {
    while lines.count <= line { lines.append(Array(repeating: Cell(), count: columns)) }
    for (place, character) in zip(column..., Table.visible(text)) where (0..<columns).contains(place) {
      lines[line][place] = Cell(character: character, colour: colour, background: background)
    }
  }

  package mutating func put(_ text: String, endingAt column: Int, _ line: Int, colour: Colour? = nil) {
    put(text, column - text.count, line, colour: colour)
  }

  /// The lines without spaces at their ends.
  package func text(colour: Bool) -> String {
    lines.map { cells in
      var line = ""
      var codes = ""
      for cell in cells.prefix((cells.lastIndex { $0.character != " " || colour && $0.background != nil } ?? -1) + 1) {
        let wanted = [cell.colour.map { "38;5;\($0.ansi256)" }, cell.background.map { "48;5;\($0.ansi256)" }].compactMap { $0 }.joined(separator: ";")
        if colour && wanted != codes {
          line += wanted.isEmpty ? "\u{1b}[0m" : codes.isEmpty ? "\u{1b}[\(wanted)m" : "\u{1b}[0;\(wanted)m"
          codes = wanted
        }
        line.append(cell.character)
      }
      return line + (codes.isEmpty ? "" : "\u{1b}[0m") + "\n"
    }.joined()
  }
}
