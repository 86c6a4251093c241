// A page of text, tables and figures that does not yet know whether it will be HTML or Markdown.
// Reports are built of these; HTMLPage and MarkdownPage write them.

import Foundation
import SweepCore

package struct Document {
  package enum Block {
    case heading(String)
    case text(String)
    /// Lines that are shown as they are.
    case code(String)
    /// - sql: the statement whose answer the table is, or is made of.
    case table(Table, sql: String?)
    /// - name: of the file, without an ending, where figures are files.
    case figure(Figure, name: String, caption: String)
  }

  package let title: String
  package var blocks: [Block] = []

  package init(_ title: String) { self.title = title }

  package mutating func heading(_ text: String) { blocks.append(.heading(text)) }
  package mutating func text(_ text: String) { blocks.append(.text(text)) }
  /// A remark as the commands make it, with a capital and a full stop.
  package mutating func sentence(_ text: String) { self.text(text.prefix(1).uppercased() + text.dropFirst() + ".") }
  package mutating func code(_ text: String) { blocks.append(.code(text)) }
  package mutating func table(_ table: Table, sql: String? = nil) { blocks.append(.table(table, sql: sql)) }
  package mutating func figure(_ figure: Figure, _ name: String, _ caption: String) {
    // Parameters may have any name, and files may not.
    blocks.append(.figure(figure, name: name.replacing("/", with: "-"), caption: caption))
  }

  /// Writes the page; the file's ending says how. Markdown has its figures beside it, in a folder named like the file.
  /// - Throws: `.usage` for another ending than .html and .md, `.io` where a figure cannot be drawn or a file not be written.
  package func write(to path: String) throws(SweepError) {
    let file = path as NSString
    let parent = file.deletingLastPathComponent
    var isFolder: ObjCBool = false
    guard parent.isEmpty || FileManager.default.fileExists(atPath: parent, isDirectory: &isFolder) && isFolder.boolValue else {
      throw SweepError(.io, "there is no such folder", place: parent, remedy: "name a file in a folder that exists")
    }
    let text: String
    switch file.pathExtension.lowercased() {
    case "html", "htm": text = try HTMLPage.text(of: self)
    case "md", "markdown":
      let folder = file.deletingPathExtension + "-figures"
      try writeFigures(to: folder, endings: ["svg"])
      text = try MarkdownPage.text(of: self, figures: (folder as NSString).lastPathComponent)
    default:
      throw SweepError(.usage, "a report is not of the kind '\(file.pathExtension)'", place: path, remedy: "end it with .html or .md")
    }
    do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
      throw SweepError(.io, "the report cannot be written: \(error.localizedDescription)", place: path, remedy: "name a file in a folder that exists")
    }
  }

  /// Draws every figure into a folder, which is made where it is not there.
  package func writeFigures(to folder: String, endings: [String]) throws(SweepError) {
    for case .figure(let figure, let name, _) in blocks {
      do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
        throw SweepError(.io, "the folder of the figures cannot be made: \(error.localizedDescription)", place: folder)
      }
      for ending in endings { try Gnuplot.draw(figure, to: "\(folder)/\(name).\(ending)") }
    }
  }

  /// A table as an exporter writes it; a row can only fail with what its own reading throws.
  static func text(of table: Table, by exporter: some Exporter) throws(SweepError) -> String {
    do { return try exporter.text(of: table) } catch let error as SweepError { throw error } catch {
      throw SweepError(.io, "a table cannot be written: \(error)")
    }
  }
}
