// `sweep report` as a user types it: a page that needs nothing else, and SQL on it that can be asked.

import Foundation
import SweepReport
import SweepTestSupport
import Testing

struct ReportCommandTests {
  let folder = TemporaryFolder()
  var binary: SweepBinary { SweepBinary(in: folder.path) }

  private func ran(_ text: String = CommandTests.small) throws {
    try folder.write(text, to: "small.yaml")
    #expect(try binary.run("run", "small.yaml", "-q").status == 0)
  }

  private func page(_ name: String) throws -> String { try String(contentsOfFile: folder.path(name), encoding: .utf8) }

  @Test(.enabled("gnuplot is installed") { Gnuplot.program != nil }) func aPageHoldsItsFiguresAndNeedsNothingElse() throws {
    try ran()
    let result = try binary.run("report", "-o", "report.html")
    #expect(result.status == 0, "\(result.errors)")
    let html = try page("report.html")
    #expect(html.components(separatedBy: "<svg").count > 6 && html.components(separatedBy: "<table>").count > 5)
    #expect(!html.contains("src=") && !html.contains("http-equiv") && !html.contains("<script"))
    #expect(html.contains("made images") && html.contains("behind the best") && html.contains("kernels "))
    // Identifiers of figures do not clash, or one would be drawn with another's patterns.
    let ids = html.matches(of: /\sid=["']([^"']+)["']/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    let markdown = try binary.run("report", "small", "-o", "report.md")
    #expect(markdown.status == 0)
    for match in try page("report.md").matches(of: /\]\(<(report-figures\/[^>]+)>\)/) {
      #expect(FileManager.default.fileExists(atPath: folder.path(String(match.1))), "\(match.1)")
    }
  }

  @Test func theSQLOfEveryTableCanBeAsked() throws {
    try ran(CommandTests.small.replacing("name: small", with: "name: it's a \"name\""))
    #expect(try binary.run("report", "-o", "report.md", "--no-figures").status == 0)
    let statements = try page("report.md").matches(of: /```sql\n([\s\S]*?)\n```/).map { String($0.1) }
    #expect(statements.count >= 6)
    for sql in statements {
      let answer = try binary.run("query", sql)
      #expect(answer.status == 0 && answer.output.split(separator: "\n").count > 2, "\(sql)\n\(answer.errors)")
    }
  }

  @Test func whatASweepCannotShowIsLeftOut() throws {
    try ran("trainer: test-function\nmethod: grid\nmetric: {name: value, goal: minimize}\nparameters:\n  x: {value: 1}\n  epochs: {value: 2}\n")
    #expect(try binary.run("report", "-o", "one.md", "--no-figures").status == 0)
    #expect(try !page("one.md").contains("What matters"))
    let refused = try binary.run("report", "-o", "one.txt")
    #expect(refused.status == 64 && refused.errors.contains(".html or .md"))
    for page in ["nowhere/one.html", "nowhere/one.md"] { #expect(try binary.run("report", "-o", page, "--no-figures").status == 74) }
    #expect(!FileManager.default.fileExists(atPath: folder.path("nowhere")))
  }

  @Test func aNameCannotBecomeMarkup() throws {
    try ran(CommandTests.small.replacing("name: small", with: "name: <b>&\"x").replacing("made images", with: "<script>alert(1)</script>"))
    #expect(try binary.run("report", "-o", "report.html", "--no-figures").status == 0)
    let html = try page("report.html")
    #expect(!html.contains("<script") && !html.contains("<b>") && html.contains("&lt;b&gt;&amp;&quot;x"))
  }
}
