// Student's distribution: the one quantile that intervals are made of.

import Foundation

package enum Student {
  /// The 97.5 % quantile of Student's distribution: exact to three digits (Abramowitz and Stegun 1964, 26.7.5, from 4 degrees of freedom on).
  package static func quantile975(_ freedom: Int) -> Double {
    let few = [12.706, 4.303, 3.182]
    if freedom <= few.count { return few[max(1, freedom) - 1] }
    let (z, f) = (Normal.quantile975, Double(freedom))
    let terms = [
      (pow(z, 3) + z) / 4, (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / 96, (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / 384,
      (79 * pow(z, 9) + 776 * pow(z, 7) + 1482 * pow(z, 5) - 1920 * pow(z, 3) - 945 * z) / 92_160,
    ]
    return terms.enumerated().reduce(z) { $0 + $1.element / pow(f, Double($1.offset + 1)) }
  }
}
