//! For tests: CPython as the oracle, and numbers to ask it about.

use std::process::{Command, Stdio};

/// Runs `script` with `python3`, with `arguments` as its list `args`, and gives what it printed.
pub fn evaluate(script: &str, arguments: &[String]) -> String {
    use std::io::Write;
    let mut child = Command::new("python3")
        .arg("-c")
        .arg(format!(
            "import sys\nargs = sys.stdin.read().split()\n{script}"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    let text = arguments.join("\n");
    let mut input = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("python3 ends");
    writer.join().expect("no panic").expect("python3 reads");
    assert!(output.status.success(), "python3 failed");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A small generator (splitmix64), so that tests repeat.
pub struct Random(u64);

impl Random {
    /// Starts from `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A double: often one of usual size, sometimes any bits at all.
    pub fn float(&mut self) -> f64 {
        match self.bits() % 6 {
            0 => f64::from_bits(self.bits()),
            1 => (self.bits() as i64 % 2001 - 1000) as f64,
            2 => (self.bits() as i64 % 2_000_001 - 1_000_000) as f64 / 1000.0,
            3 => (self.bits() >> 11) as f64 / (1u64 << 53) as f64,
            4 => ((self.bits() >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 60.0,
            _ => ((self.bits() >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 400.0,
        }
    }

    /// An integer: often small, sometimes any bits at all.
    pub fn int(&mut self) -> i64 {
        let bits = self.bits() % 64;
        (self.bits() as i64) >> bits
    }
}
