// Times as they are stored: UTC, ISO 8601 with milliseconds, which SQLite's date functions read and which sort as text.

import Foundation

/// "2026-01-31T08:05:09.042Z"
func timestamp() -> String { timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

/// - Parameter milliseconds: since 1970. Days to dates as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": two of them are written
///   for every trial.
func timestamp(milliseconds: Int64) -> String {
  func floored(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
  let (day, time) = floored(milliseconds, 86_400_000)
  let (era, ofEra) = floored(day + 719_468, 146_097)
  let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
  let ofYear = ofEra - (365 * year + year / 4 - year / 100)
  let month = (5 * ofYear + 2) / 153
  let date = (year: year + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9, day: ofYear - (153 * month + 2) / 5 + 1)
  func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
  let clock = "\(padded(time / 3_600_000, 2)):\(padded(time / 60_000 % 60, 2)):\(padded(time / 1000 % 60, 2)).\(padded(time % 1000, 3))"
  return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock)Z"
}
