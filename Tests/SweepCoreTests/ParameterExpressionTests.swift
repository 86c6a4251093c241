import Foundation
import SweepCore
import Testing

// Foundation has an ParameterExpression too.
private typealias ParameterExpression = SweepCore.ParameterExpression

struct ParameterExpressionTests {
  private let point: [String: ParameterValue] = [
    "optimizer": .text("sgd"), "momentum": .real(0.9), "lr": .real(0.5), "batch_size": .integer(32), "nesterov": .bool(false),
    "weight-decay": .integer(0), "model.depth": .integer(3), "betas": .list([.real(0.9), .integer(1)]), "größe": .integer(2),
  ]

  private func value(_ text: String) throws -> ParameterValue { try ParameterExpression(text).value { point[$0] } }

  /// What goes wrong when it is read or computed.
  private func complaint(_ text: String) -> String? {
    do throws(SweepError) {
      _ = try ParameterExpression(text).value { point[$0] }
      return nil
    } catch { return error.diagnostics.map(\.problem).joined() }
  }

  private func checked(_ text: String, isCondition: Bool = true) throws -> [String] {
    let types: [String: ValueType] = [
      "optimizer": .text, "lr": .number, "nesterov": .bool, "decay": [.null, .number], "mixed": [.text, .number], "layers": .list,
    ]
    return try ParameterExpression(text).check(known: types.keys.sorted(), isCondition: isCondition) { types[$0] }.map(\.problem)
  }

  @Test(arguments: [
    #"optimizer == "sgd" and momentum > 0.5"#, "batch_size * lr <= 16", "not nesterov", "optimizer in ['sgd', 'adam']",
    "optimizer in ('sgd', 'adam')",
    "momentum != null", "1 == 1.0", "1 < batch_size <= 32", "'gd' in optimizer", "`weight-decay` == 0", "model.depth > 2", "größe == 2",
    "optimizer not in ['adam']", "!nesterov && lr > .1 || false", "1 in betas", "2 if nesterov else 3 == 3", "1e-5 < 1E-4", "(lr) == +0.5",
    "null == None", "'a' < 'b'", "9007199254740993 > 9007199254740992", "nesterov == false and True", "[1, [2,],] == [1, [2]]",
  ])
  func conditionsHold(condition: String) throws {
    #expect(try ParameterExpression(condition).isTrue { point[$0] })
  }

  @Test(arguments: [
    "absent > 1", "absent <= 1", "not (absent == null)", "absent == 0", "absent * 2 > 1", "absent", "absent in ['a']", "1 in absent", "'a' in absent",
    "min(absent, 1) < 2", "1 < 2 < absent", "true == 1", "optimizer == 1", "3 < batch_size < 30", "nesterov or false",
  ])
  func conditionsDoNotHold(condition: String) throws {
    #expect(!(try ParameterExpression(condition).isTrue { point[$0] }))
  }

  @Test(
    arguments: [
      ("1 + 2 * 3", .integer(7)), ("(1 + 2) * 3", .integer(9)), ("7 / 2", .real(3.5)), ("4 / 2", .real(2)), ("-7 // 2", .integer(-4)),
      ("-7 % 3", .integer(2)), ("7 % -3", .integer(-2)), ("1.0 // 0.1", .real(9)), ("5.5 % -2", .real(-0.5)), ("-2 ** 2", .integer(-4)),
      ("2 ** 3 ** 2", .integer(512)), ("2 ** -1", .real(0.5)), ("4 ** 0.5", .real(2)), ("2 ** 62", .integer(1 << 62)), ("2 ** 63", .real(0x1p63)),
      ("9223372036854775807 + 1", .real(0x1p63)), ("9223372036854775808", .real(0x1p63)), ("1_000", .integer(1000)), ("1.", .real(1)),
      ("'a' + \"b\"", .text("ab")), ("[1] + ['a']", .list([.integer(1), .text("a")])), ("lr * 2", .real(1)), ("absent + 1", .null),
      ("min(3, 1.5, 2)", .real(1.5)), ("max(betas)", .integer(1)), ("max('a', 'b')", .text("b")), ("abs(-3)", .integer(3)),
      ("round(2.5)", .integer(2)),
      ("floor(-1.5)", .integer(-2)), ("ceil(1.2)", .integer(2)), ("sqrt(9)", .real(3)), ("log10(0.001)", .real(-3)), ("exp(0)", .real(1)),
      ("log(1)", .real(0)), ("len('größe')", .integer(5)), ("len(betas)", .integer(2)), ("int('12')", .integer(12)), ("int(-1.9)", .integer(-1)),
      ("int(true)", .integer(1)), ("float('1e-3')", .real(0.001)), ("str(1e-5)", .text("1e-05")), ("lr if nesterov else batch_size", .integer(32)),
      ("1 if false else 2 if false else 3", .integer(3)), ("'it\\'s \\n \\d'", .text("it's \n \\d")), ("1 -1", .integer(0)),
    ] as [(String, ParameterValue)])
  func valuesAreThoseOfPython(text: String, expected: ParameterValue) throws {
    #expect(try value(text) == expected)
  }

  @Test(arguments: [(10, -2.5), (2, 0.3), (0.1, 7.25), (1.5, -300.1), (3, 0.5), (7, 41.9)]) func powersAreNearThoseOfTheLibrary(x: Double, y: Double)
    throws
  {
    guard case .real(let power) = try value("\(x) ** \(y)") else { throw SweepError(.input, "no number") }
    #expect(abs(power / pow(x, y) - 1) < 1e-14)
    guard case .real(let exponential) = try value("exp(\(y))") else { throw SweepError(.input, "no number") }
    #expect(abs(exponential / exp(y) - 1) < 1e-14)
  }

  @Test func aDivisionThatIsNotReachedDoesNoHarm() throws {
    #expect(try value("`weight-decay` != 0 and 1 / `weight-decay` > 1") == .bool(false))
    #expect(try value("`weight-decay` == 0 or 1 / `weight-decay` > 1") == .bool(true))
    #expect(try value("0 if `weight-decay` == 0 else 1 / `weight-decay`") == .integer(0))
  }

  @Test(arguments: [
    ("", "the expression is empty"), (" ", "the expression is empty"),
    ("optimizer ==", "expected a value after '==' at column 13"),
    ("lr momentum", "expected an operator after 'lr' at column 4, not 'momentum'"),
    ("(lr > 1", "expected an operator or ')' after '1' at column 8"), ("lr in [1 2]", "expected ',' or ']' after '1' at column 10, not '2'"),
    ("lr = 1", "'=' at column 4 is not part of an expression"), ("a is null", "expected an operator after 'a' at column 3, not 'is'"),
    ("2lr", "'2lr' at column 1 is neither a number nor a name"), ("0x10", "'0x10' at column 1 is neither a number nor a name"),
    ("a == 'b", "the ' at column 6 has no end"), ("1e999", "the number '1e999' at column 1 is too large"),
    ("mn(1, 2)", "unknown function 'mn' at column 1"),
    ("abs(1, 2)", "abs at column 1 takes one value, not 2"), ("1 if 2", "expected 'else' and a value after '2' at column 7"),
    ("and", "expected a value at column 1, not 'and'"), ("1 not 2", "expected an operator after '1' at column 3, not 'not'"),
    ("1 / 0", "division by zero at column 3"), ("1 % 0.0", "division by zero at column 3"), ("0 ** -1", "division by zero at column 3"),
    ("1e200 * 1e200", "the result is too large at column 7"), ("exp(1000)", "the result is too large at column 1"),
    ("(-8) ** 0.5", "a negative number has no real power of 0.5 at column 6"), ("sqrt(-1)", "sqrt of -1 makes no sense at column 1"),
    ("optimizer + 1", "cannot add 'sgd' and 1 at column 11"), ("optimizer > 1", "cannot compare 'sgd' with 1 for order at column 11"),
    ("not lr", "a condition is 0.5, not true or false, at column 5"), ("-optimizer", "cannot negate 'sgd' at column 1"),
    ("1 in 'a'", "1 cannot be in 'a' at column 3"), ("int('x')", "int of 'x' makes no sense at column 1"),
    ("min([])", "min of an empty list makes no sense at column 1"), ("max(1, 'a')", "max of 1 and 'a' makes no sense at column 1"),
  ])
  func complaintsNameTheColumn(text: String, expected: String) {
    #expect(complaint(text) == expected)
  }

  @Test func aSlipIsToldWithItsRemedy() throws {
    #expect(throws: SweepError(.input, "'=' at column 4 is not part of an expression", place: "lr = 1", remedy: "compare with ==")) {
      try ParameterExpression("lr = 1")
    }
  }

  @Test func theNamesAreSortedAndUnique() throws {
    #expect(try ParameterExpression("b.c > 1 and `a-b` in [d, b.c] or min(min, e) == 'f'").names == ["a-b", "b.c", "d", "e", "min"])
    #expect(try ParameterExpression("1 < 2").names == [])
  }

  @Test func typesThatCanNeverWorkAreTold() throws {
    #expect(try checked("lr + 'a' > 1") == ["cannot add a number and a text at column 4"])
    #expect(try checked("optimizer > 3") == ["cannot compare a text with a number for order at column 11"])
    #expect(try checked("lr") == ["a condition is a number, not true or false, at column 1"])
    #expect(try checked("nesterov and optimizer") == ["a condition is a text, not true or false, at column 14"])
    #expect(try checked("lr in 3") == ["nothing is in a number at column 4"])
    #expect(try checked("lr in optimizer") == ["a number cannot be in a text at column 4"])
    #expect(try checked("round(optimizer) == 1") == ["round of a text makes no sense at column 1"])
    #expect(try checked("max(lr, optimizer) == 1") == ["max of a number and a text makes no sense at column 1"])
    #expect(try checked("-layers == 1 or (1 if lr else 2) == 1").count == 2)
  }

  @Test(arguments: [
    "nesterov", "decay", "decay * 2 > 1", "mixed > 0.5", "mixed == 'auto' or mixed > 1", "decay != null", "optimizer in layers", "len(layers) > 2",
    "nesterov if decay else false", "max(layers) > 1", "min(lr, decay) < 3", "optimizer == 3", "null > 1", "null",
  ])
  func typesThatCanWorkAreLeftAlone(text: String) throws {
    #expect(try checked(text) == [])
  }

  @Test func anUnknownParameterIsToldOnceWithTheNearest() throws {
    let diagnostics = try ParameterExpression("optimzer + 1 > 2").check(known: ["optimizer", "lr"]) { $0 == "lr" ? .number : nil }
    let remedy = "did you mean 'optimizer'? known: optimizer, lr"
    #expect(diagnostics == [Diagnostic("unknown parameter 'optimzer' at column 1", place: "optimzer + 1 > 2", remedy: remedy)])
  }

  @Test func aComputedValueHasAType() throws {
    let types: (String) -> ValueType? = { ["lr": .number, "optimizer": .text, "decay": [.number, .null]][$0] }
    #expect(try ParameterExpression("lr * 2").type(types) == .number)
    #expect(try ParameterExpression("decay + 1").type(types) == [.number, .null])
    #expect(try ParameterExpression("lr if lr > 1 else optimizer").type(types) == [.number, .text])
    #expect(try checked("lr * 2", isCondition: false) == [])
  }

  @Test func hostileTextsAreRefusedAndLongOnesAreNot() throws {
    for text in [
      String(repeating: "(", count: 5000), String(repeating: "[", count: 5000), String(repeating: "not ", count: 2000),
      String(repeating: "-", count: 5000), String(repeating: "1**", count: 3000), String(repeating: "abs(", count: 2000),
      String(repeating: "1 if 1 else ", count: 800),
    ] {
      #expect(complaint(text)?.hasPrefix("the expression is nested more than 100 deep at column") == true)
    }
    #expect(complaint(String(repeating: "1", count: 10_001)) == "an expression has 10001 bytes")
    #expect(try value(String(repeating: "1+", count: 4999) + "1") == .integer(5000))
    #expect(try value(String(repeating: "lr>9 or ", count: 1200) + "true") == .bool(true))
    #expect(try value(String(repeating: "(", count: 90) + "1" + String(repeating: ")", count: 90)) == .integer(1))
  }

  @Test func anExpressionIsSavedAsItsText() throws {
    let expression = try ParameterExpression("lr > 0.1")
    let saved = try JSONEncoder().encode([expression])
    #expect(String(decoding: saved, as: UTF8.self) == #"["lr > 0.1"]"#)
    #expect(try JSONDecoder().decode([ParameterExpression].self, from: saved) == [expression])
    #expect(throws: (any Error).self) { try JSONDecoder().decode([ParameterExpression].self, from: Data(#"["lr >"]"#.utf8)) }
  }
}
