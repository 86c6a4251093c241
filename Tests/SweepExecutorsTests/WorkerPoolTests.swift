import SweepExecutors
import Synchronization
import Testing

struct WorkerPoolTests {
  @Test(arguments: [1, 2, 8]) func everyItemIsTakenOnceAndAllWorkersEnd(workers: Int) {
    let next = Mutex(0)
    let seen = Mutex<[Int]>([])
    WorkerPool(workers: workers).run {
      next.withLock { value -> Int? in
        guard value < 500 else { return nil }
        value += 1
        return value
      }
    } work: { (item: Int, worker: Int) in
      #expect((0..<workers).contains(worker))
      seen.withLock { $0.append(item) }
    }
    #expect(seen.withLock { $0.sorted() } == Array(1...500))
  }

  @Test func anIdleWorkerIsThereForWhatAnotherLeaves() {
    let pool = WorkerPool(workers: 2)
    let items = Mutex(["first"])
    let ran = Mutex<[String: Int]>([:])
    pool.run {
      items.withLock { $0.popLast() }
    } work: { (item: String, worker: Int) in
      ran.withLock { $0[item] = worker }
      guard item == "first" else { return }
      let deadline = ContinuousClock.now + .seconds(10)
      while pool.idle == 0, ContinuousClock.now < deadline {}
      #expect(pool.idle == 1)
      items.withLock { $0.append("second") }
      pool.wake()
      while ran.withLock({ $0["second"] == nil }), ContinuousClock.now < deadline {}  // only the other can run it
    }
    #expect(ran.withLock { $0.count == 2 && $0["first"] != $0["second"] })
    #expect(pool.idle == 0)
  }

  @Test func workersRunAtTheSameTime() {
    let running = Mutex((now: 0, most: 0))
    let next = Atomic<Int>(0)
    WorkerPool(workers: 3).run {
      next.add(1, ordering: .relaxed).newValue <= 3 ? true : nil
    } work: { (_: Bool, _: Int) in
      running.withLock { state in
        state.now += 1
        state.most = max(state.most, state.now)
      }
      // Ends early only when all three are here.
      let deadline = ContinuousClock.now + .seconds(10)
      while running.withLock({ $0.most < 3 }), ContinuousClock.now < deadline {}
    }
    #expect(running.withLock { $0.most } == 3)
  }
}
