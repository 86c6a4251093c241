// The definition of a sweep, decoded once for everybody who has the record. What is in it beyond the search space is known to SweepKit.

import Foundation
import SweepCore
import Synchronization

/// The JSON of a sweep file with what was made of it. Copies of a record share it.
// Sendable: all state is in the one Mutex.
package final class SweepDefinition: Sendable {
  let json: String
  private let made = Mutex<[ObjectIdentifier: any Sendable]>([:])

  init(_ json: String) { self.json = json }

  /// What was made of the definition before, or makes it now.
  package func value<Value: Sendable>(_ make: (String) throws(SweepError) -> Value) throws(SweepError) -> Value {
    let key = ObjectIdentifier(Value.self)
    if let known = made.withLock({ $0[key] }) as? Value { return known }
    let value = try make(json)
    keep(value)
    return value
  }

  /// Keeps what somebody made of it.
  package func keep<Value: Sendable>(_ value: Value) { made.withLock { $0[ObjectIdentifier(Value.self)] = value } }
}

extension SweepRecord {
  /// All parameters of the sweep.
  /// - Throws: where the definition was written by something else.
  public var space: SearchSpace {
    get throws(SweepError) {
      try decoded.value { json throws(SweepError) in
        do { return try JSONDecoder().decode(DefinedSpace.self, from: Data(json.utf8)).space } catch { throw Self.unreadable(error) }
      }
    }
  }

  private struct DefinedSpace: Decodable { let space: SearchSpace }

  package static func unreadable(_ error: any Error) -> SweepError {
    SweepError(.input, "the sweep's definition cannot be read: \(error)", remedy: "run its file again under another --name")
  }
}
