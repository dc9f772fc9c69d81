//! In: a list, whole or one by one. Out: its members merged in *tree* order.
//! Never: a merge of members that are not neighbours, or of a later one before an earlier one.

use std::fmt;

/// *tree*(list): neighbours `(0,1) (2,3) ...` merge, a lone last member going up unmerged, until
/// one is left. `None` for an empty list.
pub fn tree_merge<T>(mut list: Vec<T>, merge: impl Fn(T, T) -> T) -> Option<T> {
    while list.len() > 1 {
        let mut level = Vec::with_capacity(list.len().div_ceil(2));
        let mut members = list.into_iter();
        while let Some(left) = members.next() {
            level.push(match members.next() {
                Some(right) => merge(left, right),
                None => left,
            });
        }
        list = level;
    }
    list.pop()
}

/// [`tree_merge`] of a list that comes one by one: keeps `log2(n)` members, as a binary counter
/// keeps its bits.
pub struct Counter<T, F> {
    merge: F,
    /// One subtree for each bit of `count`, the largest (and earliest) first.
    subtrees: Vec<T>,
    count: u64,
}

impl<T, F: Fn(T, T) -> T> Counter<T, F> {
    /// An empty list; `merge` takes the earlier member first.
    pub fn new(merge: F) -> Self {
        Self {
            merge,
            subtrees: Vec::new(),
            count: 0,
        }
    }

    /// Adds the next member of the list.
    pub fn push(&mut self, member: T) {
        let mut subtree = member;
        for _ in 0..self.count.trailing_ones() {
            if let Some(earlier) = self.subtrees.pop() {
                subtree = (self.merge)(earlier, subtree);
            }
        }
        self.subtrees.push(subtree);
        self.count += 1;
    }

    /// The merged list; `None` if it is empty.
    pub fn finish(mut self) -> Option<T> {
        let mut last = self.subtrees.pop()?;
        while let Some(earlier) = self.subtrees.pop() {
            last = (self.merge)(earlier, last);
        }
        Some(last)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Counter<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter")
            .field("subtrees", &self.subtrees)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(a: String, b: String) -> String {
        format!("({a}{b})")
    }

    #[test]
    fn neighbours_merge_and_a_lone_last_member_goes_up() {
        let merged = |n: u8| {
            let list = (0..n).map(|i| char::from(b'a' + i).to_string());
            tree_merge(list.collect(), join).unwrap_or_default()
        };
        assert_eq!(merged(0), "");
        assert_eq!(merged(1), "a");
        assert_eq!(merged(3), "((ab)c)");
        assert_eq!(merged(6), "(((ab)(cd))(ef))");
        assert_eq!(merged(7), "(((ab)(cd))((ef)g))");
    }

    #[test]
    fn a_counter_merges_like_the_tree() {
        for n in 0..200 {
            let list: Vec<String> = (0..n).map(|i| format!("{i},")).collect();
            let mut counter = Counter::new(join);
            list.iter().cloned().for_each(|member| counter.push(member));
            assert_eq!(counter.finish(), tree_merge(list, join), "{n}");
        }
    }
}
