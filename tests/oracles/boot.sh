#!/bin/sh
# Makes sure that what judges documents that machines boot from is here: Debian's cloud-init and Ignition,
# unpacked and not installed, since an installed cloud-init would take part in this machine's next boot.
# Prints the folder they are in. Idempotent and quiet: a second call only prints.
#
#   bin/cloud-init schema -c FILE     bin/ignition-validate FILE     bin/ignition (the engine)
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
recipe=$(sha256sum <"$0" | cut -c1-16)
home=$here/target/oracles/boot-$recipe

# cloud-init, and the Python that it imports.
packages="cloud-init ignition python3-attr python3-blinker python3-certifi python3-chardet
    python3-charset-normalizer python3-configobj python3-idna python3-importlib-metadata python3-jinja2
    python3-json-pointer python3-jsonpatch python3-jsonschema python3-jwt python3-markupsafe
    python3-more-itertools python3-netifaces python3-oauthlib python3-pkg-resources python3-pyrsistent
    python3-requests python3-serial python3-six python3-urllib3 python3-yaml python3-zipp"

fetch() {
    # Word by word; where the lists of packages miss or are old, they are fetched first.
    # shellcheck disable=SC2086
    apt-get download -qq $packages >/dev/null 2>&1 || { apt-get update -qq && apt-get download -qq $packages; }
}

make() {
    rm -rf "$home"
    mkdir -p "$home/debs" "$home/root" "$home/bin"
    (cd "$home/debs" && fetch) >&2
    for deb in "$home"/debs/*.deb; do
        dpkg-deb -x "$deb" "$home/root"
    done
    rm -rf "$home/debs"
    cat >"$home/bin/cloud-init" <<'EOF'
#!/bin/sh
root=$(cd "$(dirname "$0")/../root" && pwd)
python=/usr/bin/python3
[ -x "$python" ] || python=python3
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/usr/lib/python3/dist-packages exec "$python" -m cloudinit.cmd.main "$@"
EOF
    chmod 0755 "$home/bin/cloud-init"
    ln -s ../root/usr/bin/ignition-validate "$home/bin/ignition-validate"
    ln -s ../root/usr/lib/dracut/modules.d/30ignition/ignition "$home/bin/ignition"
    printf '#cloud-config\nhostname: h\n' >"$home/try.yaml"
    "$home/bin/cloud-init" schema -c "$home/try.yaml" >/dev/null
    "$home/bin/ignition-validate" -version >/dev/null 2>&1 || "$home/bin/ignition-validate" --version >/dev/null
    : >"$home/.complete"
}

if [ ! -e "$home/.complete" ]; then
    mkdir -p "$here/target/oracles"
    # Two tests may come here at once; the second waits for the first.
    exec 9>"$here/target/oracles/boot.lock"
    flock 9
    [ -e "$home/.complete" ] || make
fi
echo "$home"
