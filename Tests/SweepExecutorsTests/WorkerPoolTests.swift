import Foundation
import SweepExecutors
import Synchronization
import Testing

struct WorkerPoolTests {
  @Test(arguments: [1, 2, 8]) func everyItemIsTakenOnceAndAllWorkersEnd(workers: Int) {
    let next = Mutex(0)
    let seen = Mutex<[Int]>([])
    WorkerPool(workers: workers).run { _ in
      next.withLock { value -> WorkerPool.Next<Int> in
        guard value < 500 else { return .none }
        value += 1
        return .item(value)
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
    pool.run { _ in
      items.withLock { $0.popLast() }.map(WorkerPool.Next.item) ?? .none
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
    WorkerPool(workers: 3).run { _ in
      next.add(1, ordering: .relaxed).newValue <= 3 ? .item(true) : .none
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

  @Test(arguments: [1, 3]) func whoIsToldToWaitIsThereWhenThereIsMore(workers: Int) {
    let pool = WorkerPool(workers: workers)
    let state = Mutex((left: 3, isComing: false, ran: 0))
    pool.run { _ -> WorkerPool.Next<Int> in
      state.withLock { state in
        if state.left == 0 { return .none }
        guard state.isComing else {
          // Somebody else will have an item, some time.
          state.isComing = true
          Thread.detachNewThread {
            usleep(5000)
            pool.wake()
          }
          return .wait
        }
        state.isComing = false
        state.left -= 1
        return .item(state.left)
      }
    } work: { (_: Int, _) in
      state.withLock { $0.ran += 1 }
      pool.wake()
    }
    #expect(state.withLock { $0.ran } == 3)
  }

  @Test func aWorkerCanWaitInTheMiddleOfItsWorkForWhatAnotherDoes() {
    let pool = WorkerPool(workers: 2)
    let state = Mutex((next: 0, isDone: false))
    pool.run { _ -> WorkerPool.Next<Int> in
      state.withLock { state in
        state.next += 1
        return state.next <= 2 ? .item(state.next) : .none
      }
    } work: { (item: Int, _) in
      if item == 1 {
        #expect(pool.wait { state.withLock { $0.isDone } ? true : nil })
      } else {
        state.withLock { $0.isDone = true }
        pool.wake()
      }
    }
    #expect(state.withLock { $0.isDone })
  }
}
