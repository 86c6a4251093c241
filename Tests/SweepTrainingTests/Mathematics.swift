// exp and log of the C library as the oracle for our own.

import Foundation

extension Double {
  var exponential: Double { exp(self) }
  var naturalLogarithm: Double { log(self) }
}
