//! The command `snekc`: arguments to options, results to exit statuses.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use snek_codegen::Cpu;
use snek_diagnostics::{Code, Diagnostic, SourceMap};
use snek_link::{Linker, TARGETS};
use target_lexicon::Triple;

use crate::build::{Built, build_all};
use crate::input::{self, Inputs};
use crate::messages::{self, Messages};
use crate::options::{Emit, MessageFormat, OptLevel, Options, Report};
use crate::{output, run};

/// The program that holds the compiler.
#[derive(Clone, Debug)]
pub struct Host {
    /// The Python that `snekc run` starts.
    pub python: PathBuf,
    /// The file that the compiler is in; a change of it makes cached builds stale.
    pub compiler: Option<PathBuf>,
}

/// Exit statuses.
const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
/// As a panic of a Rust program.
const INTERNAL: u8 = 101;

const EXAMPLES: &str = "Examples:
  snekc build blur.py               write blur.so beside blur.py
  snekc build --strict -o out pkg/  build every module of a package into out/
  snekc check *.py                  only say what is wrong
  snekc run script.py 10            build into a cache, then run as `python script.py 10`
  snekc build --emit mir blur.py    show what the optimiser made of it

The compiler's words go to stderr. Exit status: 0 done, 1 errors in the program or its files,
2 wrong usage, 101 a bug of snek.";

/// Compiles typed Python to native modules.
#[derive(Debug, Parser)]
#[command(name = "snekc", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build modules: `x.so` beside each `x.py`
    Build(BuildArgs),
    /// Say what is wrong with modules, and build nothing
    Check(CheckArgs),
    /// Build a script into a cache and run it, as `python SCRIPT ARGS` would
    Run(RunArgs),
}

#[derive(Debug, Args)]
struct Common {
    /// Refuse annotated functions that cannot be native
    #[arg(long)]
    strict: bool,
    /// How messages are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    message_format: MessageFormat,
}

#[derive(Debug, Args)]
struct BuildArgs {
    /// Source files and package directories
    #[arg(required = true, value_name = "FILE|PACKAGE_DIR")]
    inputs: Vec<PathBuf>,
    /// Write the modules into DIR
    #[arg(short, long = "output-dir", value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// The full dotted name of the module, if the folder of its one FILE does not say it
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    #[command(flatten)]
    common: Common,
    /// Optimise: 0 or 2
    #[arg(short = 'O', value_name = "LEVEL", default_value = "2", value_parser = opt_level)]
    opt_level: OptLevel,
    /// Show a stage instead of building: ast, hir, mir, mir:after=PASS, clif, asm; or write the object: obj
    #[arg(long, value_name = "STAGE", value_parser = Emit::parse)]
    emit: Option<Emit>,
    /// Use the instructions of these machines: baseline, modern or native
    #[arg(long, value_name = "CPU", default_value = "baseline", value_parser = cpu)]
    cpu: Cpu,
    /// Build for another machine: x86_64-unknown-linux-gnu or aarch64-unknown-linux-gnu
    #[arg(long, value_name = "TRIPLE", value_parser = target)]
    target: Option<Triple>,
    /// Do not report what became of each function
    #[arg(short, long)]
    quiet: bool,
    /// Report more: what was done with each loop, and what stopped the rest
    #[arg(long, value_enum, value_name = "WHAT")]
    report: Option<Report>,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Source files and package directories
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// The script, and what it gets as `sys.argv[1:]`
    // One argument, so that options after the script are the script's.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    #[arg(value_names = ["SCRIPT", "ARGS"])]
    script: Vec<OsString>,
    #[command(flatten)]
    common: Common,
}

impl Command {
    fn common(&self) -> &Common {
        match self {
            Command::Build(arguments) => &arguments.common,
            Command::Check(arguments) => &arguments.common,
            Command::Run(arguments) => &arguments.common,
        }
    }
}

fn opt_level(text: &str) -> Result<OptLevel, String> {
    match text {
        "0" => Ok(OptLevel::None),
        "2" => Ok(OptLevel::Full),
        _ => Err("the levels are 0 and 2".into()),
    }
}

/// Runs `snekc ARGUMENTS` and gives its exit status.
pub fn main(arguments: Vec<OsString>, host: &Host) -> u8 {
    let arguments = std::iter::once("snekc".into()).chain(arguments);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed stdout or stderr is no reason to fail.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => SUCCESS,
                _ => USAGE,
            };
        }
    };
    let messages = Messages::new(cli.command.common().message_format);
    let done = match cli.command {
        Command::Build(arguments) => build(arguments, messages),
        Command::Check(arguments) => check(arguments, messages),
        Command::Run(arguments) => run_script(arguments, host, messages),
    };
    done.unwrap_or_else(|diagnostic| {
        messages::say(&messages.diagnostics(&SourceMap::default(), &[diagnostic]));
        FAILURE
    })
}

/// What the environment chooses.
fn environment() -> Result<Options, Diagnostic> {
    let mut options = Options {
        verify: cfg!(debug_assertions),
        ..Options::default()
    };
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wrong = |name: &str, value: &str, choices: &str| {
        Diagnostic::file_error(
            Code::D004,
            name,
            format!("`{value}` is not one of {choices}"),
        )
        .help(format!("unset `{name}`, or set it to one of {choices}"))
    };
    if let Some(value) = set("SNEK_LINKER") {
        options.linker = Linker::from_name(&value)
            .ok_or_else(|| wrong("SNEK_LINKER", &value, "`auto`, `wild` and `cc`"))?;
    }
    if let Some(value) = set("SNEK_VERIFY") {
        options.verify = value != "0";
    }
    Ok(options)
}

fn cpu(text: &str) -> Result<Cpu, String> {
    Cpu::from_name(text).ok_or_else(|| "expected baseline, modern or native".into())
}

fn target(text: &str) -> Result<Triple, String> {
    let known = TARGETS.contains(&text).then(|| text.parse().ok()).flatten();
    known.ok_or_else(|| format!("the machines are {}", TARGETS.join(" and ")))
}

/// Only the machine itself knows what it has.
fn refuse_native(triple: &Triple) -> Result<(), Diagnostic> {
    if triple.architecture == Triple::host().architecture {
        return Ok(());
    }
    let message = format!("`native` is this machine, and `--target` says {triple}");
    Err(Diagnostic::file_error(Code::D004, "--cpu", message)
        .help("leave out `--cpu native`, or build on the machine itself"))
}

fn build(arguments: BuildArgs, messages: Messages) -> Result<u8, Diagnostic> {
    if let (Cpu::Native, Some(triple)) = (arguments.cpu, &arguments.target) {
        refuse_native(triple)?;
    }
    let options = Options {
        emit: arguments.emit.unwrap_or_default(),
        opt_level: arguments.opt_level,
        strict: arguments.common.strict,
        quiet: arguments.quiet,
        report: arguments.report,
        target: arguments.target,
        cpu: arguments.cpu,
        output_dir: arguments.output_dir,
        ..environment()?
    };
    if let Some(directory) = &options.output_dir {
        output::create_dir(directory)?;
    }
    let mut inputs = input::find_units(&arguments.inputs, options.output_dir.as_deref());
    if let Some(name) = arguments.module {
        inputs.rename(name);
    }
    build_inputs(&inputs, &options, messages)
}

fn check(arguments: CheckArgs, messages: Messages) -> Result<u8, Diagnostic> {
    let options = Options {
        emit: Emit::Check,
        strict: arguments.common.strict,
        ..environment()?
    };
    let inputs = input::find_units(&arguments.inputs, None);
    build_inputs(&inputs, &options, messages)
}

fn build_inputs(inputs: &Inputs, options: &Options, messages: Messages) -> Result<u8, Diagnostic> {
    let status = match inputs.diagnostics.iter().any(Diagnostic::is_error) {
        true => FAILURE,
        false => SUCCESS,
    };
    messages::say(&messages.diagnostics(&SourceMap::default(), &inputs.diagnostics));
    let built = build_all(&inputs.units, options, messages);
    let status = built.iter().map(built_status).fold(status, u8::max);
    let text: String = built.into_iter().map(|built| built.text).collect();
    print(&text).map(|()| status)
}

fn built_status(built: &Built) -> u8 {
    match built {
        Built {
            internal_error: true,
            ..
        } => INTERNAL,
        Built { ok: false, .. } => FAILURE,
        _ => SUCCESS,
    }
}

fn run_script(arguments: RunArgs, host: &Host, messages: Messages) -> Result<u8, Diagnostic> {
    let options = Options {
        strict: arguments.common.strict,
        quiet: true,
        ..environment()?
    };
    let Some((script, script_arguments)) = arguments.script.split_first() else {
        return Ok(USAGE); // cannot be: clap demands one
    };
    let built = run::run(
        Path::new(script),
        script_arguments,
        &options,
        host,
        messages,
    )?;
    messages::say(&built.messages);
    Ok(built_status(&built))
}

/// Prints to stdout. A reader that has gone away (`snekc ... | head`) is no error.
fn print(text: &str) -> Result<(), Diagnostic> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let reason = output::reason(&error);
            Err(Diagnostic::file_error(
                Code::D002,
                "stdout",
                format!("cannot be written: {reason}"),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_after_a_script_are_its_own() {
        let cli = Cli::try_parse_from(["snekc", "run", "--strict", "a.py", "--strict", "-O0", "x"]);
        let Ok(Cli {
            command: Command::Run(run),
        }) = cli
        else {
            panic!("not parsed as run");
        };
        assert!(run.common.strict);
        assert_eq!(run.script, ["a.py", "--strict", "-O0", "x"]);
    }
}
