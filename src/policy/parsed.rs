//! One file as trees: the documents of policies in it, and the others.

use super::check::Checker;
use super::files;
use super::layers;
use super::node::Node;
use super::source::Source;
use super::toml;
use super::yaml;

/// How many documents of each sort a file has, whatever is wrong with them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Documents {
    /// Of settings alone.
    pub(super) settings: usize,
    pub(super) others: usize,
}

/// A file on its way to rules.
pub(super) struct File {
    pub(super) policies: Vec<Node>,
    pub(super) others: Vec<Node>,
    /// What the reader has dropped may have changed the meaning of anything in the file.
    pub(super) sound: bool,
}

impl File {
    pub(super) fn parse(source: &Source, readable: bool, check: &mut Checker<'_>) -> Self {
        let errors = check.errors();
        let (text, base) = (source.text(), source.base());
        let (policies, others) = match (readable, files::is_toml(source.name())) {
            (false, _) => (Vec::new(), Vec::new()),
            (true, true) => (
                toml::document(text, base, check).into_iter().collect(),
                Vec::new(),
            ),
            (true, false) => yaml::documents(text, base, check)
                .into_iter()
                .partition(layers::is_policy),
        };
        Self {
            policies,
            others,
            sound: readable && check.errors() == errors,
        }
    }

    pub(super) fn documents(&self) -> Documents {
        let with_rules = self
            .policies
            .iter()
            .filter(|node| layers::has_rules(node))
            .count();
        Documents {
            settings: self.policies.len() - with_rules,
            others: self.others.len() + with_rules,
        }
    }
}
