//! Which of the known names was probably meant.

/// The names nearest to `text`, ignoring case, best first; none if they are all far off.
pub(super) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>, at_most: usize) -> Vec<String> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    if text.is_empty() || text.len() > 64 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let known: Vec<char> = name.to_lowercase().chars().collect();
            let steps = distance(&text, &known);
            (steps <= tolerance(known.len())).then_some((steps, name))
        })
        .collect();
    found.sort_by_key(|(steps, _)| *steps);
    found
        .into_iter()
        .take(at_most)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// How many slips a name of this length may have and still be recognised.
pub(super) fn tolerance(length: usize) -> usize {
    (length / 3).clamp(1, 3)
}

/// Edits (insert, delete, replace, swap of neighbours) from one to the other.
pub(super) fn distance(from: &[char], to: &[char]) -> usize {
    let width = to.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1; width];
        for (column, b) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut best = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before = std::mem::replace(&mut above, current);
    }
    above[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        let steps =
            |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(steps("", "abc"), 3);
        assert_eq!(steps("abc", ""), 3);
        assert_eq!(steps("berlin", "berlin"), 0);
        assert_eq!(steps("brelin", "berlin"), 1);
        assert_eq!(steps("kitten", "sitting"), 3);
    }
}
