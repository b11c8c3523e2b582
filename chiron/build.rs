//! Names the files of the web application for the program, which carries them in itself.
//!
//! An application that was not built is no error: the program then says how to build it.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../web/dist");
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &mut files)?;
    }
    files.sort();
    let mut text = "/// Each file by its path below the root.\n\
        static FILES: &[(&str, &[u8])] = &[\n"
        .to_owned();
    for path in files {
        let path = path.canonicalize()?;
        let name = path.strip_prefix(root.canonicalize()?)?.to_string_lossy().into_owned();
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.to_string_lossy())?;
    }
    text.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("pages.rs"), text)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
