// Times as they are stored: UTC, ISO 8601 with milliseconds, which SQLite's date functions read and which sort as text.

import Foundation

/// "2026-01-31T08:05:09.042Z"
func timestamp(_ date: Date = Date()) -> String {
  date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
