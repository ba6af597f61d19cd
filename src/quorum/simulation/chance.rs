//! The system's chance, made repeatable: `std` seeds its hash maps with it, and tokio's `select!` takes its
//! branches by those.

use mesoform_checks::Dice;
use std::cell::RefCell;

thread_local! {
    static DICE: RefCell<Option<Dice>> = const { RefCell::new(None) };
}

/// From here on this thread gets its chance from these dice.
pub fn load(dice: Dice) {
    DICE.set(Some(dice));
}

/// Stands in the place of libc's function in the test binary.
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    let loaded = DICE.try_with(|dice| match dice.try_borrow_mut() {
        Ok(mut dice) => dice.as_mut().map(|dice| {
            for at in 0..length {
                // SAFETY: the caller gave room for `length` bytes.
                unsafe { buffer.add(at).write(dice.number() as u8) };
            }
            length as isize
        }),
        Err(_) => None,
    });
    match loaded {
        Ok(Some(written)) => written,
        // SAFETY: the caller's promise is the system's.
        _ => unsafe {
            nix::libc::syscall(nix::libc::SYS_getrandom, buffer, length, flags) as isize
        },
    }
}
