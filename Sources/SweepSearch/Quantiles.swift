// The number below which a share of a distribution lies: how a sampler turns a random number of (0, 1) into a value.
// As W&B's sampler does it (sweeps 0.3.0, params.py, `HyperParameter.ppf`); where the random number comes from is not decided here.

import SweepCore
import SweepNumerics

extension Distribution {
  /// The quantile at `u` of (0, 1), with the same bits on every machine. A quantised family's is a multiple of its step, (x/q rounded, halves to even)·q, and may lie up to half a
  /// step outside of min...max.
  ///
  /// Always finite: beyond the greatest finite number (e¹⁰⁰⁰) it is that number, and a whole number beyond those of 64 bits the nearest of them.
  package func value(at u: Double) -> ParameterValue {
    let number = Self.finite(quantile(min(max(u, .leastNormalMagnitude), 1 - 0x1p-53)))
    switch step {
    case .integer(let step)?:
      let whole = (number / Double(step)).rounded(.toNearestOrEven) * Double(step)
      return .integer(Int(exactly: whole) ?? (whole < 0 ? .min : .max))
    case .real(let step)?:
      // + 0 makes -0 a 0.
      return .real(Self.finite((number / step).rounded(.toNearestOrEven) * step) + 0)
    default: return .real(number)
    }
  }

  private func quantile(_ u: Double) -> Double {
    switch family {
    case .uniform, .qUniform: first + u * (second - first)
    case .logUniform, .qLogUniform: exactExponential(first + u * (second - first))
    case .logUniformValues, .qLogUniformValues:
      exactExponential(exactLogarithm(first) + u * (exactLogarithm(second) - exactLogarithm(first)))
    // The inverse of a log uniform number: its bounds are those of the inverse.
    case .invLogUniform: exactExponential(-(first + (1 - u) * (second - first)))
    case .invLogUniformValues:
      exactExponential(exactLogarithm(second) - (1 - u) * (exactLogarithm(second) - exactLogarithm(first)))
    case .normal, .qNormal: first + second * Normal.quantile(u)
    case .logNormal, .qLogNormal: exactExponential(first + second * Normal.quantile(u))
    case .beta, .qBeta: Beta(first, second).quantile(u)
    }
  }

  /// The share of what is drawn, before it is quantised, that is below a number.
  package func share(below x: Double) -> Double {
    switch family {
    case .uniform, .qUniform: (x - first) / (second - first)
    case .logUniform, .qLogUniform: x <= 0 ? 0 : (exactLogarithm(x) - first) / (second - first)
    case .logUniformValues, .qLogUniformValues, .invLogUniformValues:
      x <= 0 ? 0 : (exactLogarithm(x) - exactLogarithm(first)) / (exactLogarithm(second) - exactLogarithm(first))
    case .invLogUniform: x <= 0 ? 0 : (exactLogarithm(x) + second) / (second - first)
    case .normal, .qNormal: Normal.share(below: (x - first) / second)
    case .logNormal, .qLogNormal: x <= 0 ? 0 : Normal.share(below: (exactLogarithm(x) - first) / second)
    case .beta, .qBeta: Beta(first, second).share(below: x)
    }
  }

  private static func finite(_ number: Double) -> Double { min(max(number, -.greatestFiniteMagnitude), .greatestFiniteMagnitude) }
}
