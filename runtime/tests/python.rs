//! The Python glue, in every Python that is found: imports the fixture, a module as codegen would
//! make it, and runs `fixture/check.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the fixture as this test was built, and gives its path.
fn fixture() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("a build folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--package",
            "snek-runtime",
            "--example",
            "fixture",
            "--profile",
            profile,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("Cargo runs");
    assert!(status.success(), "the fixture does not build");
    let name = format!(
        "{}fixture{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    folder.join("examples").join(name)
}

/// `python3`, and the 3.11 and later of pyenv.
fn pythons() -> Vec<PathBuf> {
    let mut pythons = vec![PathBuf::from("python3")];
    let pyenv = std::env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(PathBuf::from(home).join(".pyenv"))
        });
    let versions = pyenv.and_then(|root| std::fs::read_dir(root.join("versions")).ok());
    for version in versions.into_iter().flatten().flatten() {
        let name = version.file_name().to_string_lossy().into_owned();
        let minor: Option<u32> = name
            .strip_prefix("3.")
            .and_then(|rest| rest.split('.').next()?.parse().ok());
        if minor.is_some_and(|minor| minor >= 11) {
            pythons.push(version.path().join("bin/python3"));
        }
    }
    // `SNEK_TEST_PYTHONS` names more, such as those of environments that have NumPy.
    if let Some(more) = std::env::var_os("SNEK_TEST_PYTHONS") {
        pythons.extend(std::env::split_paths(&more));
    }
    pythons
}

#[test]
fn the_fixture_works_in_every_python() {
    let folder = std::env::temp_dir().join(format!("snek-fixture-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the modules");
    let fixture = fixture();
    for name in ["fixture", "second"] {
        std::fs::copy(&fixture, folder.join(format!("{name}.so"))).expect("the fixture is built");
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture/check.py");
    for python in pythons() {
        let output = Command::new(&python)
            .arg(&check)
            .arg(&folder)
            .env("SNEK_NUM_THREADS", "3")
            .output()
            .expect("Python runs");
        assert!(
            output.status.success(),
            "{}: {}\n{}\n{}",
            python.display(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}
