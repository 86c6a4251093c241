// One point of a search space: a value for every parameter.
// Made by a sampler, saved as canonical JSON by the store, read by an executor. It knows nothing of what the values mean.

/// A value for each parameter, in the order of the parameters' names.
public struct Assignment: Sendable, Hashable {
  /// Sorted, unique. Shared by all assignments of a space, so an assignment costs its values alone.
  public let names: [String]
  /// `values[i]` belongs to `names[i]`.
  public let values: [ParameterValue]

  /// - Precondition: `names` is sorted and as long as `values`.
  public init(names: [String], values: [ParameterValue]) {
    precondition(names.count == values.count, "an assignment needs one value for each name")
    self.names = names
    self.values = values
  }

  public init(_ pairs: [String: ParameterValue]) {
    let sorted = pairs.sorted { $0.key < $1.key }
    self.init(names: sorted.map(\.key), values: sorted.map(\.value))
  }

  public subscript(name: String) -> ParameterValue? {
    names.firstIndex(of: name).map { values[$0] }
  }

  /// The canonical text: a flat JSON object, names ascending, no spaces. Equal assignments have equal text; it is a trial's fingerprint.
  public var json: String {
    var writer = AssignmentWriter()
    writer.write(self)
    return String(decoding: writer.text, as: UTF8.self)
  }

  /// Reads what `json` wrote; nil where the text is not a flat JSON object.
  public init?(json: String) {
    guard let members = JSONText.members(of: json)?.sorted(by: { $0.name < $1.name }) else { return nil }
    self.init(names: members.map(\.name), values: members.map(\.value))
  }
}
