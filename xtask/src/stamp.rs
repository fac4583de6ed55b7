//! Skips steps that are up to date: those whose inputs have the hash that they last finished with.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::Workspace;

/// Collects everything a step depends on.
#[derive(Default)]
pub struct Inputs(DefaultHasher);

impl Inputs {
    /// Depends on a piece of text: a tool's version, an option.
    pub fn text(mut self, text: &str) -> Self {
        self.add(text.as_bytes());
        self
    }

    /// Depends on a file's content; a missing file counts as an empty one.
    pub fn file(mut self, path: &Path) -> anyhow::Result<Self> {
        match fs::read(path) {
            Ok(content) => self.add(&content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.add(&[]),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
        Ok(self)
    }

    /// Depends on the names and contents of all files below `folder`, except those below its children named in `except`.
    pub fn folder(mut self, folder: &Path, except: &[&str]) -> anyhow::Result<Self> {
        for path in files_below(folder, except)? {
            let name = path.strip_prefix(folder).unwrap_or(&path);
            self.add(name.to_string_lossy().as_bytes());
            self = self.file(&path)?;
        }
        Ok(self)
    }

    fn add(&mut self, bytes: &[u8]) {
        bytes.hash(&mut self.0);
    }

    /// Runs `step`, unless it last finished with equal inputs and its `products` still exist.
    pub fn run_if_changed(
        self,
        workspace: &Workspace,
        name: &str,
        products: &[PathBuf],
        step: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let hash = format!("{:016x}", self.0.finish());
        let stamp = workspace.scratch().join("stamp").join(name);
        let is_known = fs::read_to_string(&stamp).is_ok_and(|known| known == hash);
        if is_known && products.iter().all(|product| product.exists()) {
            return Ok(());
        }
        // An interrupted step must run again, even if its inputs change back.
        match fs::remove_file(&stamp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        step()?;
        fs::create_dir_all(workspace.scratch().join("stamp"))?;
        fs::write(&stamp, hash).with_context(|| format!("cannot write {}", stamp.display()))
    }
}

fn files_below(folder: &Path, except: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if except.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path(), &[])?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
