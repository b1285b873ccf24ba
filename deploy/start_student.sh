#!/usr/bin/env bash
# What a hub runs for each student: the course in a folder of their own, then their server.
# The hub adds arguments for jupyterhub-singleuser. Read from the environment:
#   VADKIT_COURSE   a folder with notebooks/ and docs/, such as a handout; default: the package's
#   VADKIT_HAND_IN  a folder where each student gets one of their own, which no other can read
#   MEM_LIMIT       a student's memory in bytes, as the hub sets it
set -euo pipefail
umask 077
# One thread for each student, who has one core at most; threads that wait sleep.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
cd "$HOME"

# Seconds of work for `vadkit`, so it is asked only where a notebook is missing.
something_is_missing() {
  for notebook in "${VADKIT_COURSE:-/nowhere}"/notebooks/*.ipynb; do
    [ -e "course/notebooks/${notebook##*/}" ] || return 0
  done
  return 1
}
# Whoever has no space left can still log in, and delete something.
if something_is_missing; then
  vadkit course --copy-only ${VADKIT_COURSE:+--from "$VADKIT_COURSE"} ||
    echo "The course could not be copied to $HOME/course." >&2
fi

# `hand_in` writes to a folder of that name beside the notebooks of either language: here it is a
# link.
for folder in ${VADKIT_HAND_IN:+course/notebooks course/notebooks/zh}; do
  [ -d "$folder" ] || continue
  mine=$VADKIT_HAND_IN/$JUPYTERHUB_USER link=$folder/hand_in
  mkdir -p "$mine" && [ -O "$mine" ] && chmod 700 "$mine" &&
    { [ -L "$link" ] || [ ! -e "$link" ]; } && ln -sfn "$mine" "$link" ||
    echo "$PWD/$link does not lead to $mine: what is handed in does not arrive." >&2
done

# A cell that eats memory gets a MemoryError before the system ends the student's whole server: one
# process may have three quarters of what a student has.
[ -z "${MEM_LIMIT:-}" ] || ulimit -d $((MEM_LIMIT * 3 / 4 / 1024)) || true

# A kernel whose notebook is closed goes after 20 idle minutes: memory is what runs out first.
exec jupyterhub-singleuser "$@" \
  --FileContentsManager.pre_save_hook=vadcourse.saving.without_models \
  --MappingKernelManager.cull_idle_timeout=1200 --MappingKernelManager.cull_interval=60
