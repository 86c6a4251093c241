// Tells the thread sanitizer of Swift's reference counts: the second half of the library for LD_PRELOAD that `.ci/sanitize thread` makes,
// between our programs and libswiftCore.so, on Linux. An array is written in place by whoever finds that nobody else holds it, hence after all
// that others did with it before they let go. Both are atomic operations in that library, which is not instrumented: without this the sanitizer
// takes for a race what the count orders. It changes no count, does not see what the library itself lets go of, and does nothing where there is
// no sanitizer (children). What `deinit` does the compiler already keeps from the sanitizer.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Of the sanitizer, in the program itself; absent elsewhere.
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

/// What our function of that name hides, into `real`.
#define REAL(name) \
  static _Atomic(void *) place; \
  void *found = atomic_load(&place); \
  if (!found) atomic_store(&place, found = dlsym(RTLD_NEXT, #name)); \
  __typeof__(&name) real = (__typeof__(&name))found;

/// Without the bits that a bridge object carries beside the address.
static void *object(const void *reference) { return (void *)((uintptr_t)reference & 0x0ffffffffffffff8); }

/// Null, immortal objects and what is no reference at all (short texts) are not counted.
static void let_go(void *reference) {
  if ((intptr_t)reference > 0 && __tsan_release) __tsan_release(object(reference));
}

#define RELEASE(name) \
  void name(void *reference); \
  void name(void *reference) { \
    REAL(name) \
    let_go(reference); \
    real(reference); \
  }
#define RELEASE_SEVERAL(name) \
  void name(void *reference, uint32_t count); \
  void name(void *reference, uint32_t count) { \
    REAL(name) \
    let_go(reference); \
    real(reference, count); \
  }
#define UNIQUE(name) \
  bool name(const void *reference); \
  bool name(const void *reference) { \
    REAL(name) \
    bool alone = real(reference); \
    if (alone && __tsan_acquire) __tsan_acquire(object(reference)); \
    return alone; \
  }

RELEASE(swift_release)
RELEASE(swift_bridgeObjectRelease)
RELEASE_SEVERAL(swift_release_n)
RELEASE_SEVERAL(swift_bridgeObjectRelease_n)
UNIQUE(swift_isUniquelyReferenced_native)
UNIQUE(swift_isUniquelyReferenced_nonNull_native)
UNIQUE(swift_isUniquelyReferenced_nonNull_bridgeObject)
