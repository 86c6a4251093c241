// A document as GitHub-flavoured Markdown, with its figures as files in a folder beside it.

import SweepCore

package enum MarkdownPage {
  /// - Parameter figures: the folder of the figures, from where the page is; nil: beside it.
  package static func text(of document: Document, figures: String?, ending: String = "svg") throws(SweepError) -> String {
    var page = "# \(plain(document.title))\n"
    for block in document.blocks {
      switch block {
      case .heading(let text): page += "\n## \(plain(text))\n"
      case .text(let text): page += "\n\(plain(text))\n"
      case .code(let text): page += "\n```text\n\(Table.visibleLines(text))\n```\n"
      case .table(let table, let sql):
        page += "\n" + (try Document.text(of: table, by: MarkdownExporter()))
        if let sql { page += "\n<details><summary>SQL</summary>\n\n```sql\n\(Table.visibleLines(sql))\n```\n\n</details>\n" }
      case .figure(_, let name, let caption):
        page += "\n![\(plain(caption))](<\(figures.map { "\($0)/" } ?? "")\(name).\(ending)>)\n\n*\(plain(caption))*\n"
      }
    }
    return page
  }

  /// Without what Markdown would take for markup.
  private static func plain(_ text: String) -> String {
    Table.visible(text).map { "\\`*_[]<>#|".contains($0) ? "\\\($0)" : String($0) }.joined()
  }
}
