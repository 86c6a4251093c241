#!/usr/bin/env bash
# Writes docs/faults.md to standard output: each fault as a command with what it prints, from real runs in a folder of its own. `make faults`
# builds what it needs. KILLS (200) and FUZZ_SECONDS (600) say how long the last part takes; SANITIZE=1 runs the sanitizers, too.
set -u
project=$(cd "$(dirname "$0")/../.." && pwd)
bin=$project/.build/release
folder=$(mktemp -d)
trap 'umount -l "$folder/disk" 2> /dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
cp "$bin/libCFaults.so" .
export PATH="$bin:$PATH"
unset SWEEP_DB SWEEP_DATA

# What differs from run to run is left out: the folder, processes, times of day and the seconds that something took.
plain() {
  sed -E -e "s#$folder/?##g" -e 's#/tmp/[A-Za-z0-9._-]*sweep[A-Za-z0-9._-]*#/tmp/…#g' -e 's/process [0-9]+, since [0-9TZ:.-]+/process N, since …/' \
    -e '/^bash: line .* Killed /d' -e 's/ ended now in [0-9.:]+ s?/ ended now in … s/'
}

section() {
  printf '\n## %s\n' "$1"
  shift
  [ $# -eq 0 ] || text "$1"
}
text() { printf '\n%s\n' "$1"; }

# Runs commands as they are shown, and shows what they print and how they end.
show() {
  printf '\n```console\n'
  for command in "$@"; do
    printf '$ %s\n' "$command"
    bash -c "$command" > .shown 2>&1 < /dev/null
    code=$?
    plain < .shown
    [ "$code" -eq 0 ] || printf '[exit code %s]\n' "$code"
  done
  printf '```\n'
}

numbers=$(seq -s ', ' 0 199)
cat > many.yaml << Y
name: many
trainer: test-function
method: grid
metric: {name: value, goal: minimize}
parameters: {x: {values: [$numbers]}, y: {values: [$(seq -s ', ' 0 99)]}}
Y
cat > training.yaml << 'Y'
name: training
method: grid
metric: {name: validation_accuracy, goal: maximize}
parameters:
  eta: {values: [0.001, 0.01, 0.1]}
  batch_size: {values: [5, 10, 50]}
  epochs: {value: 240}
  dataset: {value: synthetic}
  training_images: {value: 60000}
  validation_images: {value: 500}
Y
fresh() { rm -rf results.sqlite* copy.sqlite*; }
quietly() { "$@" > /dev/null 2>&1; }

cat << 'M'
# Faults, and what becomes of a sweep

What is promised is in [ADR 12](adr/0012-what-is-promised-of-the-disk.md). This page shows it: every command below was run, and what it printed is what
stands under it. `make faults` writes the page anew (as root, for the small disk; without, those parts are left out). `many.yaml` plans 20,000
trials of ten epochs that cost nothing; `training.yaml` nine trainings. `libCFaults.so` (Tests/CFaults) makes the C library's calls fail as asked.
M

section "A disk that is full" "One line, exit code 74. What was committed stays; the next run does the rest."
if [ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=7m none disk 2> /dev/null; then
  show 'df --output=fstype,size -h disk' 'sweep run many.yaml -q --db disk/results.sqlite' 'sweep status --db disk/results.sqlite --format csv' \
    'mount -o remount,size=100m disk && sweep run many.yaml -q --db disk/results.sqlite | head -3' \
    "sweep query --db disk/results.sqlite 'SELECT count(*) AS epochs, count(DISTINCT trial_id) AS trials FROM epoch_metric' --format csv" 'sweep check --db disk/results.sqlite'
  umount disk
else
  text "(Left out: no small disk can be mounted here.)"
fi
text "The same in the middle of a commit, by a library that lets the first 900 writes through:"
fresh
show 'LD_PRELOAD=./libCFaults.so SWEEP_FAULT_FILES=results.sqlite SWEEP_FAULT_WRITES=900 SWEEP_FAULT_ERRNO=ENOSPC sweep run many.yaml -q' 'sweep run many.yaml -q | head -3'

section "A limit on the size of files" "The signal that would end the program is not one for it; its programs have it again."
fresh
show '(ulimit -f 1500; sweep run many.yaml -q)' 'sweep run many.yaml -q | head -3'

section "A disk that fails"
fresh
show 'LD_PRELOAD=./libCFaults.so SWEEP_FAULT_FILES=results.sqlite SWEEP_FAULT_WRITES=900 sweep run many.yaml -q'
text "One that takes writes and cannot make them last. Every commit is synced, and that this fails is seen:"
show 'LD_PRELOAD=./libCFaults.so SWEEP_FAULT_FILES=training.sqlite-wal SWEEP_FAULT_SYNCS=12 sweep run training.yaml -q --db training.sqlite' 'sweep resume -q --db training.sqlite | head -3'
text "One that cannot be read is not taken for a damaged file:"
show 'LD_PRELOAD=./libCFaults.so SWEEP_FAULT_FILES=training.sqlite SWEEP_FAULT_READS=4 sweep rank --db training.sqlite' 'sweep check --db training.sqlite --format csv | head -3'

section "Folders that are read-only, or go away"
if [ "$(id -u)" = 0 ]; then
  fresh
  chmod 755 .
  show "setpriv --reuid=65534 --clear-groups $(command -v sweep | sed "s#^$bin/##") run many.yaml -q" 2>&1 | sed "s#$bin/##"
fi
mkdir gone
show 'sweep run training.yaml -q --db gone/results.sqlite & sleep 0.5; rm -r gone; wait $!'

section "Where memory cannot be shared" "The write-ahead log needs memory that all processes see. NFS, SMB, Lustre, GPFS, FUSE and their like are known by name (/proc/self/mountinfo), others by
trying. There the database has a rollback journal: slower, still one writer, still all or nothing. On those that other machines may see, one of them at a
time has it, readers included ([ADR 14](adr/0014-owner-file.md)): who comes second is told which, and 75."
fresh
show 'LD_PRELOAD=./libCFaults.so SWEEP_FAULT_SHARED_MEMORY=1 sweep run many.yaml -q | head -3' 'sqlite3 results.sqlite "PRAGMA journal_mode"' 'sweep check --format csv | head -3'

section "Files that are damaged, or not ours" "Each is told, and not a byte of it changed."
fresh
quietly sweep run training.yaml -q
quietly sweep rank
cp results.sqlite whole.sqlite
show 'printf "\xFF" | dd of=results.sqlite bs=1 seek=36864 conv=notrunc status=none; sha256sum results.sqlite > before; sweep check; sweep rank > /dev/null; sha256sum -c before'
fresh; cp whole.sqlite results.sqlite
show 'truncate -s 30000 results.sqlite; sha256sum results.sqlite > before; sweep rank; sweep run training.yaml -q; sha256sum -c before'
fresh
show 'echo "my notes" > results.sqlite; sweep run training.yaml -q'
rm -f results.sqlite; sqlite3 results.sqlite 'CREATE TABLE bookmarks (url)'
show 'sha256sum results.sqlite > before; sweep run training.yaml -q; sha256sum -c before; ls'
fresh; cp whole.sqlite results.sqlite; sqlite3 results.sqlite "INSERT INTO grdb_migrations VALUES ('9')"
show 'sweep run training.yaml -q'
fresh; cp "$project/Tests/Assets/databases/schema-2.sqlite" results.sqlite
text "A database of an earlier version is copied before it changes:"
show 'sweep resume old -q > /dev/null; ls results.sqlite*'

section "Checking, mending and copying" "A trial that lacks epochs runs again; summaries and objectives are made anew from the epochs; the file as it was stays."
fresh; cp whole.sqlite results.sqlite
show "sqlite3 results.sqlite 'DELETE FROM epoch_metric WHERE trial_id = 2 AND epoch = 77; UPDATE trial SET objective = 2 WHERE id = 3'" 'sweep check' 'sweep check --repair' 'sweep resume training -q | head -3' 'sweep check > /dev/null && echo sound'
fresh
text "A copy of one moment of a sweep that runs, and the sweep gone on with from the copy:"
show 'sweep run training.yaml -q > /dev/null 2>&1 & sleep 0.7; sweep backup copy.sqlite; kill -9 $!; sweep check --db copy.sqlite --format csv; sweep resume -q --db copy.sqlite 2>&1 | tail -1'

section "Two runners"
fresh
show 'sweep run training.yaml -q > /dev/null 2>&1 & sleep 0.5; sweep run training.yaml -q; wait $!'

section "Questions that mean harm" "A query reads this file alone, for a minute (\`--timeout\`) and with 100 MB. Ctrl-C ends it at once."
for sql in "ATTACH 'other.sqlite' AS other" "VACUUM INTO 'copy.sqlite'" "DELETE FROM trial" "SELECT load_extension('evil')" "SELECT 1; DROP TABLE trial" \
  "SELECT json_group_array(hex(zeroblob(1000000))) FROM epoch_metric"; do show "sweep query \"$sql\""; done
show 'sweep query --timeout 2 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"'

section "Files that mean harm"
cat > bomb.yaml << 'Y'
a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
parameters: {p: {values: [*f, *f, *f, *f, *f, *f, *f, *f, *f]}}
Y
{ printf 'program: x.py\nmethod: random\nmetric: {name: loss, goal: minimize}\nparameters:\n'; seq -f '  p%.0f: {value: 1}' 1 2000; } > wide.yaml
printf 'name: "\\e[31mred\\n../../x"\nmethod: grid\nmetric: {name: seconds, goal: minimize}\nprogram: /bin/true\nparameters: {"\\e[2J": {value: 1}}\n' > names.yaml
printf 'method: grid\nmetric: {name: validation_accuracy, goal: maximize}\nparameters: {eta: {values: [1e400, -1, .nan, 0x10]}, epochs: {value: 0}, batch_size: {value: 017}}\n' > numbers.yaml
show 'sweep plan bomb.yaml' 'sweep plan wide.yaml' 'sweep plan names.yaml' 'sweep plan numbers.yaml'

section "Kills, disturbances and inputs at random" "\`make torture\`: kill -9, SIGTERM, SIGSTOP, second runners, readers with long transactions, clocks that jump, at random moments of
trainings, trials that cost nothing, programs and endless searches; then every metric compared with an undisturbed run."
show "sweep-torture kills --kills ${KILLS:-200} --seed 6 2> /dev/null"
text "\`make fuzz\`: sweep files and overrides, data sets and report files, SQL, and databases with flipped bytes, exchanged pages and other headers:"
show "sweep-torture fuzz --seconds ${FUZZ_SECONDS:-600} --seed 6"
text "\`make soak\`: many trials, and the memory that the runner has. The -wal is bounded by its checkpoints."
show "sweep-torture soak --trials 200000"
if [ "${SANITIZE-}" = 1 ]; then
  text "\`make sanitize\`: all tests, and the programs that they start, under the address and the thread sanitizer:"
  (cd "$project" && { .ci/sanitize address; .ci/sanitize thread; } 2>&1 | grep -E "^(address|thread) sanitizer:") | sed '1i ```text' | sed '$a ```'
fi
