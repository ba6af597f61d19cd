# Becomes the mesoform binary with a certain hash, after taking it from standard input where need be.
# Arguments: its folder, its sha256, its size, how many gzip bytes are sent, now|ask|never, then
# the binary's own arguments. Says on standard output "mesoform-carry ready", "… missing" or
# "… error KIND WORDS". POSIX sh and coreutils; no single quotes, since it travels in a pair of them.
set -u
umask 022
dir=$1 sum=$2 size=$3 bytes=$4 mode=$5
shift 5
bin=$dir/mesoform
say() { printf "mesoform-carry %s\n" "$*"; }
words() { printf "%s" "$1" | tr "\n\r" "  "; }
fail() { kind=$1; rm -f -- "${tmp:-}" 2>/dev/null; say error "$kind" "$(words "$2")"; exit 75; }
hash() { sha256sum <"$1" 2>/dev/null | cut -c1-64; }
there() { [ -x "$bin" ] && [ "$(wc -c <"$bin")" -eq "$size" ] && [ "$(hash "$bin")" = "$sum" ]; }
full() {
free=$(df -Pk "$dir" 2>/dev/null | tail -n 1 | tr -s " " | cut -d " " -f 4)
fail full "${free:-?} KiB"
}
trouble() {
case $1 in
*"No space left"* | *"quota exceeded"*) full ;;
*"ermission denied"*) fail root "$1" ;;
*) fail place "$1" ;;
esac
}
take() {
words=$(mkdir -p -- "$dir" 2>&1) || trouble "$words"
tmp=$dir/.arriving.$$
words=$({ head -c "$bytes" | gzip -dc >"$tmp"; } 2>&1) || trouble "$words"
got=$(hash "$tmp")
[ "$got" = "$sum" ] || fail hash "$got"
words=$({ chmod 0755 "$tmp" && sync "$tmp"; } 2>&1) || trouble "$words"
# Another may have brought it meanwhile, and runs it: it must not be replaced under his feet.
if ln -- "$tmp" "$bin" 2>/dev/null || there; then
rm -f -- "$tmp"
else
words=$(mv -f -- "$tmp" "$bin" 2>&1) || trouble "$words"
fi
}
if there; then
[ "$mode" = now ] && head -c "$bytes" >/dev/null
else
case $mode in
now) take ;;
ask) say missing; take ;;
*) say missing; exit 75 ;;
esac
fi
say ready
exec "$bin" "$@"
