//! What people install easyscale with: Helm and kustomize, built from tests/tools.

use super::built::{FindError, Module};
use std::path::PathBuf;

/// The Go module whose tools they are.
const MODULE: Module = Module {
    name: "tools that install",
    path: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools"),
    cache: "tools",
    of: "helm.sh/helm/v4",
    without_go: "install Go",
    takes: "2 minutes",
    ldflags: |_| String::new(),
};

/// Paths of the programs.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Helm 4.
    pub helm: PathBuf,
    /// kustomize 5, as in kubectl.
    pub kustomize: PathBuf,
}

impl Tools {
    /// The programs, built first where necessary: about 2 minutes, once per machine and version.
    pub fn find() -> Result<Self, FindError> {
        let folder = MODULE.find()?;
        Ok(Self {
            helm: folder.join("helm"),
            // Go leaves the major version out of a program's name.
            kustomize: folder.join("kustomize"),
        })
    }

    /// Whether they can be had, without building them.
    pub fn look() -> Result<(), FindError> {
        MODULE.look().map(drop)
    }
}
