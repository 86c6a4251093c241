// Standard output for results, standard error for everything else, and what the terminal can do.

import Foundation
import SweepReport

enum Terminal {
  /// Writes a result.
  static func output(_ text: String) { write(text, to: 1) }

  /// Writes a line for people, with control characters made visible.
  static func error(_ line: String) { write(Table.visible("sweep: " + line) + "\n", to: 2) }

  /// Writes text that may steer the cursor.
  static func control(_ text: String) { write(text, to: 2) }

  static var errorIsTerminal: Bool { isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// By https://no-color.org.
  static var allowsColour: Bool { errorIsTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  /// Columns of the terminal behind standard error; 80 where it does not say.
  static var width: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        // A reader that went away ends us by SIGPIPE; a full disk behind standard output must not pass for success.
        if descriptor == 1 { exit(74) }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }
}
