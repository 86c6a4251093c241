import SweepCore
import SweepReport
import Testing

struct TableTests {
  let table = Table(
    columns: [.init("name"), .init("score", title: "the score", format: Table.rounded), .init("note")],
    rows: [
      [.text("a"), .real(0.5), .null], [.text("b,\"c\""), .real(12), .text("two\nlines | \u{1b}[31m")], [.text("d"), .null, .integer(3)],
    ])

  @Test func theTextTableAlignsNumbersToTheRightAndShowsControlCharacters() throws {
    #expect(
      try TextTable().text(of: table) == """
        name   the score  note
        ─────  ─────────  ──────────────────────────
        a         0.5000
        b,"c"    12.0000  two\\u{a}lines | \\u{1b}[31m
        d                 3

        """)
  }

  @Test func csvQuotesByRFC4180() throws {
    #expect(try CSVExporter().text(of: table) == "name,score,note\na,0.5,\n\"b,\"\"c\"\"\",12.0,\"two\nlines | \u{1b}[31m\"\nd,,3\n")
  }

  @Test func jsonIsAnArrayOfFlatObjects() throws {
    #expect(
      try JSONExporter().text(of: table) == """
        [
          {"name": "a", "score": 0.5, "note": null},
          {"name": "b,\\"c\\"", "score": 12.0, "note": "two\\nlines | \\u001b[31m"},
          {"name": "d", "score": null, "note": 3}
        ]

        """)
    #expect(try JSONExporter().text(of: Table(columns: [.init("x")], rows: [])) == "[]\n")
    #expect(try JSONExporter().text(of: Table(columns: [.init("x")], rows: [[.real(.infinity)]])).contains("null"))
  }

  @Test func markdownEscapesBars() throws {
    let text = try MarkdownExporter().text(of: table)
    #expect(text.hasPrefix("| name | the score | note |\n| --- | ---: | --- |\n| a | 0.5000 |  |\n"))
    #expect(text.contains("lines \\| "))
  }

  @Test func aLongTextTableIsWrittenAsItComes() throws {
    var most = 0
    var written = 0
    let long = Table(columns: [.init("n")]) { visit in
      for number in 1...5000 {
        try visit([.integer(number)])
        most = max(most, number - written)
      }
    }
    try TextTable().write(long) { written += $0.count { $0 == "\n" } }
    #expect(written == 5002 && most <= 1000)
  }

  @Test(arguments: exporters.names) func everyFormatEndsWithANewlineAndNamesEveryRow(name: String) throws {
    let text = try exporters.find(name).text(of: table)
    #expect(text.hasSuffix("\n") && text.contains("d"))
  }

  @Test(arguments: [
    (0.5, 4, "0.5000"), (-0.00001, 4, "0.0000"), (-1.25, 1, "-1.3"), (1234.5678, 2, "1234.57"), (3, 0, "3"), (.nan, 2, "nan"),
    (9.5e14, 4, "950000000000000.0"), (-1e300, 4, "-1e+300"),
  ])
  func numbersAreRoundedWithoutALocale(number: Double, digits: Int, expected: String) {
    #expect(fixed(number, digits: digits) == expected)
  }

  @Test func theWilsonIntervalIsThatOfTheLiterature() throws {
    // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for (count, n, lower, upper) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
      let interval = WilsonInterval(share: Double(count) / Double(n), samples: n)
      #expect(abs(interval.lower - lower) < 5e-5 && abs(interval.upper - upper) < 5e-5, "\(count) of \(n): \(interval)")
    }
  }
}
