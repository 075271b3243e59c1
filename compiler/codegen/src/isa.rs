//! The machine that code is made for, and how hard to try.

use std::fmt;
use std::sync::Arc;

use cranelift_codegen::isa::{self, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use target_lexicon::{Architecture, Triple};

use crate::CodegenError;

/// Which instructions compiled code may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cpu {
    /// What every machine that one wheel should run on has. On x86-64 that is level 2 (SSE4.2):
    /// older machines are not sold since 2012, and without its rounding instructions `floor` and
    /// `round` are calls. The encodings of newer levels make scalar code no faster (measured on
    /// mandelbrot, collatz, the sieve and fib).
    #[default]
    Baseline,
    /// On x86-64 level 3 (AVX2, FMA), which distributions for newer machines ask for; elsewhere
    /// the baseline.
    Modern,
    /// What this machine has. The result may not run elsewhere.
    Native,
}

impl Cpu {
    /// The choice of this name, as users write it.
    pub fn from_name(name: &str) -> Option<Cpu> {
        match name {
            "baseline" => Some(Cpu::Baseline),
            "modern" => Some(Cpu::Modern),
            "native" => Some(Cpu::Native),
            _ => None,
        }
    }
}

/// How Cranelift optimises. Everything else happens on MIR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Not at all.
    None,
    /// For speed.
    #[default]
    Speed,
}

/// Which functions get a second form, for newer processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecondForms {
    /// Those that gain.
    #[default]
    WhereTheyGain,
    /// All, for tests.
    Everywhere,
}

/// What the driver chooses.
#[derive(Clone, Debug)]
pub struct CodegenOptions {
    /// The machine; `None` is the one that the compiler runs on.
    pub triple: Option<Triple>,
    /// The instructions.
    pub cpu: Cpu,
    /// The effort.
    pub opt_level: OptLevel,
    /// Which functions have two forms.
    pub second_forms: SecondForms,
    /// Whether to write line tables, for debuggers and profilers.
    pub debug_info: bool,
    /// Whether Cranelift checks its input, and what its passes make of it.
    pub verify: bool,
    /// How many threads compile functions; the result does not depend on it.
    pub threads: usize,
}

impl Default for CodegenOptions {
    fn default() -> Self {
        CodegenOptions {
            triple: None,
            cpu: Cpu::default(),
            opt_level: OptLevel::default(),
            second_forms: SecondForms::default(),
            debug_info: true,
            verify: cfg!(debug_assertions),
            threads: std::thread::available_parallelism().map_or(1, |n| n.get().min(4)),
        }
    }
}

/// A target with its settings.
#[derive(Clone)]
pub struct Isa {
    pub(crate) target: Arc<dyn TargetIsa>,
    /// The same for functions that Cranelift's verifier would refuse.
    pub(crate) unverified: Arc<dyn TargetIsa>,
    cpu: Cpu,
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.target.triple(), self.cpu)
    }
}

impl Isa {
    /// The target that `options` ask for.
    pub fn new(options: &CodegenOptions) -> Result<Isa, CodegenError> {
        let host = Triple::host();
        let triple = options.triple.clone().unwrap_or_else(|| host.clone());
        let same_machine = triple.architecture == host.architecture;
        let unsupported = |reason: &dyn fmt::Display| {
            CodegenError::Target(format!("cannot compile for {triple}: {reason}"))
        };
        let mut builder = isa::lookup(triple.clone()).map_err(|error| unsupported(&error))?;
        let mut unverified = isa::lookup(triple.clone()).map_err(|error| unsupported(&error))?;
        if options.cpu == Cpu::Native && same_machine {
            for builder in [&mut builder, &mut unverified] {
                cranelift_native::infer_native_flags(builder).map_err(|e| unsupported(&e))?;
            }
        } else if triple.architecture == Architecture::X86_64 {
            let enable: &[&str] = match options.cpu {
                Cpu::Baseline => &["x86-64-v2"],
                // The preset forgets plain AVX.
                Cpu::Modern | Cpu::Native => &["x86-64-v3", "has_avx"],
            };
            for name in enable {
                for builder in [&mut builder, &mut unverified] {
                    builder.enable(name).map_err(|error| unsupported(&error))?;
                }
            }
        }

        let mut flags = settings::builder();
        let opt_level = match options.opt_level {
            OptLevel::None => "none",
            OptLevel::Speed => "speed",
        };
        for (name, value) in [
            ("opt_level", opt_level),
            ("is_pic", "true"),
            ("regalloc_algorithm", "backtracking"),
            (
                "enable_verifier",
                if options.verify { "true" } else { "false" },
            ),
            ("unwind_info", "true"),
            ("enable_probestack", "true"),
            ("probestack_strategy", "inline"),
            ("log2_min_function_alignment", "5"),
            ("machine_code_cfg_info", "true"),
        ] {
            flags
                .set(name, value)
                .map_err(|error| unsupported(&error))?;
        }
        let target = builder
            .finish(settings::Flags::new(flags.clone()))
            .map_err(|error| unsupported(&error))?;
        flags
            .set("enable_verifier", "false")
            .map_err(|error| unsupported(&error))?;
        let unverified = unverified
            .finish(settings::Flags::new(flags))
            .map_err(|error| unsupported(&error))?;
        Ok(Isa {
            target,
            unverified,
            cpu: options.cpu,
        })
    }

    /// The machine and its system.
    pub fn triple(&self) -> &Triple {
        self.target.triple()
    }

    /// The level that the dynamic loader should ask of an x86-64 machine before it loads code.
    pub fn x86_level(&self) -> Option<&'static str> {
        match (self.target.triple().architecture, self.cpu) {
            (Architecture::X86_64, Cpu::Baseline) => Some("x86-64-v2"),
            (Architecture::X86_64, Cpu::Modern) => Some("x86-64-v3"),
            _ => None,
        }
    }

    /// Whether every such machine multiplies and adds in one instruction.
    pub(crate) fn always_fuses(&self) -> bool {
        matches!(self.target.triple().architecture, Architecture::Aarch64(_))
    }

    pub(crate) fn architecture(&self) -> object::Architecture {
        match self.target.triple().architecture {
            Architecture::Aarch64(_) => object::Architecture::Aarch64,
            _ => object::Architecture::X86_64,
        }
    }
}
