//! Helm and kustomize, as people have them: built from tests/tools.

use super::binaries::FindError;
use super::go_tools::GoTools;
use std::path::{Path, PathBuf};

/// Paths of the tools.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Helm 4.
    pub helm: PathBuf,
    /// kustomize 5.
    pub kustomize: PathBuf,
}

impl Tools {
    /// The tools, built first where necessary: about 2 minutes, once per machine and version.
    pub fn find() -> Result<Self, FindError> {
        let folder = tools().find()?;
        Ok(Self {
            helm: folder.join("helm"),
            kustomize: folder.join("kustomize"),
        })
    }

    /// Whether they can be had here, without building them.
    pub fn look() -> Result<(), FindError> {
        let tools = tools();
        if tools.folder()?.is_dir() {
            return Ok(());
        }
        tools.can_build()
    }
}

fn tools() -> GoTools {
    GoTools {
        what: "helm and kustomize",
        folder: "tools",
        module: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools"),
        version: "helm-kustomize".to_owned(),
        // Helm calls itself by it, and asks charts for it.
        ldflags: "-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.1".to_owned(),
        takes: "2 minutes",
    }
}
