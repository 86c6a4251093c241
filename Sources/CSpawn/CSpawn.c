#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int csp_watch_open(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }
int csp_watch_add(int watch, const char *path) { return inotify_add_watch(watch, path, IN_MODIFY); }
void csp_watch_remove(int watch, int file) { inotify_rm_watch(watch, file); }

int csp_watch_next(int watch, int *files, int capacity) {
  // Events of files (not of folders) have no name behind them.
  struct inotify_event events[256];
  int most = capacity < 256 ? capacity : 256;
  ssize_t bytes = read(watch, events, (size_t)most * sizeof *events);
  int count = bytes > 0 ? (int)(bytes / (ssize_t)sizeof *events) : 0;
  for (int i = 0; i < count; i++) files[i] = events[i].wd;
  return count;
}

/// The `count` processors of `all` from number `first` on, starting again after the last.
static void choose(const cpu_set_t *all, int first, int count, cpu_set_t *chosen) {
  int numbers[CPU_SETSIZE];
  int available = 0;
  for (int processor = 0; processor < CPU_SETSIZE; processor++)
    if (CPU_ISSET(processor, all)) numbers[available++] = processor;
  CPU_ZERO(chosen);
  for (int i = 0; i < count && i < available; i++) CPU_SET(numbers[(first + i) % available], chosen);
}

/// Runs in the child, which shares the parent's memory until it executes: only system calls, and no writing but to `*failure` and `*where`.
static void become(const csp_request *r, pid_t parent, const cpu_set_t *processors, volatile int *failure, const char *volatile *where) {
#define STEP(name, call) \
  do { \
    if ((call) < 0) { \
      *where = name; \
      *failure = errno; \
      _exit(127); \
    } \
  } while (0)

  STEP("setpgid", setpgid(0, 0));
  STEP("prctl", prctl(PR_SET_PDEATHSIG, SIGKILL));
  if (getppid() != parent) _exit(127);  // it has died already
  if (r->cgroup >= 0) (void)!write(r->cgroup, "0", 1);
  if (processors) sched_setaffinity(0, sizeof *processors, processors);
  if (r->cpu_seconds > 0) {
    // SIGXCPU at the limit; SIGKILL some seconds later for those who ignore it.
    struct rlimit limit, own;
    STEP("getrlimit", getrlimit(RLIMIT_CPU, &own));
    limit.rlim_cur = r->cpu_seconds < own.rlim_max ? r->cpu_seconds : own.rlim_max;
    limit.rlim_max = r->cpu_seconds + 5 < own.rlim_max ? r->cpu_seconds + 5 : own.rlim_max;
    STEP("setrlimit", setrlimit(RLIMIT_CPU, &limit));
  }
  if (r->descriptors > 0) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      limit.rlim_cur = r->descriptors;
      setrlimit(RLIMIT_NOFILE, &limit);
    }
  }
  if (r->folder) STEP("chdir", chdir(r->folder));
  STEP("dup2", dup2(r->input, 0));
  STEP("dup2", dup2(r->output, 1));
  STEP("dup2", dup2(r->error, 2));
  if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0)  // before Linux 5.9; ours are close-on-exec anyway
    for (int descriptor = 3; descriptor < 256; descriptor++) close(descriptor);
  // What the parent ignores would stay ignored.
  const int ignored[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGXFSZ};
  for (unsigned i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(r->path, r->arguments, r->environment);
  *where = "execve";
  *failure = errno;
  _exit(127);
#undef STEP
}

pid_t csp_spawn(const csp_request *request, const char **where) {
  cpu_set_t all, chosen;
  const cpu_set_t *processors = NULL;
  if (request->processors > 0 && sched_getaffinity(0, sizeof all, &all) == 0) {
    choose(&all, request->first_processor, request->processors, &chosen);
    processors = &chosen;
  }
  volatile int failure = 0;
  const char *volatile step = "vfork";
  sigset_t every, before;
  sigfillset(&every);
  // A handler of the parent must not run in the child, whose memory is the parent's.
  pthread_sigmask(SIG_SETMASK, &every, &before);
  pid_t parent = getpid();
  pid_t process = vfork();
  if (process == 0) become(request, parent, processors, &failure, &step);
  int error = process < 0 ? errno : failure;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (process > 0 && error != 0) waitpid(process, NULL, 0);
  if (error == 0) return process;
  *where = step;
  errno = error;
  return -1;
}

int csp_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int csp_has_ended(pid_t process) {
  siginfo_t info = {0};
  // One that is not ours (any more) will not come back either.
  return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno == ECHILD : info.si_pid == process;
}

int csp_reap(pid_t process, int *status, struct rusage *usage) {
  pid_t ended;
  do ended = wait4(process, status, WNOHANG, usage);
  while (ended < 0 && errno == EINTR);
  return ended == process ? 1 : (int)ended;
}

void csp_adopt_orphans(void) {
  struct sigaction action;
  // A parent that ignores SIGCHLD has its children reaped by the kernel, and never learns how they ended.
  if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

unsigned long csp_raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  unsigned long before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : before;
}
