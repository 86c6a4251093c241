import SweepCore
import SweepKit
import Testing

struct OverridesTests {
  private func form(_ value: String) throws -> Override.Form? { try Override("a=" + value).domain }

  private func problem(_ argument: String) -> String? {
    do throws(SweepError) {
      _ = try Override(argument)
      return nil
    } catch { return error.kind == .usage ? error.diagnostics.map(\.problem).joined() : "not a usage error" }
  }

  private func reals(_ values: Double...) -> Override.Form { .values(values.map(ParameterValue.real)) }
  private func integers(_ values: Int...) -> Override.Form { .values(values.map(ParameterValue.integer)) }

  @Test func theSignBeforeTheNameSaysWhatIsDone() throws {
    let cases: [(String, Override.Action, String)] = [
      ("lr=1", .set, "lr"), ("+lr=1", .add, "lr"), ("++optimizer.lr=1", .setOrAdd, "optimizer.lr"), (" lr = 1 ", .set, "lr"),
      ("db/x@y=1", .set, "db/x@y"),
    ]
    for (argument, action, name) in cases {
      let override = try Override(argument)
      #expect(override.action == action && override.name == name && override.domain == .value(.integer(1)))
    }
    let removal = try Override("~gone")
    #expect(removal.action == .remove && removal.name == "gone" && removal.domain == nil)
  }

  @Test(
    arguments: [
      ("1", .integer(1)), ("1e-5", .real(1e-5)), ("true", .bool(true)), ("null", .null), ("adam", .text("adam")), ("", .text("")),
      ("two words", .text("two words")),
      ("'1'", .text("1")), ("\"a,b\"", .text("a,b")), (#"'it\'s'"#, .text("it's")), (#"a\,b"#, .text("a,b")), ("a=b", .text("a=b")),
      ("http://x:1/y?z=1", .text("http://x:1/y?z=1")), ("[]", .list([])), ("{}", .mapping([])),
      (
        "[1, 'a', [x,null]]",
        .list([.integer(1), .text("a"), .list([.text("x"), .null])])
      ),
      ("{b: [1,2], 'a c': x:y}", .mapping(of: [("a c", .text("x:y")), ("b", .list([.integer(1), .integer(2)]))])),
    ] as [(String, ParameterValue)])
  func oneValueIsOneValue(text: String, expected: ParameterValue) throws {
    #expect(try form(text) == .value(expected))
  }

  @Test func severalValuesAreSweptOver() throws {
    #expect(try form("0.1,0.2") == reals(0.1, 0.2))
    #expect(try form("adam, 'a,b' ,null,[1]") == .values([.text("adam"), .text("a,b"), .null, .list([.integer(1)])]))
    #expect(try form("choice(1, 2)") == integers(1, 2))
    #expect(try form("choice(a)") == .values([.text("a")]))
  }

  @Test func rangesEndBeforeTheStop() throws {
    #expect(try form("range(3)") == integers(0, 1, 2))
    #expect(try form("range(2,5)") == integers(2, 3, 4))
    #expect(try form("range(1,10,4)") == integers(1, 5, 9))
    #expect(try form("range(3,0,-1)") == integers(3, 2, 1))
    #expect(try form("range(0,0.4,0.1)") == reals(0, 0.1, 0.2, 0.3))
    #expect(try form("range(0,2.1,0.7)") == reals(0, 0.7, 1.4))
    #expect(try form("range(1e-5,3e-5,1e-5)") == reals(1e-5, 2e-5))
    #expect(try form("range(0.5,2)") == reals(0.5, 1.5))
  }

  @Test func anIntervalKeepsItsEnds() throws {
    #expect(try form("interval(1e-5,1)") == .interval(Override.Interval(.real(1e-5), .integer(1))))
    #expect(try form("interval(start=1, end=2)") == .interval(Override.Interval(.integer(1), .integer(2))))
  }

  @Test func argumentsMayHaveNames() throws {
    #expect(try form("range(-5, -1, step=1)") == integers(-5, -4, -3, -2))
    #expect(try form("range(start=1,stop=3)") == integers(1, 2))
    #expect(try form("range(stop=2)") == integers(0, 1))
    #expect(problem("a=range(1,2,start=3)") == "range(…) needs one, two or three numbers")
    #expect(problem("a=range(1,by=2)") == "range(…) has no by")
  }

  @Test func whatHydraTagsAndCastsIsRead() throws {
    let logarithmic = Override.Interval(.real(1e-4), .real(0.1), isLogarithmic: true)
    #expect(try form("tag(log, interval(0.0001, 0.1))") == .interval(logarithmic))
    #expect(logarithmic.distribution == "log_uniform_values")
    #expect(try form("tag(some, choice(1,2))") == integers(1, 2))
    #expect(try form("int(interval(1, 8))") == .interval(Override.Interval(.integer(1), .integer(8), isWhole: true)))
    #expect(
      try form("tag(log, int(interval(1, 8)))") == .interval(Override.Interval(.integer(1), .integer(8), isLogarithmic: true, isWhole: true)))
    #expect(try form("float(1,2)") == reals(1, 2))
    #expect(try form("str(choice(1,2))") == .values([.text("1"), .text("2")]))
    #expect(try form("int(range(0.5,3))") == integers(0, 1, 2))
    #expect(try form("sort(3,1,2)") == integers(1, 2, 3))
    #expect(try form("sort(choice(3,1,2), reverse=true)") == integers(3, 2, 1))
    #expect(try form("shuffle(range(3))") == integers(0, 1, 2))
    #expect(problem("a=tag(log, interval(0,1))") == "tag(log, …) at column 3 needs an interval above 0")
    #expect(problem("a=tag(log)") == "tag(…) at column 3 tags nothing")
    #expect(problem("a=glob(*)") == "unknown function 'glob' at column 3")
    #expect(problem("a=" + String(repeating: "int(", count: 5000))?.hasSuffix("is nested more than 50 deep") == true)
  }

  @Test func aNameWithOtherCharactersStandsBetweenQuotes() throws {
    #expect(try Override("'+data.x'=1").name == "+data.x" && Override("'+data.x'=1").action == .set)
    #expect(try Override("model/encoder=1").name == "model/encoder")
    #expect(try Override("größe=1").name == "größe")
    #expect(try Override("+\"a b\"=1").name == "a b")
    #expect(problem("\"\"=1") == "'\"\"=1' names no parameter")
  }

  @Test(arguments: [
    ("lr", "'lr' sets nothing"), ("=1", "'=1' names no parameter"), ("l r=1", "'l r' is no name: it has a ' '"),
    ("~a=1", "'~a=1' removes a parameter and has a value"),
    ("a=1,", "expected a value at column 5 of 'a=1,', not the end"), ("a=1,,2", "expected a value at column 5 of 'a=1,,2', not ','"),
    ("a='b", "the ' at column 3 of 'a='b' has no end"), ("a='b'c", "expected ',' at column 6 of 'a='b'c', not 'c'"),
    ("a=[1,2", "expected ',' or ']' at column 7 of 'a=[1,2', not the end"), ("a=[1]]", "expected ',' at column 6 of 'a=[1]]', not ']'"),
    ("a={b}", "expected ':' and a value at column 5 of 'a={b}', not '}'"), ("a=b(1)", "unknown function 'b' at column 3"),
    ("a=1,range(3)", "expected a plain value at column 10 of 'a=1,range(3)', not '('"),
    ("a=range(3),5", "expected the end after range(…) at column 11 of 'a=range(3),5', not ','"),
    ("a=range()", "range(…) needs one, two or three numbers"), ("a=range(x)", "range(…) needs one, two or three numbers"),
    ("a=range(1,2,0)", "the step of the range is 0"), ("a=range(2,1)", "the range has no values"),
    ("a=range(1e9)", "the range has more than 200000 values"), ("a=choice()", "choice() has no values"),
    ("a=interval(1)", "interval(…) at column 3 needs two numbers, the smaller first"),
    ("a=interval(2,1)", "interval(…) at column 3 needs two numbers, the smaller first"),
    ("a=${b}", "the interpolation at column 3 of 'a=${b}' is not read"),
  ])
  func complaintsNameTheArgument(argument: String, expected: String) {
    #expect(problem(argument) == expected)
  }

  @Test func listsInsideEachOtherEnd() {
    #expect(problem("a=" + String(repeating: "[", count: 5000))?.hasSuffix("is nested more than 50 deep") == true)
  }

  @Test func aNameThatTheSweepLacksIsToldWithTheNearest() throws {
    let known = ["optimizer", "seed"]
    #expect(try Override("seed=1").problem(known: known) == nil)
    #expect(try Override("+new=1").problem(known: known) == nil)
    #expect(try Override("++seed=1").problem(known: known) == nil)
    #expect(try Override("~seed").problem(known: known) == nil)
    let set = "unknown parameter 'sed' — sed= — did you mean 'seed'? known: optimizer, seed; to add it write +sed="
    #expect(try Override("sed=1").problem(known: known)?.description == set)
    #expect(try Override("~sed").problem(known: known)?.description == "unknown parameter 'sed' — ~sed — did you mean 'seed'? known: optimizer, seed")
    #expect(
      try Override("+seed=1").problem(known: known)?.description == "the sweep has the parameter 'seed' already — +seed — write seed=")
  }
}
