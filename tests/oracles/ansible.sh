#!/bin/sh
# Makes sure that Ansible's own tools are here as an oracle, and prints the folder they are in.
# Idempotent and quiet: a second call only prints. Fails with the cause on standard error.
set -eu

version=2.19.3
here=$(cd "$(dirname "$0")/../.." && pwd)
home=$here/target/oracles/ansible-$version
bin=$home/bin

if [ ! -x "$bin/.complete" ]; then
    mkdir -p "$here/target/oracles"
    # Two tests may come here at once; the second waits for the first.
    exec 9>"$here/target/oracles/ansible.lock"
    flock 9
    if [ ! -x "$bin/.complete" ]; then
        rm -rf "$home"
        python3 -m venv "$home" >&2
        "$bin/pip" install --quiet --disable-pip-version-check "ansible-core==$version" >&2
        "$bin/ansible-inventory" --version >/dev/null
        printf '#!/bin/sh\n' >"$bin/.complete"
        chmod +x "$bin/.complete"
    fi
fi
echo "$bin"
