// The way out: a flag that everything looks at between epochs, and the signals that set it. One of the three files that know Dispatch.

import Dispatch
import Foundation
import Synchronization

/// Whether the sweep should stop at the next epoch.
// Sendable: the flag is atomic, the sources are in a Mutex.
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)
  private let sources = Mutex<[Source]>([])

  /// Keeps a source alive.
  // @unchecked: Dispatch's objects may be used from any thread; they are not marked so on Linux.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  public init() {}

  public var isSet: Bool { flag.load(ordering: .relaxed) }

  public func set() { flag.store(true, ordering: .relaxed) }

  /// Sets the flag on SIGINT, SIGTERM or SIGHUP; a second one ends the process at once with exit code 130. What is committed stays.
  /// - Parameter first: called on the first signal.
  public func onSignals(_ first: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "sweep.signals")
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in
        if isSet { _exit(130) }
        set()
        first()
      }
      source.activate()
      let kept = Source(source: source)
      sources.withLock { $0.append(kept) }
    }
  }
}
