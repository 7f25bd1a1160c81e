//! What the image is made from: the Dockerfile, what reaches it, and what the manifests take for granted of it. Whether it builds
//! and starts is for deploy/image/build.sh and check.sh, since that takes minutes, root and buildah.

use std::path::{Component, Path};

use crate::{files, read, repository};

/// The value of `key = "…"` in Cargo.toml's first section.
fn manifest(key: &str) -> String {
    let text = read("Cargo.toml");
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    value.unwrap().trim().trim_matches('"').to_owned()
}

/// Whether .dockerignore lets a file through: the last line that speaks of it or of a folder above it decides.
fn reaches_the_build(ignore: &str, path: &str) -> bool {
    let mut reaches = true;
    for line in ignore.lines().filter(|line| !line.starts_with('#')) {
        let (pattern, lets_through) = match line.strip_prefix('!') {
            Some(pattern) => (pattern, true),
            None => (line, false),
        };
        let speaks = match pattern.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => Path::new(path).starts_with(pattern),
        };
        if speaks {
            reaches = lets_through;
        }
    }
    reaches
}

/// Paths in the repository of what the program has inside it, such as docs/problems.md.
fn included() -> Vec<String> {
    let mut included = Vec::new();
    for file in files(&repository().join("src"), "rs") {
        let text = read(&file);
        for macro_name in ["include_str!(\"", "include_bytes!(\""] {
            for rest in text.split(macro_name).skip(1) {
                let mut path = file.parent().unwrap().to_owned();
                for part in Path::new(rest.split('"').next().unwrap()).components() {
                    match part {
                        Component::ParentDir => assert!(path.pop()),
                        part => path.push(part),
                    }
                }
                included.push(
                    path.strip_prefix(repository())
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .replace('\\', "/"),
                );
            }
        }
    }
    included
}

#[test]
fn all_that_the_program_is_built_from_reaches_the_build() {
    let ignore = read(".dockerignore");
    let included = included();
    assert!(
        included.iter().any(|path| path == "docs/problems.md"),
        "{included:?}"
    );
    let also = [
        "Cargo.toml",
        "Cargo.lock",
        "src/main.rs",
        "deploy/image/compile.sh",
    ];
    for path in included.iter().map(String::as_str).chain(also) {
        assert!(reaches_the_build(&ignore, path), "{path}");
    }
    for path in [
        ".git/config",
        "target/debug/easyscale",
        "tests/control-plane-1.33/go.sum",
        "a-key.pem",
    ] {
        assert!(!reaches_the_build(&ignore, path), "{path}");
    }
}

#[test]
fn the_compiler_of_the_image_is_new_enough() {
    let dockerfile = read("Dockerfile");
    let image = dockerfile.split("library/rust:").nth(1).unwrap();
    let numbers =
        |text: &str| -> Vec<u32> { text.split('.').map(|number| number.parse().unwrap()).collect() };
    let has = numbers(image.split('-').next().unwrap());
    assert!(has >= numbers(&manifest("rust-version")), "{has:?}");
}

#[test]
fn the_manifests_run_what_the_image_has() {
    let dockerfile = read("Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    assert!(last.starts_with("scratch\n"), "{last}");
    for line in ["USER 65532:65532", "EXPOSE 8080", "ENTRYPOINT [\"/easyscale\"]"] {
        assert!(last.lines().any(|one| one == line), "{line}");
    }
    assert!(last.contains("CMD [\"/easyscale\", \"health\"]"), "{last}");
    for path in [
        "deploy/helm/easyscale/values.yaml",
        "deploy/kustomize/base/deployment.yaml",
    ] {
        assert!(read(path).contains("runAsUser: 65532"), "{path}");
    }
}
