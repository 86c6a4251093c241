// A parameter as an axis: positions of 0...1 with some values written at them.

package struct Axis: Sendable {
  package struct Tick: Sendable {
    package let position: Double
    package let text: String

    package init(_ position: Double, _ text: String) { (self.position, self.text) = (position, text) }
  }

  package let name: String
  /// In order of their positions.
  package let ticks: [Tick]
  /// Whether the ticks are all the values there are, rather than marks on a scale.
  package let isListed: Bool

  package init(_ name: String, ticks: [Tick], isListed: Bool) { (self.name, self.ticks, self.isListed) = (name, ticks, isListed) }

  /// Values of a list, evenly spaced; one alone is in the middle.
  package init(_ name: String, values: [String]) {
    let last = Double(values.count - 1)
    self.init(name, ticks: values.enumerated().map { Tick(last == 0 ? 0.5 : Double($0.offset) / last, $0.element) }, isListed: true)
  }

  /// The tick that is nearest to a position.
  package func nearest(_ position: Double) -> Int? { ticks.indices.min { abs(ticks[$0].position - position) < abs(ticks[$1].position - position) } }
}
