// The way out: a flag that everything looks at between epochs, and the signals that set it. One of the files that know Dispatch.

import Dispatch
import Foundation
import Synchronization

/// Whether the sweep should stop at the next epoch.
// Sendable: the flag is atomic, the sources are in a Mutex.
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)
  private let sources = Mutex<[Source]>([])
  private let lasts = Mutex<[@Sendable () -> Void]>([])
  private let listeners = Mutex<[@Sendable () -> Void]>([])

  /// Keeps a source alive.
  // @unchecked: Dispatch's objects may be used from any thread; they are not marked so on Linux.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }

  public init() {}

  public var isSet: Bool { flag.load(ordering: .relaxed) }

  public func set() {
    flag.store(true, ordering: .relaxed)
    for listener in listeners.withLock({ $0 }) { listener() }
  }

  /// Has somebody told when it is set. It has to be quick.
  func onSet(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

  /// Adds something to do before a second signal ends the process at once. It has to be quick.
  func beforeForcedExit(_ last: @escaping @Sendable () -> Void) { lasts.withLock { $0.append(last) } }

  /// Sets the flag on SIGINT, SIGTERM or SIGHUP; a second one ends the process at once with exit code 130. What is committed stays.
  /// A SIGHUP that `nohup` has switched off stays so.
  /// - Parameter first: called on the first signal, on a queue of its own: it may have to wait for a terminal.
  public func onSignals(_ first: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "sweep.signals")
    let tellers = DispatchQueue(label: "sweep.signals.told")
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var before = sigaction()
      sigaction(number, nil, &before)
      if number == SIGHUP, Self.ignores(before) { continue }
      #if !os(Linux)
        // Dispatch hears of signals without catching them; on Linux it catches them.
        signal(number, SIG_IGN)
      #endif
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [self] in
        if isSet {
          for last in lasts.withLock({ $0 }) { last() }
          _exit(130)
        }
        set()
        tellers.async(execute: first)
      }
      // From here on the source has it, and until here the signal's own effect is right: nothing has begun that would have to be ended.
      let isRegistered = DispatchSemaphore(value: 0)
      source.setRegistrationHandler { isRegistered.signal() }
      source.activate()
      isRegistered.wait()
      let kept = Source(source: source)
      sources.withLock { $0.append(kept) }
    }
  }

  /// Whether the action is SIG_IGN, which is the address 1.
  private static func ignores(_ action: sigaction) -> Bool { unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1 }
}
