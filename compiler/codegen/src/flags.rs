//! Branches on overflow take one jump: Cranelift has no branch on a flag of the machine, so a checked sum is `add`, `seto`,
//! `test`, `jnz`, of which this makes `add`, `jo`.
//!
//! The code keeps its size and every jump its place: what is left over becomes prefixes of the jump, which mean nothing
//! there and cost nothing. Looks only at stretches that the translation marked ([`crate::marks`]), in which the byte that `seto` writes is of
//! no other use.

/// A prefix without a meaning for jumps near enough to each other. (It once said that the jump is seldom taken.)
const PADDING: u8 = 0x2e;

/// Makes one jump of each test in a stretch of code.
pub fn fuse(code: &mut [u8]) {
    for at in 0..code.len() {
        if let Some(Test {
            begin,
            jump,
            opcode,
        }) = test(code, at)
        {
            code[begin..jump].fill(PADDING);
            code[jump + 1] = opcode;
        }
    }
}

/// `setcc r; test r, r; jnz`.
struct Test {
    /// Where it begins.
    begin: usize,
    /// Where the jump is.
    jump: usize,
    /// The second byte of the opcode of a jump on the flag itself.
    opcode: u8,
}

/// The test whose `setcc`, behind its prefix, is at a place.
fn test(code: &[u8], at: usize) -> Option<Test> {
    let [
        0x0f,
        condition @ (0x90 | 0x92),
        register @ 0xc0..=0xc7,
        rest @ ..,
    ] = &code[at..]
    else {
        return None;
    };
    // Of the sixteen registers, the second four need a prefix by name, and the upper eight one with a bit.
    let (prefix, rest) = match rest {
        [0x40, rest @ ..] => (Some(0x40), rest),
        [0x45, rest @ ..] => (Some(0x41), rest),
        _ => (None, rest),
    };
    let [0x84, registers, 0x0f, jump @ (0x84 | 0x85), _, _, _, _, ..] = rest else {
        return None;
    };
    if is_in_constant(code, at) {
        return None;
    }
    let begin = at.checked_sub(usize::from(prefix.is_some()))?;
    let low = register & 7;
    let is_same = *registers == 0xc0 | low << 3 | low && prefix.is_none_or(|p| code[begin] == p);
    is_same.then(|| Test {
        begin,
        jump: code.len() - rest.len() + 2,
        opcode: condition - 0x10 + u8::from(*jump == 0x84),
    })
}

/// Whether a byte may belong to the constant of `movabs`, the only one that is long enough to look like a test.
fn is_in_constant(code: &[u8], at: usize) -> bool {
    (2..10)
        .filter_map(|back| code[at.checked_sub(back)?..].first_chunk())
        .any(|[rex, opcode]| rex & 0xf8 == 0x48 && opcode & 0xf8 == 0xb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fused(code: &[u8]) -> Vec<u8> {
        let mut code = code.to_vec();
        fuse(&mut code);
        code
    }

    #[test]
    fn tests_of_the_flag_become_jumps() {
        // add rax, rbx; seto al; test al, al; jnz
        let code = [
            0x48, 0x01, 0xd8, 0x0f, 0x90, 0xc0, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4, 0x90,
        ];
        let jump = [
            0x48, 0x01, 0xd8, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x0f, 0x80, 1, 2, 3, 4, 0x90,
        ];
        assert_eq!(fused(&code), jump);
        // add rax, [rbx + 0x41]; seto al; test al, al; jnz: the distance is no prefix.
        let code = [
            0x48, 0x03, 0x43, 0x41, 0x0f, 0x90, 0xc0, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4,
        ];
        let jump = [
            0x48, 0x03, 0x43, 0x41, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x0f, 0x80, 1, 2, 3, 4,
        ];
        assert_eq!(fused(&code), jump);
        // setb r8b; test r8b, r8b; jz
        let code = [
            0x41, 0x0f, 0x92, 0xc0, 0x45, 0x84, 0xc0, 0x0f, 0x84, 1, 2, 3, 4,
        ];
        let jump = [
            0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x0f, 0x83, 1, 2, 3, 4,
        ];
        assert_eq!(fused(&code), jump);
    }

    #[test]
    fn other_code_stays() {
        // Another register is tested; another flag is asked for; what is set is used before.
        for code in [
            &[0x0f, 0x90, 0xc0, 0x84, 0xc9, 0x0f, 0x85, 1, 2, 3, 4][..],
            &[0x0f, 0x94, 0xc0, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4],
            &[
                0x0f, 0x90, 0xc0, 0x88, 0xc2, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4,
            ],
            &[0x0f, 0x90, 0xc0, 0x45, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4],
            &[
                0x40, 0x0f, 0x90, 0xc0, 0x45, 0x84, 0xc0, 0x0f, 0x85, 1, 2, 3, 4,
            ],
            &[0x0f, 0x90, 0xc0, 0x84, 0xc0],
            // movabs rax, 0x00850fc084c0900f
            &[
                0x48, 0xb8, 0x0f, 0x90, 0xc0, 0x84, 0xc0, 0x0f, 0x85, 0, 0x48, 0x01, 0xc3,
            ],
        ] {
            assert_eq!(fused(code), code);
        }
    }
}
