// A distribution that a parameter's values are drawn from, as W&B's sweep files name it and in their terms.
// Read by the loader, kept in the database as part of a domain. Its numbers for a grid are here; drawing from it is
// SweepSearch/Quantiles.swift.

/// A distribution of numbers as W&B's sweep files name them.
public struct Distribution: Sendable, Hashable {
  /// The bounds of `logUniform`, `invLogUniform` and `qLogUniform` are exponents of e; those of the families `…Values` are values.
  public enum Family: String, Sendable, Codable, CaseIterable {
    case uniform
    case logUniform = "log_uniform"
    case logUniformValues = "log_uniform_values"
    case invLogUniform = "inv_log_uniform"
    case invLogUniformValues = "inv_log_uniform_values"
    case normal
    case logNormal = "log_normal"
    case beta
    case qUniform = "q_uniform"
    case qLogUniform = "q_log_uniform"
    case qLogUniformValues = "q_log_uniform_values"
    case qNormal = "q_normal"
    case qLogNormal = "q_log_normal"
    case qBeta = "q_beta"
  }

  public let family: Family
  /// min, mu or a.
  public let first: Double
  /// max, sigma or b.
  public let second: Double
  /// The step of a quantised family, above 0; an integer step makes the values whole numbers. nil for the others.
  public let step: ParameterValue?
  /// Whether a `qUniform`'s ends are spelled as whole numbers, which makes its grid one of whole numbers if the step is one. Not of other families.
  public let isWhole: Bool

  /// - Parameters:
  ///   - step: `.integer` or `.real`; a quantised family without one has 1.0. Ignored for others.
  ///   - isWhole: whether both ends are spelled as whole numbers; ends beyond 2⁵³ are not counted as such, as they are not exact here.
  /// - Precondition: the numbers are finite and those that `family.arguments` allows, and min < max.
  public init(_ family: Family, _ first: Double, _ second: Double, step: ParameterValue? = nil, isWhole: Bool = false) {
    self.family = family
    (self.first, self.second) = (first, second)
    self.step = family.isQuantised ? step ?? .real(1) : nil
    self.isWhole = isWhole && family == .qUniform && [first, second].allSatisfy { $0 == $0.rounded() && abs($0) <= 0x1p53 }
  }
}

extension Distribution.Family {
  /// What a sweep file gives for a family beside its name.
  public struct Argument: Sendable, Hashable {
    public let name: String
    /// nil: the file must give it.
    public let defaultValue: ParameterValue?
    /// The number is above this.
    public let above: Double?
    /// The number is at least this.
    public let from: Double?
    /// The number is at most this.
    public let upTo: Double?

    fileprivate init(_ name: String, default defaultValue: ParameterValue? = nil, above: Double? = nil, from: Double? = nil, upTo: Double? = nil) {
      self.name = name
      (self.defaultValue, self.above, self.from, self.upTo) = (defaultValue, above, from, upTo)
    }
  }

  /// In the order first, second, step. As W&B's schema has them (sweeps 0.3.0, config/schema.json), but for a and b, which it lets be 0, where
  /// there is no such distribution; a file that names a bound must have min < max, which only the file's reader can say.
  public var arguments: [Argument] { ends + (isQuantised ? [Argument("q", default: .real(1), above: 0)] : []) }

  private var ends: [Argument] {
    switch self {
    case .uniform, .logUniform, .invLogUniform, .qUniform, .qLogUniform: [Argument("min"), Argument("max")]
    case .logUniformValues, .invLogUniformValues, .qLogUniformValues: [Argument("min", above: 0), Argument("max")]
    case .normal, .logNormal, .qNormal, .qLogNormal: [Argument("mu", default: .real(0)), Argument("sigma", default: .real(1), from: 0)]
    case .beta, .qBeta: ["a", "b"].map { Argument($0, default: .integer(1), above: 0, upTo: 1e6) }
    }
  }

  public var isQuantised: Bool {
    switch self {
    case .qUniform, .qLogUniform, .qLogUniformValues, .qNormal, .qLogNormal, .qBeta: true
    case .uniform, .logUniform, .logUniformValues, .invLogUniform, .invLogUniformValues, .normal, .logNormal, .beta: false
    }
  }

  /// Whether it is given by its ends, min and max.
  public var isBounded: Bool { ends[0].name == "min" }
}

extension Distribution {
  /// As a person reads it: "log_uniform_values 0.001...0.1", "normal mu 0 sigma 1", "q_uniform 0...1 step 0.25".
  public var text: String {
    func short(_ number: Double) -> String { abs(number) < 1e15 ? Int(exactly: number)?.description ?? number.description : number.description }
    let names = family.arguments.map(\.name)
    let numbers =
      family.isBounded ? "\(short(first))...\(short(second))" : "\(names[0]) \(short(first)) \(names[1]) \(short(second))"
    return "\(family.rawValue) \(numbers)" + (step.map { " step \($0)" } ?? "")
  }
}

// W&B's grid has of a q_uniform what NumPy's `arange(min, max, q)` gives: max is not among them, but by rounding a real number next to it can be.
extension Distribution {
  /// How many values a grid has of it; nil where it cannot be enumerated: every family but `qUniform`, or more than 2⁵³.
  public var gridCount: Int? {
    guard family == .qUniform, let step = step?.number else { return nil }
    let count = max(((second - first) / step).rounded(.up), 1)
    return count <= 0x1p53 ? Int(count) : nil
  }

  /// A value of the grid, from 0; constant time. min + index·((min + q) − min), whole numbers where min, max and q are spelled so.
  /// - Precondition: `index` is of `0..<gridCount`.
  public func gridValue(at index: Int) -> ParameterValue {
    if isWhole, case .integer(let step)? = step { return .integer(Int(first) + index * step) }
    guard let step = step?.number else { preconditionFailure("\(family.rawValue) cannot be enumerated") }
    let next = first + step
    return .real(index == 0 ? first : index == 1 ? next : first + Double(index) * (next - first))
  }
}

// In JSON it looks as in a sweep file. Databases keep it, so old texts must be readable for ever.
extension Distribution: Codable {
  private enum CodingKeys: String, CodingKey { case distribution, min, max, mu, sigma, a, b, q }

  private static func keys(of family: Family) -> [CodingKeys] { family.arguments.compactMap { CodingKeys(rawValue: $0.name) } }

  public init(from decoder: any Decoder) throws {
    let keyed = try decoder.container(keyedBy: CodingKeys.self)
    let family = try keyed.decode(Family.self, forKey: .distribution)
    let values = try Self.keys(of: family).map { key in
      let value = try keyed.decode(ParameterValue.self, forKey: key)
      guard let number = value.number else {
        throw DecodingError.dataCorruptedError(forKey: key, in: keyed, debugDescription: "\(key.stringValue) is no number")
      }
      return (spelled: value, number: number)
    }
    let isWhole = values.prefix(2).allSatisfy { if case .integer = $0.spelled { true } else { false } }
    self.init(family, values[0].number, values[1].number, step: values.count > 2 ? values[2].spelled : nil, isWhole: isWhole)
  }

  public func encode(to encoder: any Encoder) throws {
    var keyed = encoder.container(keyedBy: CodingKeys.self)
    try keyed.encode(family, forKey: .distribution)
    for (key, number) in zip(Self.keys(of: family), [first, second]) {
      if family == .qUniform {
        try keyed.encode(isWhole ? ParameterValue.integer(Int(number)) : .real(number), forKey: key)
      } else {
        try keyed.encode(number, forKey: key)
      }
    }
    if let step { try keyed.encode(step, forKey: .q) }
  }
}
