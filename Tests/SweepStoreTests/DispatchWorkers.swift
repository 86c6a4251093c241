// Four threads over a list, for tests of what must bear several at once.

import Dispatch
import Testing

enum DispatchWorkers {
  static func run<Item: Sendable>(_ items: [Item], _ body: @Sendable @escaping (Item) throws -> Void) {
    let group = DispatchGroup()
    for worker in 0..<4 {
      DispatchQueue(label: "test.\(worker)").async(group: group) {
        for index in stride(from: worker, to: items.count, by: 4) {
          do { try body(items[index]) } catch { Issue.record(error) }
        }
      }
    }
    group.wait()
  }
}
