// Starts a program the way posix_spawn does (no copy of the parent's memory, no thread), with what posix_spawn cannot do: a death signal from
// the parent, limits that hold before the first instruction, and the processors it may use. Linux.

#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/resource.h>
#include <sys/types.h>

typedef struct {
  /// The program's path, and what it gets: arguments and environment end with NULL.
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// The working folder, or NULL for the parent's.
  const char *folder;
  /// Descriptors that become 0, 1 and 2. No other stays open.
  int input, output, error;
  /// Seconds of processor time after which the kernel sends SIGXCPU; 0: no limit.
  unsigned long cpu_seconds;
  /// Processors it may use: so many, from this one on, counted among those that the parent may use; 0: all of them.
  int first_processor, processors;
  /// An open cgroup.procs that it enters first, or -1.
  int cgroup;
  /// How many descriptors it may open, less than it then can at most; 0: as many as the parent.
  unsigned long descriptors;
} csp_request;

/// A descriptor that becomes readable when a watched file is written to; -1 with errno.
int csp_watch_open(void);

/// Watches a file: the number by which `csp_watch_next` calls it; -1 with errno.
int csp_watch_add(int watch, const char *path);
void csp_watch_remove(int watch, int file);

/// The files that were written to since the last call, some perhaps twice, without waiting: how many of `files` were filled. -1 among them: so
/// much was written that news was lost, and any may have been.
int csp_watch_next(int watch, int *files, int capacity);

/// Starts the program as the leader of a process group of its own. It gets SIGKILL when the calling thread ends.
/// Returns its process id, or -1 with errno; `*where` then names the step that failed.
pid_t csp_spawn(const csp_request *request, const char **where);

/// A descriptor that is readable once the process has ended; -1 with errno.
int csp_descriptor(pid_t process);

/// Whether the process has ended and waits to be reaped.
int csp_has_ended(pid_t process);

/// Reaps the process where it has ended: 1, and its wait status and use of resources; 0 where it runs; -1 with errno.
int csp_reap(pid_t process, int *status, struct rusage *usage);

/// Makes the calling process the parent of descendants whose own parents have ended, so that none is out of reach, and one that hears of its
/// children's ends.
void csp_adopt_orphans(void);

/// Lets the calling process open as many descriptors as it may; returns how many it could before.
unsigned long csp_raise_descriptors(void);

#endif
