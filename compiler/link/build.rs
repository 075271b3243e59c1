//! Builds `runtime/` as a static archive with a nested cargo, for each machine that modules can be
//! made for, and leaves it, slimmed, in `OUT_DIR` for `src/archive.rs` to embed.
//!
//! The machine of this build always gets one; each other one where this Rust has a standard library
//! for it (`rustup target add`), so that a Rust without it, or without a network, builds all the same.
//!
//! It needs nothing but Rust: the archive is slimmed here, not by `strip` or `objcopy`.
//! The nested cargo has its own target folder, so it never waits for the lock of the outer one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "build/slim.rs"]
mod slim;
#[path = "src/targets.rs"]
mod targets;

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root = manifest.join("../..");
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let target = env::var("TARGET").expect("cargo sets it");

    for path in ["runtime", "stdlib/snek", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/targets.rs");

    // Rustup's list of what is installed: a machine may be added later.
    let rustlib = rustlib();
    let installed = rustlib.join("components");
    if installed.exists() {
        println!("cargo::rerun-if-changed={}", installed.display());
    }

    let mut targets = vec![&*target];
    let others = targets::TARGETS.iter().filter(|other| **other != target);
    targets.extend(others.filter(|other| rustlib.join(other).join("lib").exists()));
    let mut list = String::from("&[\n");
    for target in targets {
        let archive = build_runtime(&root, &out_dir.join("runtime"), target);
        let bytes = std::fs::read(&archive)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", archive.display()));
        let slim = slim::slim_archive(&bytes).unwrap_or_else(|error| {
            panic!(
                "{} is not what rustc usually makes: {error}",
                archive.display()
            )
        });
        let path = out_dir.join(format!("libsnek_runtime-{target}.a"));
        std::fs::write(&path, slim).expect("OUT_DIR is writable");
        list.push_str(&format!("({target:?}, include_bytes!({path:?})),\n"));
    }
    list.push_str("]\n");
    std::fs::write(out_dir.join("archives.rs"), list).expect("OUT_DIR is writable");
}

/// Where this Rust keeps its standard libraries.
fn rustlib() -> PathBuf {
    let rustc = env::var_os("RUSTC").expect("cargo sets it");
    let output = Command::new(rustc).args(["--print", "sysroot"]).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start rustc: {error}"));
    let sysroot = String::from_utf8(output.stdout).expect("cargo takes no other paths either");
    Path::new(sysroot.trim_end()).join("lib/rustlib")
}

fn build_runtime(root: &Path, target_dir: &Path, target: &str) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["rustc", "--package", "snek-runtime", "--lib"])
        .args(["--crate-type", "staticlib", "--profile", "runtime"])
        .args(["--target", target])
        .arg("--target-dir")
        .arg(target_dir);
    if root.join("Cargo.lock").exists() {
        command.arg("--locked");
    }
    // What concerns the outer build alone: wrappers of clippy, flags of coverage or sanitizers,
    // and the variables by which cargo describes the package to a build script.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let outer = text.starts_with("CARGO_FEATURE_")
            || text.starts_with("CARGO_CFG_")
            || text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || matches!(
                &*text,
                "CARGO_TARGET_DIR"
                    | "CARGO_BUILD_TARGET"
                    | "CARGO_BUILD_TARGET_DIR"
                    | "CARGO_ENCODED_RUSTFLAGS"
                    | "RUSTFLAGS"
                    | "RUSTC_WORKSPACE_WRAPPER"
                    | "RUSTC_WRAPPER"
                    | "CLIPPY_ARGS"
                    | "PROFILE"
                    | "OPT_LEVEL"
                    | "DEBUG"
                    | "TARGET"
                    | "HOST"
                    | "OUT_DIR"
            );
        if outer {
            command.env_remove(&name);
        }
    }
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("cannot start cargo for the runtime: {error}"));
    assert!(status.success(), "the runtime did not build");
    target_dir.join(target).join("runtime/libsnek_runtime.a")
}
