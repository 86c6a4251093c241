// A folder of its own for each test, gone when the test is.

import Foundation

package final class TemporaryFolder: Sendable {
  package let path: String

  package init() {
    path = NSTemporaryDirectory() + "sweep-test-" + UUID().uuidString
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      fatalError("no temporary folder: \(error)")
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package func path(_ name: String) -> String { path + "/" + name }

  @discardableResult package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  @discardableResult package func write(_ bytes: [UInt8], to name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: (path(name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }
}

/// The folder of the package's sources.
package let projectFolder: String = {
  let file = #filePath as NSString
  return ((file.deletingLastPathComponent as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
}()
