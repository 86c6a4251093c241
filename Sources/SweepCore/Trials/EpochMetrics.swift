// What a trial reports when an epoch has ended: the unit of recording, and of what a crash can lose.

/// The metrics of one epoch.
public struct EpochMetrics: Sendable, Equatable {
  /// The largest epoch that is one: numbers up to it are exact in every format.
  public static let largestEpoch = 1 << 53

  /// From 1; a program may count from 0.
  public let epoch: Int
  /// Name and value; each name once. NaN is allowed and is stored as NULL.
  public let values: [(name: String, value: Double)]

  public init(epoch: Int, values: [(name: String, value: Double)]) {
    self.epoch = epoch
    self.values = values
  }

  public subscript(name: String) -> Double? { values.first { $0.name == name }?.value }

  /// Equal to the last bit (NaN equals NaN).
  public static func == (one: EpochMetrics, other: EpochMetrics) -> Bool {
    one.epoch == other.epoch
      && one.values.elementsEqual(other.values) { $0.name == $1.name && $0.value.bitPattern == $1.value.bitPattern }
  }
}
