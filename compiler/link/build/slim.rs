//! Takes out of a static archive what no linked module needs: debug sections, the names of local
//! symbols, and the printer of backtraces.
//!
//! The printer is what the standard library's default panic hook calls. The runtime has a hook of
//! its own, but the default one stays reachable, and its reader of debug information was a third
//! of each module. The one function that leads there is emptied; the linker then drops the rest.
//!
//! Only the ELF64 little-endian form is rewritten; other members (Mach-O, COFF) pass unchanged.
//! Section and symbol numbers stay as they are, so relocations need no rewriting.

/// The name that local symbols get. Linkers leave local `.L` names out of what they write.
const LOCAL: &[u8] = b".L";

/// Slims each member of a GNU `ar` archive and rebuilds its symbol index.
pub fn slim_archive(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    const MAGIC: &[u8] = b"!<arch>\n";
    const HEADER: usize = 60;
    let mut rest = bytes.strip_prefix(MAGIC).ok_or("no ar magic")?;
    let mut members = Vec::new();
    while rest.len() >= HEADER {
        let at = bytes.len() - rest.len();
        let (header, tail) = rest.split_at(HEADER);
        let size = std::str::from_utf8(&header[48..58])
            .ok()
            .and_then(|text| text.trim_end().parse::<usize>().ok())
            .ok_or("a member without a size")?;
        let data = tail.get(..size).ok_or("a truncated member")?;
        members.push((at, header, data));
        rest = tail.get(size + size % 2..).unwrap_or(&[]);
    }

    let is_index = |header: &[u8]| header.starts_with(b"/               ");
    let slimmed: Vec<Vec<u8>> = members
        .iter()
        .map(|(_, _, data)| {
            if data.starts_with(b"\x7fELF\x02\x01") {
                slim_object(data)
            } else {
                Ok(data.to_vec())
            }
        })
        .collect::<Result<_, _>>()?;

    // The index keeps its length, so the new offsets are known before it is rewritten.
    let mut offsets = Vec::with_capacity(members.len());
    let mut at = MAGIC.len();
    for ((old, _, _), data) in members.iter().zip(&slimmed) {
        offsets.push((*old as u32, at as u32));
        at += HEADER + data.len() + data.len() % 2;
    }

    let mut out = MAGIC.to_vec();
    for ((_, header, _), mut data) in members.iter().zip(slimmed) {
        if is_index(header) {
            let count = be32(&data, 0)? as usize;
            for entry in 0..count {
                let place = 4 + entry * 4;
                let old = be32(&data, place)?;
                let new = offsets
                    .iter()
                    .find(|(from, _)| *from == old)
                    .ok_or("an index entry that names no member")?;
                data[place..place + 4].copy_from_slice(&new.1.to_be_bytes());
            }
        }
        out.extend_from_slice(&header[..48]);
        out.extend_from_slice(format!("{:<10}", data.len()).as_bytes());
        out.extend_from_slice(&header[58..]);
        out.extend_from_slice(&data);
        if data.len() % 2 == 1 {
            out.push(b'\n');
        }
    }
    Ok(out)
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, &'static str> {
    let field = bytes.get(at..at + 4).ok_or("a truncated index")?;
    Ok(u32::from_be_bytes(
        field.try_into().map_err(|_| "a truncated index")?,
    ))
}

/// One section header, with the fields that the rewriting needs.
struct Section {
    header: [u8; 64],
    data: Vec<u8>,
}

const SHT_SYMTAB: u32 = 2;
const SHT_RELA: u32 = 4;
const SHT_NOBITS: u32 = 8;

impl Section {
    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.header[at..at + 4].try_into().expect("four bytes"))
    }
    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.header[at..at + 8].try_into().expect("eight bytes"))
    }
    fn set_u32(&mut self, at: usize, value: u32) {
        self.header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    fn set_u64(&mut self, at: usize, value: u64) {
        self.header[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    fn kind(&self) -> u32 {
        self.u32(4)
    }
    fn link(&self) -> usize {
        self.u32(40) as usize
    }
    /// Of relocations: the section that they are for.
    fn info(&self) -> usize {
        self.u32(44) as usize
    }
}

fn slim_object(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    if bytes.len() < 64 || u16_at(16) != 1 {
        return Ok(bytes.to_vec()); // not relocatable
    }
    let table = u64::from_le_bytes(bytes[40..48].try_into().expect("eight bytes")) as usize;
    let header_at = |index: usize| -> Result<[u8; 64], &'static str> {
        let from = table + index * 64;
        let field = bytes
            .get(from..from + 64)
            .ok_or("a truncated section table")?;
        field.try_into().map_err(|_| "a truncated section table")
    };
    // With 65280 sections and more, the counts are in the header of section 0.
    let zero = Section {
        header: header_at(0)?,
        data: Vec::new(),
    };
    let count = match u16_at(60) {
        0 => zero.u64(32) as usize,
        count => usize::from(count),
    };
    let names_at = match u16_at(62) {
        0xffff => zero.link(),
        index => usize::from(index),
    };

    let mut sections = Vec::with_capacity(count);
    for index in 0..count {
        let header = header_at(index)?;
        let mut section = Section {
            header,
            data: Vec::new(),
        };
        if index != 0 && section.kind() != SHT_NOBITS {
            let from = section.u64(24) as usize;
            let data = bytes.get(from..from + section.u64(32) as usize);
            section.data = data.ok_or("a truncated section")?.to_vec();
        }
        sections.push(section);
    }

    // Drop the contents of debug sections; the empty sections stay, to keep the numbering.
    let old_names = sections
        .get(names_at)
        .ok_or("no section names")?
        .data
        .clone();
    let section_names: Vec<Vec<u8>> = sections
        .iter()
        .map(|section| text_at(&old_names, section.u32(0)))
        .collect();
    for (section, name) in sections.iter_mut().zip(&section_names) {
        let name = name.strip_prefix(b".rela").unwrap_or(name);
        if name.starts_with(b".debug_") || name == b".comment" {
            section.data.clear();
        }
    }

    if let Some(code) = return_zero(u16_at(18)) {
        for index in 0..sections.len() {
            if is_backtrace_printer(&section_names[index])
                && sections[index].data.len() >= code.len()
            {
                // As long as before: its unwind entry says how long it is.
                sections[index].data[..code.len()].copy_from_slice(code);
                for section in &mut sections {
                    if section.kind() == SHT_RELA && section.info() == index {
                        section.data.clear();
                    }
                }
            }
        }
    }

    let mut names = Names::default();
    for (section, name) in sections.iter_mut().zip(&section_names) {
        let at = names.add(name);
        section.set_u32(0, at);
    }
    let symtab = sections
        .iter()
        .position(|section| section.kind() == SHT_SYMTAB);
    if let Some(symtab) = symtab {
        let strings_at = sections[symtab].link();
        let strings = sections
            .get(strings_at)
            .ok_or("no symbol names")?
            .data
            .clone();
        for entry in sections[symtab].data.chunks_exact_mut(24) {
            let name = u32::from_le_bytes(entry[..4].try_into().expect("four bytes"));
            if name == 0 {
                continue;
            }
            let local = entry[4] >> 4 == 0;
            let at = if local {
                names.add(LOCAL)
            } else {
                names.add(&text_at(&strings, name))
            };
            entry[..4].copy_from_slice(&at.to_le_bytes());
        }
        sections[strings_at].data.clone_from(&names.bytes);
    }
    sections[names_at].data = names.bytes;

    let mut out = bytes[..64].to_vec();
    for section in &mut sections[1..] {
        let align = section.u64(48).max(1) as usize;
        out.resize(out.len().next_multiple_of(align), 0);
        section.set_u64(24, out.len() as u64);
        if section.kind() != SHT_NOBITS {
            section.set_u64(32, section.data.len() as u64);
            out.extend_from_slice(&section.data);
        }
    }
    out.resize(out.len().next_multiple_of(8), 0);
    let table = out.len() as u64;
    out[40..48].copy_from_slice(&table.to_le_bytes());
    for section in &sections {
        out.extend_from_slice(&section.header);
    }
    Ok(out)
}

/// `<std::sys::backtrace::BacktraceLock::print::DisplayBacktrace as fmt::Display>::fmt`. Where a
/// standard library calls it otherwise, modules are larger, and nothing else.
fn is_backtrace_printer(section: &[u8]) -> bool {
    let name = String::from_utf8_lossy(section);
    name.starts_with(".text.")
        && name.contains("16DisplayBacktrace")
        && name.contains("7Display3fmt")
}

/// The code of a function that returns `Ok(())` of a `fmt::Result`, for an ELF machine.
fn return_zero(machine: u16) -> Option<&'static [u8]> {
    match machine {
        62 => Some(&[0x31, 0xc0, 0xc3]), // xor eax, eax; ret
        183 => Some(&[0x00, 0x00, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6]), // mov w0, #0; ret
        _ => None,
    }
}

fn text_at(strings: &[u8], at: u32) -> Vec<u8> {
    let tail = strings.get(at as usize..).unwrap_or(&[]);
    tail.iter().copied().take_while(|byte| *byte != 0).collect()
}

/// A string table under construction, each string once.
#[derive(Default)]
struct Names {
    bytes: Vec<u8>,
    at: std::collections::HashMap<Vec<u8>, u32>,
}

impl Names {
    fn add(&mut self, name: &[u8]) -> u32 {
        if self.bytes.is_empty() {
            self.bytes.push(0);
        }
        if name.is_empty() {
            return 0;
        }
        if let Some(at) = self.at.get(name) {
            return *at;
        }
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        self.at.insert(name.to_vec(), at);
        at
    }
}
