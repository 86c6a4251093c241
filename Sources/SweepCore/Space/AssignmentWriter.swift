// Writes the canonical text of one assignment after the other. Neighbours in a grid differ in little, so a million of them are planned
// through here in seconds: what the last one had in common with this one stays as it is.

/// The canonical text of assignments, as UTF-8: a flat JSON object, names ascending, no spaces.
public struct AssignmentWriter {
  private var names: [String] = []
  private var values: [ParameterValue] = []
  /// `"name":value` for each name, with the comma or brace before it.
  private var members: [[UInt8]] = []
  /// How far the text reaches before each member.
  private var starts: [Int] = []
  /// The text of the assignment that was written last.
  public private(set) var text: [UInt8] = []

  public init() {}

  /// Replaces the text.
  public mutating func write(_ assignment: Assignment) {
    if names != assignment.names || members.isEmpty {
      names = assignment.names
      values = []
      members = Array(repeating: [], count: names.count)
      starts = Array(repeating: 0, count: names.count)
      text = [UInt8(ascii: "{"), UInt8(ascii: "}")]
    }
    var first = names.count
    for (index, value) in assignment.values.enumerated() where values.isEmpty || !Self.isSame(values[index], value) {
      first = min(first, index)
      members[index] = Self.member(names[index], value, isFirst: index == 0)
    }
    values = assignment.values
    guard first < names.count else { return }
    text.removeLast(text.count - (first == 0 ? 0 : starts[first]))
    for index in first..<names.count {
      starts[index] = text.count
      text += members[index]
    }
    text.append(UInt8(ascii: "}"))
  }

  private static func member(_ name: String, _ value: ParameterValue, isFirst: Bool) -> [UInt8] {
    var bytes = [isFirst ? UInt8(ascii: "{") : UInt8(ascii: ",")]
    JSONText.append(quoted: name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    JSONText.append(value, to: &bytes)
    return bytes
  }

  /// Whether both have the same text, for certain. 0.0 and −0.0, which are equal, have not; nor have an é of one scalar and one of two.
  private static func isSame(_ one: ParameterValue, _ other: ParameterValue) -> Bool {
    switch (one, other) {
    case (.real(let mine), .real(let theirs)): mine.bitPattern == theirs.bitPattern
    case (.text(let mine), .text(let theirs)): mine.utf8.elementsEqual(theirs.utf8)
    case (.list, _), (.mapping, _): false
    default: one == other
    }
  }
}
