// Tells the thread sanitizer of Swift's `Mutex`: half of the library for LD_PRELOAD that `.ci/sanitize thread` makes, between our programs and
// libswiftSynchronization.so, on Linux. The first try to lock and to unlock is compiled into us, an atomic operation that the sanitizer sees.
// What follows where a thread has to wait is a futex in that library, which is not instrumented: without this the sanitizer takes for a race what
// the mutex orders. It changes nothing of how the mutex works, knows no other lock, and where there is no sanitizer (children) does nothing.
// Only clang has Swift's calling convention. `self`, the word of the lock, comes in the context register.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if !defined(__clang__) || !__has_attribute(swiftcall)
#error "needs clang: there is one beside swiftc"
#endif

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// _MutexHandle._lockSlow(UInt32), ._tryLockSlow() -> Bool, ._unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Of the sanitizer, in the program itself; absent elsewhere.
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

/// What our function hides.
static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found) return found;
  fprintf(stderr, "swift_mutex: no %s in libswiftSynchronization.so: another version of Swift?\n", name);
  abort();
}

SWIFT void lock(uint32_t thread, SELF self) __asm__(LOCK);
SWIFT void lock(uint32_t thread, SELF self) {
  ((SWIFT void (*)(uint32_t, SELF))next(LOCK))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool try_lock(SELF self) __asm__(TRY_LOCK);
SWIFT bool try_lock(SELF self) {
  bool locked = ((SWIFT bool (*)(SELF))next(TRY_LOCK))(self);
  if (locked && __tsan_acquire) __tsan_acquire(self);
  return locked;
}

SWIFT void unlock(SELF self) __asm__(UNLOCK);
SWIFT void unlock(SELF self) {
  if (__tsan_release) __tsan_release(self);
  ((SWIFT void (*)(SELF))next(UNLOCK))(self);
}
