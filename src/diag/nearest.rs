//! In: a name nobody knows, and the names there are. Out: the one that was meant.
//! Never: a name that is not close.

/// The candidate closest to `name`, if it is close: the same but for case, or within one edit
/// for every three letters (a swap of neighbours is one), or one that `name` abbreviates.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let most = (wanted.len() / 3).max(1);
    candidates
        .filter(|&candidate| candidate != name)
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            let edits = distance(&wanted, &letters);
            let abbreviated = wanted.len() >= 3 && letters.starts_with(&wanted);
            (edits <= most && edits < letters.len().max(wanted.len()) || abbreviated)
                .then_some((edits, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, swaps of neighbours counting once (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let substituted = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_name_that_was_meant() {
        let words = ["sqrt", "sin", "minimum", "temperature", "float32", "b", "x"];
        let near = |name: &str| nearest(name, words.into_iter());
        assert_eq!(near("sqrrt"), Some("sqrt"));
        assert_eq!(near("SIN"), Some("sin"));
        assert_eq!(near("sni"), Some("sin"));
        assert_eq!(near("minmum"), Some("minimum"));
        assert_eq!(near("temp"), Some("temperature"));
        assert_eq!(near("float"), Some("float32"));
        assert_eq!(near("y"), None);
        assert_eq!(near("B"), Some("b"));
        assert_eq!(near("quux"), None);
    }
}
