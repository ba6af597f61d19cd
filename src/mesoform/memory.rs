//! Copying and comparing memory in the static binary.
//!
//! musl does both by the byte where others take sixteen at once: a copy to a place that begins behind its
//! source (every insertion into a page of a tree) by `std; rep movsb`, and a comparison by a loop in C.
//! Together that was a sixth of what a write cost the quorum. These take the places of musl's.
//!
//! In assembly, since a compiler may make of a loop that copies a call of what it stands in.

use core::arch::global_asm;

global_asm!(
    ".pushsection .text.mesoform_memory, \"ax\", @progbits",
    ".globl mesoform_memmove",
    ".hidden mesoform_memmove",
    ".type mesoform_memmove, @function",
    ".p2align 4",
    "mesoform_memmove:",
    "    mov rax, rdi",
    "    cmp rdx, 16",
    "    jb 20f",
    "    cmp rdx, 32",
    "    ja 30f",
    // 16 to 32: both ends, which may overlap.
    "    movups xmm0, [rsi]",
    "    movups xmm1, [rsi + rdx - 16]",
    "    movups [rdi], xmm0",
    "    movups [rdi + rdx - 16], xmm1",
    "    ret",
    "20: cmp edx, 8",
    "    jb 21f",
    "    mov rcx, [rsi]",
    "    mov r8, [rsi + rdx - 8]",
    "    mov [rdi], rcx",
    "    mov [rdi + rdx - 8], r8",
    "    ret",
    "21: cmp edx, 4",
    "    jb 22f",
    "    mov ecx, [rsi]",
    "    mov r8d, [rsi + rdx - 4]",
    "    mov [rdi], ecx",
    "    mov [rdi + rdx - 4], r8d",
    "    ret",
    // At most three: the first, the middle and the last.
    "22: test edx, edx",
    "    jz 23f",
    "    mov r9, rdx",
    "    shr r9, 1",
    "    movzx ecx, byte ptr [rsi]",
    "    movzx r10d, byte ptr [rsi + r9]",
    "    movzx r8d, byte ptr [rsi + rdx - 1]",
    "    mov [rdi], cl",
    "    mov [rdi + r9], r10b",
    "    mov [rdi + rdx - 1], r8b",
    "23: ret",
    "30: cmp rdx, 64",
    "    ja 40f",
    "    movups xmm0, [rsi]",
    "    movups xmm1, [rsi + 16]",
    "    movups xmm2, [rsi + rdx - 32]",
    "    movups xmm3, [rsi + rdx - 16]",
    "    movups [rdi], xmm0",
    "    movups [rdi + 16], xmm1",
    "    movups [rdi + rdx - 32], xmm2",
    "    movups [rdi + rdx - 16], xmm3",
    "    ret",
    // More: where the target begins within the source, from the end.
    "40: mov rcx, rdi",
    "    sub rcx, rsi",
    "    cmp rcx, rdx",
    "    jb 60f",
    // The end is read first: what is written on the way may be its source.
    "    movups xmm4, [rsi + rdx - 64]",
    "    movups xmm5, [rsi + rdx - 48]",
    "    movups xmm6, [rsi + rdx - 32]",
    "    movups xmm7, [rsi + rdx - 16]",
    "    lea r8, [rdi + rdx - 64]",
    ".p2align 4",
    "50: movups xmm0, [rsi]",
    "    movups xmm1, [rsi + 16]",
    "    movups xmm2, [rsi + 32]",
    "    movups xmm3, [rsi + 48]",
    "    movups [rdi], xmm0",
    "    movups [rdi + 16], xmm1",
    "    movups [rdi + 32], xmm2",
    "    movups [rdi + 48], xmm3",
    "    add rsi, 64",
    "    add rdi, 64",
    "    cmp rdi, r8",
    "    jb 50b",
    "    movups [r8], xmm4",
    "    movups [r8 + 16], xmm5",
    "    movups [r8 + 32], xmm6",
    "    movups [r8 + 48], xmm7",
    "    ret",
    // The beginning is read first.
    "60: movups xmm4, [rsi]",
    "    movups xmm5, [rsi + 16]",
    "    movups xmm6, [rsi + 32]",
    "    movups xmm7, [rsi + 48]",
    "    lea r8, [rdi + 64]",
    "    lea r9, [rdi + rdx]",
    "    lea r10, [rsi + rdx]",
    ".p2align 4",
    "61: movups xmm0, [r10 - 16]",
    "    movups xmm1, [r10 - 32]",
    "    movups xmm2, [r10 - 48]",
    "    movups xmm3, [r10 - 64]",
    "    movups [r9 - 16], xmm0",
    "    movups [r9 - 32], xmm1",
    "    movups [r9 - 48], xmm2",
    "    movups [r9 - 64], xmm3",
    "    sub r10, 64",
    "    sub r9, 64",
    "    cmp r9, r8",
    "    ja 61b",
    "    movups [rdi], xmm4",
    "    movups [rdi + 16], xmm5",
    "    movups [rdi + 32], xmm6",
    "    movups [rdi + 48], xmm7",
    "    ret",
    ".size mesoform_memmove, . - mesoform_memmove",
    ".globl mesoform_memcmp",
    ".hidden mesoform_memcmp",
    ".type mesoform_memcmp, @function",
    ".p2align 4",
    "mesoform_memcmp:",
    "    cmp rdx, 8",
    "    jb 72f",
    "70: mov rax, [rdi]",
    "    mov rcx, [rsi]",
    "    cmp rax, rcx",
    "    jne 71f",
    "    add rdi, 8",
    "    add rsi, 8",
    "    sub rdx, 8",
    "    cmp rdx, 8",
    "    jae 70b",
    "    jmp 72f",
    // The first byte that differs decides.
    "71: bswap rax",
    "    bswap rcx",
    "    cmp rax, rcx",
    "    sbb eax, eax",
    "    or eax, 1",
    "    ret",
    "72: test rdx, rdx",
    "    jz 74f",
    "73: movzx eax, byte ptr [rdi]",
    "    movzx ecx, byte ptr [rsi]",
    "    sub eax, ecx",
    "    jne 75f",
    "    inc rdi",
    "    inc rsi",
    "    dec rdx",
    "    jnz 73b",
    "74: xor eax, eax",
    "75: ret",
    ".size mesoform_memcmp, . - mesoform_memcmp",
    ".popsection",
);

#[cfg(target_env = "musl")]
global_asm!(
    ".globl memcpy",
    ".set memcpy, mesoform_memmove",
    ".globl memmove",
    ".set memmove, mesoform_memmove",
    ".globl memcmp",
    ".set memcmp, mesoform_memcmp",
);

#[cfg(test)]
mod tests {
    use std::ffi::c_int;

    unsafe extern "C" {
        fn mesoform_memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8;
        fn mesoform_memcmp(one: *const u8, other: *const u8, bytes: usize) -> c_int;
    }

    fn lengths() -> impl Iterator<Item = usize> {
        (0..=300).chain([511, 512, 513, 1_000, 4_095, 4_096, 4_097, 10_000])
    }

    fn pattern(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| (at * 7 + at / 256) as u8).collect()
    }

    #[test]
    fn whatever_overlaps_is_moved_whole_and_nothing_else() {
        for bytes in lengths() {
            for distance in [0, 1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 300, 5_000] {
                for (from, to) in [(3, 3 + distance), (3 + distance, 3)] {
                    let mut moved = pattern(bytes + distance + 10);
                    let mut expected = moved.clone();
                    expected.copy_within(from..from + bytes, to);
                    // SAFETY: both places are within the vector.
                    let end = unsafe {
                        let start = moved.as_mut_ptr();
                        mesoform_memmove(start.add(to), start.add(from), bytes) == start.add(to)
                    };
                    assert!(end && moved == expected, "{bytes} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn the_first_difference_decides() {
        let compare = |one: &[u8], other: &[u8]| {
            // SAFETY: both are so long.
            unsafe { mesoform_memcmp(one.as_ptr(), other.as_ptr(), one.len().min(other.len())) }
        };
        for bytes in lengths() {
            let one = pattern(bytes);
            assert_eq!(compare(&one, &one.clone()), 0);
            for at in (0..bytes).step_by(1 + bytes / 40) {
                for byte in [0, 1, 127, 128, 255] {
                    let mut other = one.clone();
                    other[at] = byte;
                    // What comes after it does not count.
                    other[at + 1..].fill(!byte);
                    let found = compare(&one, &other).signum();
                    assert_eq!(found, one.cmp(&other) as c_int, "{bytes} bytes, {byte} at {at}");
                }
            }
        }
    }
}
