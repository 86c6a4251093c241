// Standard output for results, standard error for everything else, and what the terminal can do.

import Foundation
import SweepCore
import SweepReport

enum Terminal {
  /// Writes a result.
  static func output(_ text: String) { write(text, to: 1) }

  /// Writes a line for people, with control characters made visible.
  static func error(_ line: String) { write(Table.visible("sweep: " + line) + "\n", to: 2) }

  /// Writes text that may steer the cursor.
  static func control(_ text: String) { write(text, to: 2) }

  static var errorIsTerminal: Bool { isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  static var outputIsTerminal: Bool { isatty(1) == 1 }

  /// By https://no-color.org.
  static var allowsColour: Bool { errorIsTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  static var outputAllowsColour: Bool {
    let environment = ProcessInfo.processInfo.environment
    return outputIsTerminal && environment["TERM"] != "dumb" && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// The terminal behind standard error; 80 × 24 where it does not say.
  static var size: (columns: Int, rows: Int) { size(of: 2) }

  /// What a figure may fill of the terminal behind standard output: all but the line of the prompt.
  static var outputSize: (columns: Int, rows: Int) {
    let size = size(of: 1)
    return (size.columns, size.rows - 1)
  }

  private static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
    return isKnown ? (Int(size.ws_col), Int(size.ws_row)) : (80, 24)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        // A reader that went away is no failure of ours; a full disk must not pass for success.
        guard descriptor == 1, errno != EPIPE else { return }
        Terminal.error("error: cannot write to standard output: \(String(cString: strerror(errno)))")
        exit(SweepError.Kind.io.exitCode)
      }
      bytes = bytes.dropFirst(count)
    }
  }
}
