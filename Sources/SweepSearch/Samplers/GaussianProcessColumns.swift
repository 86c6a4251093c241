// How rows of an `Encoding` become columns of numbers whose squared distances are those of the Gaussian process's kernel: numbers, categories, and
// parameters that are not always in use.

import SweepNumerics

/// δ² of a dimension: numbers (u − u')²; categories 0 or 1; of two points of which one has it not in use (u − ½)² + ¼, of a category 1; of two that
/// both have it not, 0. All are squared distances of an embedding, so that the kernel is positive definite.
package struct ProcessColumns: Sendable {
  let dimensions: Int
  /// Of each column its dimension: that of a number which is conditional has a second one, ½ where it is in use, else 0.
  let owner: [Int]
  let isCategory: [Bool]
  /// The first column of each dimension.
  package let first: [Int]

  package init(_ encoding: Encoding) {
    var (owner, isCategory, first): ([Int], [Bool], [Int]) = ([], [], [])
    for (place, dimension) in encoding.dimensions.enumerated() {
      first.append(owner.count)
      owner.append(place)
      isCategory.append(dimension.isCategory)
      if dimension.isConditional, !dimension.isCategory {
        owner.append(place)
        isCategory.append(false)
      }
    }
    (dimensions, self.owner, self.isCategory, self.first) = (encoding.count, owner, isCategory, first)
  }

  package var count: Int { owner.count }

  package func columns(of row: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    for column in 0..<count {
      let u = row[owner[column]]
      if isCategory[column] {
        result[column] = u.isNaN ? -1 : u
      } else if first[owner[column]] == column {
        result[column] = u.isNaN ? 0.5 : u
      } else {
        result[column] = u.isNaN ? 0 : 0.5
      }
    }
    return result
  }

  package func points(_ rows: [[Double]]) -> PointColumns { PointColumns(rows.map(columns(of:)), columns: count) }
}
