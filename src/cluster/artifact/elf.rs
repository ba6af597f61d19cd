use object::read::elf::{ElfFile64, ProgramHeader};

/// The architecture of a static ELF executable: one that asks for no interpreter.
pub(super) fn static_arch(bytes: &[u8]) -> Option<&'static str> {
    let elf = ElfFile64::<object::Endianness>::parse(bytes).ok()?;
    let endian = elf.endian();
    let dynamic = elf
        .elf_program_headers()
        .iter()
        .any(|header| header.p_type(endian) == object::elf::PT_INTERP);
    if dynamic {
        return None;
    }
    match elf.elf_header().e_machine.get(endian) {
        object::elf::EM_X86_64 => Some("x86_64"),
        object::elf::EM_AARCH64 => Some("aarch64"),
        _ => None,
    }
}
