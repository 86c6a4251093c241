// Faults of disks and clocks on demand: a library for LD_PRELOAD that stands between a program and the C library, on Linux with glibc. What the
// environment does not ask for goes through unchanged. It does not see system calls made without the C library, nor what is written to mapped
// memory, and says nothing. Children inherit LD_PRELOAD and the variables, and count for themselves.
//
// SWEEP_FAULT_FILES=TEXT           file faults concern descriptors whose path (/proc/self/fd/N) contains TEXT; without it there are no file faults
// SWEEP_FAULT_WRITES=N             the first N of write, pwrite, ftruncate, fallocate and posix_fallocate to such files work, later ones fail
// SWEEP_FAULT_SYNCS=N              the first N of fsync and fdatasync work, later ones fail
// SWEEP_FAULT_READS=N              the first N of read and pread work, later ones fail
// SWEEP_FAULT_ERRNO=NAME           what they fail with: EIO (also without it), ENOSPC, EDQUOT, EROFS, or a number
// SWEEP_FAULT_UNTIL=SECONDS        calls fail only until so many seconds after the process started; without it for ever
// SWEEP_FAULT_SHARED_MEMORY=1      mapping a file named …-shm shared fails with ENODEV, as on file systems without shared memory maps
// SWEEP_FAULT_NO_LOCKS=1           locks of files (flock, and fcntl's) are given and hold nothing, as those of another machine where they are local
// SWEEP_FAULT_INSTEAD=FILE:OTHER,… who opens FILE, by exactly this name, gets OTHER: what the kernel tells of itself in /proc
// SWEEP_FAULT_FILE_SYSTEM=NUMBER   statfs and fstatfs report this f_type, for any file: 0x6969 is NFS
// SWEEP_FAULT_CLOCK=AFTER:BY,…     from AFTER seconds after the process started on the real-time clock is BY seconds (either sign) off; of several
//                                  the last whose time has come counts. The monotonic clock, and what the kernel writes (file times), stay right.
// Seconds may have fractions. A whole number that cannot be read counts as not set.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/// What our function of that name hides, and the place to remember it in.
#define REAL(name) ((__typeof__(&name))next(&real_##name, #name))
#define HIDES(name) static _Atomic(void *) real_##name;
static void *next(_Atomic(void *) * place, const char *name) {
  void *found = atomic_load(place);
  if (!found) atomic_store(place, found = dlsym(RTLD_NEXT, name));
  return found;
}

/// How many calls of a kind work, negative where there are no faults of the kind, and how many were made.
typedef struct { long first; atomic_long made; } kind;

static kind writes = {.first = -1}, syncs = {.first = -1}, reads = {.first = -1};
static const char *files;
static int failure = EIO;
static double until = -1;
static long file_system = -1;
static bool no_shared_memory, no_locks;
static struct { const char *file, *other; } instead[16];
static int instead_count;
static struct { double after, by; } jumps[16];
static int jump_count;
static struct timespec started;
/// Set when all of the above is; calls made earlier go through.
static atomic_bool ready;

HIDES(clock_gettime)
static double elapsed(void) {
  struct timespec now;
  REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - started.tv_sec) + (double)(now.tv_nsec - started.tv_nsec) / 1e9;
}

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  char *end;
  long value = text ? strtol(text, &end, 0) : otherwise;
  return text && (end == text || *end) ? otherwise : value;
}

__attribute__((constructor)) static void begin(void) {
  REAL(clock_gettime)(CLOCK_MONOTONIC, &started);
  files = getenv("SWEEP_FAULT_FILES");
  writes.first = number("SWEEP_FAULT_WRITES", -1);
  syncs.first = number("SWEEP_FAULT_SYNCS", -1);
  reads.first = number("SWEEP_FAULT_READS", -1);
  no_shared_memory = number("SWEEP_FAULT_SHARED_MEMORY", 0) == 1;
  file_system = number("SWEEP_FAULT_FILE_SYSTEM", -1);
  no_locks = number("SWEEP_FAULT_NO_LOCKS", 0) == 1;
  const char *text;
  char *names = (text = getenv("SWEEP_FAULT_INSTEAD")) ? strdup(text) : NULL;  // kept to the end
  for (char *pair; (pair = strsep(&names, ",")) && instead_count < 16; instead_count++) {
    instead[instead_count].file = strsep(&pair, ":");
    instead[instead_count].other = pair ? pair : "";
  }
  if ((text = getenv("SWEEP_FAULT_UNTIL"))) until = strtod(text, NULL);
  failure = (int)number("SWEEP_FAULT_ERRNO", EIO);
  if ((text = getenv("SWEEP_FAULT_ERRNO")))
    failure = !strcmp(text, "ENOSPC") ? ENOSPC : !strcmp(text, "EDQUOT") ? EDQUOT : !strcmp(text, "EROFS") ? EROFS : failure;
  for (text = getenv("SWEEP_FAULT_CLOCK"); text && jump_count < 16; jump_count++) {
    char *end;
    jumps[jump_count].after = strtod(text, &end);
    if (*end != ':') break;
    jumps[jump_count].by = strtod(end + 1, &end);
    text = *end == ',' ? end + 1 : NULL;
  }
  atomic_store(&ready, true);
}

static bool still(void) { return until < 0 || elapsed() < until; }

/// The path of a descriptor; changes no errno.
static void path_of(int file, char path[PATH_MAX]) {
  int before = errno;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
  errno = before;
}

/// Whether a call of this kind has to fail; counts it.
static bool fails(kind *calls, int file) {
  if (!atomic_load(&ready) || !files || calls->first < 0) return false;
  char path[PATH_MAX];
  path_of(file, path);
  return strstr(path, files) && atomic_fetch_add(&calls->made, 1) >= calls->first && still();
}

#define FILE_CALL(kind, result, name, parameters, ...) \
  HIDES(name) result name parameters { return fails(&kind, file) ? (errno = failure, -1) : REAL(name)(__VA_ARGS__); }
// These return the number of the error.
#define ALLOCATION(name, offset) \
  HIDES(name) int name(int file, offset from, offset length) { return fails(&writes, file) ? failure : REAL(name)(file, from, length); }

FILE_CALL(writes, ssize_t, write, (int file, const void *bytes, size_t count), file, bytes, count)
FILE_CALL(writes, ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), file, bytes, count, at)
FILE_CALL(writes, ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), file, bytes, count, at)
FILE_CALL(writes, int, ftruncate, (int file, off_t length), file, length)
FILE_CALL(writes, int, ftruncate64, (int file, off64_t length), file, length)
FILE_CALL(writes, int, fallocate, (int file, int mode, off_t from, off_t length), file, mode, from, length)
FILE_CALL(writes, int, fallocate64, (int file, int mode, off64_t from, off64_t length), file, mode, from, length)
ALLOCATION(posix_fallocate, off_t)
ALLOCATION(posix_fallocate64, off64_t)
FILE_CALL(syncs, int, fsync, (int file), file)
FILE_CALL(syncs, int, fdatasync, (int file), file)
FILE_CALL(reads, ssize_t, read, (int file, void *bytes, size_t count), file, bytes, count)
FILE_CALL(reads, ssize_t, pread, (int file, void *bytes, size_t count, off_t at), file, bytes, count, at)
FILE_CALL(reads, ssize_t, pread64, (int file, void *bytes, size_t count, off64_t at), file, bytes, count, at)

static bool refuses(int flags, int file) {
  if (!atomic_load(&ready) || !no_shared_memory || !(flags & MAP_SHARED) || flags & MAP_ANONYMOUS) return false;
  char path[PATH_MAX];
  path_of(file, path);
  const char *dash = strrchr(path, '-');
  return dash && !strcmp(dash, "-shm") && still();
}
#define MAP_CALL(name, offset) \
  HIDES(name) void *name(void *address, size_t length, int protection, int flags, int file, offset from) { \
    return refuses(flags, file) ? (errno = ENODEV, MAP_FAILED) : REAL(name)(address, length, protection, flags, file, from); \
  }
MAP_CALL(mmap, off_t)
MAP_CALL(mmap64, off64_t)

/// The name of the file that is opened for one of that name.
static const char *meant(const char *path) {
  for (int i = 0; atomic_load(&ready) && i < instead_count; i++)
    if (!strcmp(path, instead[i].file)) return instead[i].other;
  return path;
}
// A mode follows the flags where a file may be made.
#define OPEN_CALL(name) \
  HIDES(name) int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return REAL(name)(meant(path), flags, mode); \
  }
OPEN_CALL(open)
OPEN_CALL(open64)

HIDES(flock) int flock(int file, int operation) { return atomic_load(&ready) && no_locks ? 0 : REAL(flock)(file, operation); }
// Whatever follows the command is no larger than a pointer.
#define CONTROL_CALL(name) \
  HIDES(name) int name(int file, int command, ...) { \
    va_list rest; \
    va_start(rest, command); \
    void *argument = va_arg(rest, void *); \
    va_end(rest); \
    bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
    if (atomic_load(&ready) && no_locks && locks) return 0; \
    if (atomic_load(&ready) && no_locks && command == F_GETLK) return ((struct flock *)argument)->l_type = F_UNLCK, 0; \
    return REAL(name)(file, command, argument); \
  }
CONTROL_CALL(fcntl)
CONTROL_CALL(fcntl64)

#define FILE_SYSTEM_CALL(name, what, structure) \
  HIDES(name) int name(what, struct structure *result) { \
    int code = REAL(name)(subject, result); \
    if (!code && file_system >= 0) result->f_type = (__typeof__(result->f_type))file_system; \
    return code; \
  }
FILE_SYSTEM_CALL(statfs, const char *subject, statfs)
FILE_SYSTEM_CALL(statfs64, const char *subject, statfs64)
FILE_SYSTEM_CALL(fstatfs, int subject, statfs)
FILE_SYSTEM_CALL(fstatfs64, int subject, statfs64)

/// How far off the clock is now, in nanoseconds.
static long long shift(void) {
  if (!atomic_load(&ready) || !jump_count) return 0;
  double now = elapsed(), by = 0;
  for (int i = 0; i < jump_count; i++)
    if (now >= jumps[i].after) by = jumps[i].by;
  return (long long)(by * 1e9);
}

int clock_gettime(clockid_t clock, struct timespec *result) {
  int code = REAL(clock_gettime)(clock, result);
  if (code || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return code;
  // Floored, so that no part is negative.
  long long all = result->tv_nsec + shift(), seconds = all / 1000000000 - (all % 1000000000 < 0);
  *result = (struct timespec){.tv_sec = result->tv_sec + seconds, .tv_nsec = all - seconds * 1000000000};
  return 0;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
  (void)zone;  // obsolete: the C library leaves it empty as well
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *result = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return result ? *result = now.tv_sec : now.tv_sec;
}
