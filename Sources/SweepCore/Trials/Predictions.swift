// What a trial answered, image by image: what rankings compare in pairs, and histograms and class shares are made of.
// Made by an executor after an epoch that counts, kept by the store where the sweep's policy says so.

/// Images that trials answer, with their labels. Trials that answered the same split can be compared image by image.
public struct ImageSplit: Sendable, Hashable {
  /// "validation" or "test".
  public let name: String
  /// Which images these are, in words: "cifar10, images 49000 to 49999".
  public let source: String
  /// Of the pixels and labels: two copies of a data set that differ are two splits.
  public let fingerprint: UInt64
  /// [images], each an index of `classes`.
  public let labels: [UInt8]
  public let classes: [String]

  public init(name: String, source: String, fingerprint: UInt64, labels: [UInt8], classes: [String]) {
    (self.name, self.source, self.fingerprint, self.labels, self.classes) = (name, source, fingerprint, labels, classes)
  }

  public static func == (one: ImageSplit, other: ImageSplit) -> Bool {
    one.name == other.name && one.source == other.source && one.fingerprint == other.fingerprint
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

/// One trial's answers to the images of a split.
public struct Predictions: Sendable, Equatable {
  public let split: ImageSplit
  /// The predicted class of each image.
  public let predicted: [UInt8]
  /// The probability given to each image's label, 0...1 in steps of 1/65,535.
  public let probability: [UInt16]

  /// - Precondition: one of each for each image.
  public init(split: ImageSplit, predicted: [UInt8], probability: [UInt16]) {
    precondition(predicted.count == split.labels.count && probability.count == split.labels.count, "an answer for each image")
    (self.split, self.predicted, self.probability) = (split, predicted, probability)
  }

  /// Which images were labelled rightly.
  public var correct: Bitset { Bitset(zip(predicted, split.labels).map { $0 == $1 }) }

  /// The nearest step to a probability; one that is not a number counts as 0.
  public static func step(_ probability: Float) -> UInt16 { UInt16(max(0, min(1, probability.isNaN ? 0 : probability)) * 65_535 + 0.5) }
  /// The probability of a step.
  public static func value(_ step: UInt16) -> Double { Double(step) / 65_535 }
}

/// What is kept of the epoch that counts.
public struct KeptOutcome: Sendable, Equatable, Codable {
  public let predictions: [Predictions]
  public let model: Checkpoint?

  public init(predictions: [Predictions], model: Checkpoint?) { (self.predictions, self.model) = (predictions, model) }
}

extension ImageSplit: Codable {
  private enum CodingKeys: String, CodingKey { case name, source, fingerprint, labels, classes }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try members.decode(String.self, forKey: .name), source: try members.decode(String.self, forKey: .source),
      fingerprint: try members.decode(UInt64.self, forKey: .fingerprint), labels: try members.decode(EncodedBytes.self, forKey: .labels).bytes,
      classes: try members.decode([String].self, forKey: .classes))
  }

  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(name, forKey: .name)
    try members.encode(source, forKey: .source)
    try members.encode(fingerprint, forKey: .fingerprint)
    try members.encode(EncodedBytes(labels), forKey: .labels)
    try members.encode(classes, forKey: .classes)
  }
}

extension Predictions: Codable {
  private enum CodingKeys: String, CodingKey { case split, predicted, probability }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    let split = try members.decode(ImageSplit.self, forKey: .split)
    let predicted = try members.decode(EncodedBytes.self, forKey: .predicted).bytes
    let steps = try members.decode(EncodedBytes.self, forKey: .probability).bytes
    guard predicted.count == split.labels.count, steps.count == 2 * predicted.count else {
      throw DecodingError.dataCorruptedError(forKey: .predicted, in: members, debugDescription: "there is not an answer for each image")
    }
    self.init(split: split, predicted: predicted, probability: predicted.indices.map { UInt16(steps[2 * $0]) << 8 | UInt16(steps[2 * $0 + 1]) })
  }

  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(split, forKey: .split)
    try members.encode(EncodedBytes(predicted), forKey: .predicted)
    try members.encode(EncodedBytes(probability.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }), forKey: .probability)
  }
}
