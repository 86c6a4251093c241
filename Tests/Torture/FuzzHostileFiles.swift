// Sweep files and overrides that were thought out by hand to break what reads them: bombs, depths, lengths, and texts that are hardly any.
// The first inputs of the target `files`. Each is made when its turn comes, for some are long.

/// Files that mean harm.
enum FuzzHostileFiles {
  typealias Hostile = (description: String, bytes: @Sendable () -> [UInt8])

  static let all: [Hostile] = bombs + depths + lengths + numbers + texts + spaces

  static let small = "trainer: test-function\nmethod: grid\nmetric: {name: value}\nparameters:\n  x: {values: [1, 2, 3]}\n"

  /// A sweep over programs, whose parameters may be anything.
  private static func program(_ parameters: String, method: String = "grid", rest: String = "") -> String {
    "program: train.py\nmethod: \(method)\nmetric: {name: loss}\n\(rest)\nparameters:\n\(parameters)\n"
  }

  private static func text(_ description: String, _ make: @escaping @Sendable () -> String) -> Hostile { (description, { Array(make().utf8) }) }
  private static func many(_ count: Int, _ line: (Int) -> String) -> String { (0..<count).map(line).joined() }
  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  private static func bomb(_ levels: Int, _ breadth: Int, isMapping: Bool) -> String {
    func members(_ value: String) -> String {
      let values = (0..<breadth).map { isMapping ? "k\($0): \(value)" : value }.joined(separator: ", ")
      return isMapping ? "{\(values)}" : "[\(values)]"
    }
    return "a0: &a0 \(members("x"))\n" + many(levels) { "a\($0 + 1): &a\($0 + 1) \(members("*a\($0)"))\n" }
  }

  private static let bombs: [Hostile] = [
    text("alias bomb of lists") { bomb(9, 9, isMapping: false) + program("  x: {value: *a9}") },
    text("alias bomb of mappings") { bomb(9, 9, isMapping: true) + program("  x: {value: *a9}") },
    text("alias bomb in the environment") { program("  x: {value: 1}", rest: bomb(9, 10, isMapping: true) + "environment: *a9") },
    text("alias bomb of values") { program("  x: &v {values: [1, 2]}\n" + many(5_000) { "  y\($0): *v\n" }) },
    text("alias bomb of parameters") {
      program(many(9) { level in "  n\(level + 1): &n\(level + 1) {parameters: {" + many(9) { "k\($0): *n\(level), " } + "}}\n" })
    },
    text("a smaller bomb") { bomb(4, 9, isMapping: false) + program("  x: {values: *a4}") },
    text("an anchor to itself") { "a: &a [*a]\n" + small },
    text("a mapping to itself") { program("  x: &x {parameters: {y: *x}}") },
    text("merge of itself") { "a: &a {<<: *a}\n" + small },
    text("merge keys") { program("  x: &x {values: [1]}\n  y: {<<: *x}\n  z: {<<: [*x, *x]}\n  <<: *x") },
    text("10,000 anchors of one name") { program("  x: {values: [" + many(10_000) { "&a \($0), *a, " } + "1]}") },
  ]

  private static let depths: [Hostile] = [
    text("100,000 [") { repeated("[", 100_000) },
    text("100,000 [ with their ends") { program("  x: {value: " + repeated("[", 100_000) + repeated("]", 100_000) + "}") },
    text("900 [ with their ends") { program("  x: {value: " + repeated("[", 900) + repeated("]", 900) + "}") },
    text("100,000 {a: ") { repeated("{a: ", 100_000) },
    text("5,000 {a: with their ends") { program("  x: {value: " + repeated("{a: ", 5_000) + "1" + repeated("}", 5_000) + "}") },
    text("2,000 levels of indentation") { many(2_000) { repeated(" ", $0) + "a:\n" } },
    text("100,000 dashes") { repeated("- ", 100_000) + "x" },
    text("100,000 ? ") { repeated("? ", 100_000) + "x" },
    text("1,000 nested parameters") { program("  x: " + repeated("{parameters: {x: ", 1_000) + "{value: 1}" + repeated("}}", 1_000)) },
    text("when: 200,000 parentheses") {
      program("  x: {value: 1, when: \"\(repeated("(", 100_000))y > 0\(repeated(")", 100_000))\"}\n  y: {value: 1}")
    },
    text("when: 20,000 and") { program("  x: {value: 1, when: \"y > 0\(repeated(" and y > 0", 20_000))\"}\n  y: {value: 1}") },
    text("when: 50,000 not") { program("  x: {value: 1, when: \"\(repeated("not ", 50_000))y > 0\"}\n  y: {value: 1}") },
    text("when: 50,000 minus") { program("  x: {value: 1, when: \"\(repeated("-", 50_000))y > 0\"}\n  y: {value: 1}") },
    text("when: 20,000 powers") { program("  x: {value: 1, when: \"y\(repeated(" ** y", 20_000)) > 0\"}\n  y: {value: 1}") },
    text("when: 20,000 plus") { program("  x: {value: 1, when: \"y\(repeated(" + y", 20_000)) > 0\"}\n  y: {value: 1}") },
    text("when: 20,000 else") { program("  x: {value: 1, when: \"\(repeated("y if y > 0 else ", 20_000))y > 0\"}\n  y: {value: 1}") },
    text("when: a chain of 2,000 parameters") {
      program(many(2_000) { "  p\($0): {values: [1, 2], when: p\($0 + 1) > 1}\n" } + "  p2000: {value: 2}")
    },
    text("when: a circle") { program("  x: {value: 1, when: y > 0}\n  y: {value: 1, when: x > 0}") },
  ]

  private static let lengths: [Hostile] = [
    text("100,000 parameters") { program(many(100_000) { "  p\($0): {value: \($0)}\n" }) },
    text("a key of 1 MB") { program("  \(repeated("k", 1_000_000)): {value: 1}") },
    text("an unknown key of 1 MB") { small + "\(repeated("k", 1_000_000)): 1\n" },
    text("a quoted key of 1 MB") { program("  \"\(repeated("k", 1_000_000))\": {value: 1}") },
    text("a value of 1 MB") { program("  x: {value: \(repeated("v", 1_000_000))}") },
    text("a name of 1 MB") { "name: \(repeated("n", 1_000_000))\n" + small },
    text("a list of 1,000,000 values") { program("  x: {values: [" + many(1_000_000) { "\($0)," } + "]}") },
    text("100,000 wrong values") { "trainer: test-function\nmetric: {name: value}\nparameters:\n  x: {values: [" + repeated("a, ", 100_000) + "]}" },
    text("100,000 unknown keys") { small + many(100_000) { "key\($0): 1\n" } },
    text("100 keys twice") { small + many(100) { "name: n\($0)\n" } },
    text("10,000 keys twice") { small + many(10_000) { "name: n\($0)\n" } },
    text("10,000 zips") { small + "zip:\n" + repeated("  - [x, y]\n", 10_000) },
    text("a zip of 1,000") { program(many(1_000) { "  p\($0): {values: [1, 2]}\n" }, rest: "zip: [" + many(1_000) { "p\($0), " } + "]") },
    text("10,000 excludes") { small + "exclude:\n" + many(10_000) { "  - x == \($0)\n" } },
    text("a product that overflows") { program(many(40) { "  p\($0): {min: 1, max: 1000}\n" }) },
    text("a product that overflows, exclude") { program(many(40) { "  p\($0): {min: 1, max: 1000}\n" }, rest: "exclude: [p1 > 5]") },
    text("a random product that overflows") { program(many(40) { "  p\($0): {min: 1, max: 1000}\n" }, method: "random", rest: "run_cap: 100") },
    text("exclude everything") { program("  x: {min: 1, max: 1000000}", rest: "exclude: [x > 0]") },
    text("exclude everything at random") { program("  x: {min: 0.0, max: 1.0}", method: "random", rest: "exclude: [x >= 0]") },
    text("1 MB of a") { repeated("a", 1_000_000) },
    text("1 MB of :") { repeated(": ", 500_000) },
    text("1 MB of commas") { "[" + repeated(",", 1_000_000) },
    text("1 MB of line breaks") { repeated("\n", 1_000_000) + small },
    text("a command of 100,000 macros") { program("  x: {value: 1}", rest: "command: [" + repeated("\"${x}\", ", 100_000) + "a]") },
    text("a pattern that looks back") { program("  x: {value: 1}", rest: "report: {pattern: \"(?<a>(x+x+)+y)\"}") },
    text("a pattern of 10,000 groups") { program("  x: {value: 1}", rest: "report: {pattern: \"\(repeated("(?<a>", 10_000))\"}") },
    text("include with itself") { program("  x: {value: 1}", rest: "include: sweep.yaml") },
    text("include without an end") { program("  x: {value: 1}", rest: "include: /dev/zero") },
    text("include a folder") { program("  x: {value: 1}", rest: "include: .") },
  ]

  private static let numbers: [Hostile] =
    FuzzSweepFiles.scalars.map { scalar in text("values: \(scalar)") { program("  x: {values: [\(scalar)]}") } }
    + FuzzSweepFiles.scalars.map { scalar in text("x: \(scalar)") { "trainer: test-function\nmetric: {name: value}\nparameters: {x: \(scalar)}" } }
    + FuzzSweepFiles.scalars.map { scalar in text("seed: \(scalar)") { small + "seed: \(scalar)\nrun_cap: \(scalar)\n" } }
    + domains.map { domain in text(domain) { program("  x: {\(domain)}", method: "random", rest: "run_cap: 3000") } }
    + domains.map { domain in text("grid, \(domain)") { program("  x: {\(domain)}") } }

  private static let domains: [String] = [
    "min: 1, max: 0", "min: 1.0, max: 1.0", "min: -1e308, max: 1e308", "min: -9223372036854775808, max: 9223372036854775807", "min: 0, max: 1e19",
    "min: 9223372036854775806, max: 9223372036854775807", "distribution: q_uniform, min: 0, max: 1, q: 0",
    "values: [1, 2], probabilities: [1e308, 1e308]",
    "distribution: q_uniform, min: 0, max: 1, q: -1", "distribution: q_uniform, min: 0, max: 1e300, q: 1e-300", "values: [1], probabilities: [0]",
    "distribution: q_uniform, min: -1e308, max: 1e308, q: 1e308", "distribution: q_uniform, min: 0, max: 9223372036854775807, q: 1",
    "distribution: log_uniform, min: -1000, max: 1000", "distribution: log_uniform_values, min: 5e-324, max: 1e308",
    "distribution: inv_log_uniform_values, min: 5e-324, max: 1e308", "distribution: inv_log_uniform, min: -800, max: 800",
    "distribution: normal, mu: 1e308, sigma: 1e308", "distribution: normal, mu: 0, sigma: 0", "distribution: log_normal, mu: 700, sigma: 700",
    "distribution: q_log_normal, mu: 43, sigma: 1, q: 1", "distribution: q_normal, mu: 9e18, sigma: 9e18, q: 1",
    "distribution: beta, a: 1e-300, b: 1e-300",
    "distribution: beta, a: 1e300, b: 1e300", "distribution: beta, a: 0, b: 1", "distribution: q_beta, a: 1, b: 1, q: 1e-320",
    "distribution: q_log_uniform, min: 0, max: 700, q: 1", "distribution: q_log_uniform_values, min: 1, max: 1e300, q: 1e-9",
    "distribution: int_uniform, min: -9223372036854775808, max: 9223372036854775807", "values: [1, 1.0, true, '1', null, [1], {a: 1}]",
  ]

  private static let texts: [Hostile] = [
    ("empty", { [] }), ("NUL", { [0] }), ("a NUL inside", { Array("name: a\0b\n".utf8) + Array(small.utf8) }),
    ("BOM", { [0xef, 0xbb, 0xbf] + Array(small.utf8) }), ("BOM alone", { [0xef, 0xbb, 0xbf] }), ("UTF-16", { utf16(bom: [0xff, 0xfe]) }),
    ("UTF-16 without BOM", { utf16(bom: []) }), ("no UTF-8", { Array(small.utf8) + [0xff, 0xfe, 0x80] }),
    ("a surrogate in UTF-8", { Array("name: ".utf8) + [0xed, 0xa0, 0x80, 0x0a] + Array(small.utf8) }),
    ("an overlong NUL", { Array("name: ".utf8) + [0xc0, 0x80, 0x0a] + Array(small.utf8) }), ("binary", { (0..<4096).map { UInt8($0 * 7 & 0xff) } }),
    text("CRLF") { small.replacing("\n", with: "\r\n") }, text("CR alone") { small.replacing("\n", with: "\r") },
    text("keys twice with CRLF") { (small + "name: a\nname: b\n").replacing("\n", with: "\r\n") },
    text("keys twice with CR") { (small + "name: a\nname: b\n").replacing("\n", with: "\r") },
    text("keys twice with U+2028") { (small + "name: a\u{2028}name: b\u{85}name: c\n") },
    text("keys twice behind U+0301") { "e\u{301}: 1\ne\u{301}: 2\n" },
    text("keys twice in one line") { "{a: 1, a: 2, a: 3}" }, text("keys twice as questions") { "? a\n: 1\n? a\n: 2\n" },
    text("tabs") { small.replacing("  ", with: "\t") }, text("comments") { "# a\n# b" }, text("two documents") { small + "---\n" + small },
    text("an ended document") { small + "...\n" + small }, text("a directive") { "%YAML 9.9\n---\n" + small }, text("only ---") { "---" },
    text("a scalar") { "x" }, text("a list") { "- 1\n- 2" }, text("null") { "~" },
  ]

  private static func utf16(bom: [UInt8]) -> [UInt8] { bom + small.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] } }

  private static let spaces: [Hostile] =
    [
      "\u{2028}", "\u{feff}", "\u{202e}", "\u{1b}[31m", "../../etc/passwd", "a/b", "..", ".", "", " ", "'", "\\\"", "%s", "$(id)",
      "\u{1f469}\u{200d}\u{1f680}", "-x",
    ]
    .flatMap { name in
      [
        text("name \(name)") { "name: \"\(name)\"\n" + small }, text("parameter \(name)") { program("  \"\(name)\": {values: [1, 2]}") },
        text("metric \(name)") { program("  x: {values: [1, 2]}").replacing("loss", with: "\"\(name)\"") },
        text("key \(name)") { small + "\"\(name)\": 1\n" },
      ]
    }

  /// What the command line might say to `small`.
  static let overrides: [@Sendable () -> String] =
    [
      "x=range(1e308)", "x=range(1000000000)", "x=range(0,1,1e-300)", "x=range(-9223372036854775808,9223372036854775807)", "x=range(1,0)",
      "x=range(nan)",
      "x=range(0,inf)", "x=range(9223372036854775806,9223372036854775807)", "x=range(0,1,0)", "x=range(0,-1,-9223372036854775808)", "x=interval(1,0)",
      "x=interval(-1e308,1e308)", "x=1e400", "x=-0", "x=", "=", "", "+", "++", "~", "~x", "~x=1", "+x=1", "+new=1", "++x=1,2", "x=[1,[2,{a: 3}]]",
      "x={a: {b: 1}}",
      "x='unended", "x=\"\\\"", "x=1,,2", "x=choice()", "x=choice(1", "x=sort(1,2)", "x=${y}", "\u{feff}x=1", "x\0=1", "x=\u{2028}", "a.b.c.d=1",
      "...=1", "x=9223372036854775808",
    ].map { argument in { @Sendable in argument } }
    + [
      { "x=" + repeated("[", 200_000) }, { "x=" + repeated("{a: ", 200_000) }, { "x=" + many(200_000) { "\($0)," } + "1" },
      { repeated("x", 1_000_000) + "=1" }, { "x=" + repeated("v", 1_000_000) }, { repeated("a.", 100_000) + "a=1" },
      { "x=choice(" + repeated("1,", 200_000) + "2)" },
    ]
}
