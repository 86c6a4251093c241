// A document as one HTML file that needs nothing else: styles and figures are inside.

import SweepCore

package enum HTMLPage {
  /// - Throws: where a figure cannot be drawn.
  package static func text(of document: Document) throws(SweepError) -> String {
    let title = HTMLExporter.escaped(document.title)
    var page = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)</title>
      <style>\(style)</style>
      </head>
      <body>
      <h1>\(title)</h1>

      """
    for block in document.blocks { page += try html(block) }
    return page + "</body>\n</html>\n"
  }

  private static func html(_ block: Document.Block) throws(SweepError) -> String {
    switch block {
    case .heading(let text): return "<h2>\(HTMLExporter.escaped(text))</h2>\n"
    case .text(let text): return "<p>\(HTMLExporter.escaped(text))</p>\n"
    case .code(let text): return "<pre>\(HTMLExporter.escaped(text))</pre>\n"
    case .table(let table, let sql):
      let source = sql.map { "<details><summary>SQL</summary><pre>\(HTMLExporter.escaped($0))</pre></details>\n" } ?? ""
      return "<div class=\"wide\">\n" + (try Document.text(of: table, by: HTMLExporter())) + "</div>\n" + source
    case .figure(let figure, _, let caption):
      let svg = try Gnuplot.svg(of: figure)
      return "<figure style=\"max-width: \(figure.width)px\">\n\(svg)\n<figcaption>\(HTMLExporter.escaped(caption))</figcaption>\n</figure>\n"
    }
  }

  private static let style = """

    body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #222; background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
    h1 { font-size: 1.7rem; line-height: 1.2 } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ddd }
    .wide { overflow-x: auto } table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; white-space: nowrap }
    th, td { padding: .2rem .7rem .2rem 0; text-align: left } th { border-bottom: 1px solid #888 } .number { text-align: right }
    tbody tr:nth-child(even) { background: #f6f6f6 } figure { margin: 1.5rem 0 } figure svg { max-width: 100%; height: auto }
    figcaption { color: #555; font-size: .9rem } pre { background: #f6f6f6; padding: .7rem; overflow-x: auto; font-size: .85rem }
    details { margin: .3rem 0 1rem; font-size: .85rem } summary { color: #555; cursor: pointer }

    """
}
