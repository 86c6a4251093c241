// Points that no other is better than in every respect, and how much of the space they cover. Smaller is better in each coordinate; what the
// coordinates stand for is not known here. All coordinates are finite.

package enum ParetoFront {
  /// Whether a point is nowhere worse than another, and somewhere better.
  package static func dominates(_ one: [Double], _ other: [Double]) -> Bool {
    var isBetter = false
    for (one, other) in zip(one, other) {
      if one > other { return false }
      if one < other { isBetter = true }
    }
    return isBetter
  }

  /// The front of each point: 0 where no other dominates it, 1 where none but those does, and so on. Equal points are in the same.
  ///
  /// Zhang, Tian, Cheng and Jin 2015, "An efficient approach to nondominated sorting": in the order of their coordinates a point can be dominated by
  /// earlier ones alone, and if by one of a front then by one of each front before.
  package static func ranks(_ points: [[Double]]) -> [Int] {
    var (ranks, fronts) = ([Int](repeating: 0, count: points.count), [[Int]]())
    for index in order(points) {
      // Of two coordinates, the last of a front has the least second.
      let isDominated = { (front: [Int]) in
        (points[index].count > 2 ? front[...] : front.suffix(1)).reversed().contains { dominates(points[$0], points[index]) }
      }
      var (low, high) = (0, fronts.count)
      while low < high {
        let middle = (low + high) / 2
        if isDominated(fronts[middle]) { low = middle + 1 } else { high = middle }
      }
      if low == fronts.count { fronts.append([]) }
      fronts[low].append(index)
      ranks[index] = low
    }
    return ranks
  }

  /// By coordinates, the first first; equal points as they come.
  private static func order(_ points: [[Double]]) -> [Int] {
    points.indices.sorted { one, other in
      for (one, other) in zip(points[one], points[other]) where one != other { return one < other }
      return one < other
    }
  }

  /// How far apart a front's neighbours of each point are (Deb et al. 2002): by each coordinate the difference of the next and the one before, as a
  /// share of the front's; infinite at both ends. Equal coordinates are in the order in which the points come.
  package static func crowding(_ front: [[Double]]) -> [Double] {
    var distances = front.map { _ in 0.0 }
    for coordinate in front.first?.indices ?? 0..<0 {
      let order = front.indices.sorted { (front[$0][coordinate], $0) < (front[$1][coordinate], $1) }
      let width = front[order[order.count - 1]][coordinate] - front[order[0]][coordinate]
      guard width > 0 else { continue }
      distances[order[0]] = .infinity
      distances[order[order.count - 1]] = .infinity
      for place in order.indices.dropFirst().dropLast() {
        distances[order[place]] += (front[order[place + 1]][coordinate] - front[order[place - 1]][coordinate]) / width
      }
    }
    return distances
  }

  /// The volume of what at least one of the points dominates, up to a reference point. Points that are not below it in every coordinate have none.
  package static func hypervolume(_ points: [[Double]], reference: [Double]) -> Double {
    let inside = points.filter { zip($0, reference).allSatisfy { $0 < $1 } }
    return volume(nondominated(inside), reference)
  }

  /// So many of the points, one after the other that which adds most to the hypervolume of those before; the first of equals.
  /// - Returns: their positions in the order of choice.
  package static func subset(_ count: Int, of points: [[Double]], reference: [Double]) -> [Int] {
    var chosen: [Int] = []
    // What a point adds only becomes less: what it added to fewer is a bound.
    var gains = points.map { inclusive($0, reference) }
    var isExact = points.map { _ in true }
    var left = Array(points.indices)
    while chosen.count < count, !left.isEmpty {
      var place = 0
      for candidate in left.indices.dropFirst() where gains[left[candidate]] > gains[left[place]] { place = candidate }
      let best = left[place]
      if isExact[best] {
        chosen.append(best)
        left.remove(at: place)
        for index in left { isExact[index] = false }
      } else {
        let gain = inclusive(points[best], reference) - volume(nondominated(limited(chosen.map { points[$0] }, points[best])), reference)
        gains[best] = min(max(gain, 0), gains[best])
        isExact[best] = true
      }
    }
    return chosen
  }

  /// The volume that a point dominates alone.
  private static func inclusive(_ point: [Double], _ reference: [Double]) -> Double {
    zip(point, reference).reduce(1) { $0 * max($1.1 - $1.0, 0) }
  }

  /// Of each point, what it dominates of what another does.
  private static func limited(_ points: [[Double]], _ other: [Double]) -> [[Double]] { points.map { zip($0, other).map { max($0, $1) } } }

  /// Those of the first front, in their order, equal ones once.
  private static func nondominated(_ points: [[Double]]) -> [[Double]] {
    var front: [[Double]] = []
    for index in order(points) where !front.contains(where: { $0 == points[index] || dominates($0, points[index]) }) { front.append(points[index]) }
    return front
  }

  /// While, Bradstreet and Barone 2012, "A fast way of calculating exact hypervolumes" (WFG): what each point adds to those after it.
  /// - Parameter front: in the order of coordinates, none dominates another.
  private static func volume(_ front: [[Double]], _ reference: [Double]) -> Double {
    if reference.count <= 2 {
      var (sum, above) = (0.0, reference.count == 2 ? reference[1] : 0)
      if reference.count < 2 { return front.first.map { inclusive($0, reference) } ?? 0 }
      for point in front {
        sum += (reference[0] - point[0]) * (above - point[1])
        above = point[1]
      }
      return sum
    }
    var sum = 0.0
    for (index, point) in front.enumerated() {
      sum += inclusive(point, reference) - volume(nondominated(limited(Array(front[(index + 1)...]), point)), reference)
    }
    return sum
  }
}
