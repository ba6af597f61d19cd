# Carries out commands as root, one after the other, so that sudo is called once. The argument is a
# line that nothing else says. Asked on standard input: "run", a command and its input, or "become"
# and a command, which takes this shell's place; a newline inside of one is told as \037. Answers
# with the command's output, and then with what it wrote to standard error and its exit code. Lines
# that are the argument are passed over: sudo may have asked for them as passwords.
m=$1
plain() { printf %s "$1" 2>/dev/null | tr "\037" "\n"; }
say() { printf "\n%s %s\n" "$m" "$1"; }
say ready
exec 4>&1
while IFS= read -r what; do
[ "$what" != "$m" ] || continue
IFS= read -r command || exit 76
command=$(plain "$command")
if [ "$what" = become ]; then
exec 4>&-
exec sh -c "$command"
fi
IFS= read -r input || exit 76
said=$({
plain "$input" | sh -c "$command" >&4 4>&-
printf "\n%s" "$?"
} 2>&1 | tail -c 65536 | tr "\n" "\037")
say "$said"
done
