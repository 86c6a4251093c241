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

/// What a trial can still tell of an epoch. Made only where it is kept.
public struct EpochOutcome {
  /// Whether the trial ends with this epoch, complete.
  public let isLast: Bool
  public let predictions: () throws -> [Predictions]
  /// The trained model, in the executor's format.
  public let model: () -> Checkpoint

  public init(isLast: Bool, predictions: @escaping () throws -> [Predictions], model: @escaping () -> Checkpoint) {
    (self.isLast, self.predictions, self.model) = (isLast, predictions, model)
  }
}

/// What is kept of the epoch that counts.
public struct KeptOutcome: Sendable, Equatable {
  public let predictions: [Predictions]
  public let model: Checkpoint?

  public init(predictions: [Predictions], model: Checkpoint?) { (self.predictions, self.model) = (predictions, model) }
}
