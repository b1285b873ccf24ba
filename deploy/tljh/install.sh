#!/usr/bin/env bash
# The course on The Littlest JupyterHub: one installation that all students read.
#   sudo deploy/tljh/install.sh
# Run it again after an update of this repository. README.md, beside it, has the steps before and
# after. TORCH_INDEX: PyTorch's index of packages without CUDA, see there, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
tljh=${TLJH_INSTALL_PREFIX:-/opt/tljh}
shared=$tljh/vadkit
python=$tljh/user/bin/python
umask 022 # students read what is installed

if [ ! -x "$python" ] || [ ! -x "$tljh/hub/bin/tljh-config" ]; then
  echo "error: There is no TLJH in $tljh: install it first, see deploy/tljh/README.md." >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "error: Only root may install for everybody: sudo deploy/tljh/install.sh" >&2
  exit 2
fi
"$python" tools/check_python.py

# What OpenCV needs of the system.
if ! ldconfig -p | grep -q libGL.so.1 || ! ldconfig -p | grep -q libglib-2.0.so.0; then
  apt-get update -qq
  xargs apt-get install -y -qq <apt.txt
fi

# PyTorch first, from an index of its own; then the course and what it needs, in tested versions.
"$python" -m pip install -c constraints.txt ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch
"$python" -m pip install -c constraints.txt .
"$python" -c "from vadcourse.launch import copy_settings; copy_settings()"

# The notebooks without solutions and speaker notes, which each student gets a copy of.
"$python" tools/handout.py "$shared/course"

# Everybody may put a folder here, nobody but root can list them.
mkdir -p "$shared/hand_in"
chmod 1733 "$shared/hand_in"
install -m 755 deploy/start_student.sh "$shared/start_student.sh"

mkdir -p "$tljh/config/jupyterhub_config.d"
install -m 644 deploy/tljh/vadkit_hub.py "$tljh/config/jupyterhub_config.d/vadkit_hub.py"
"$tljh/hub/bin/tljh-config" set limits.memory 3G
"$tljh/hub/bin/tljh-config" set limits.cpu 1
"$tljh/hub/bin/tljh-config" set services.cull.timeout 3600
"$tljh/hub/bin/tljh-config" set services.cull.max_age 43200
echo "Installed. Now: sudo tljh-config reload"
