//! In: a program and a seed. Out: the program with a few of its words changed so that much of it
//! still has sense. Never: half a word; nonsense, which libFuzzer is good at by itself.

use fuseblock::funcs;

const LITERALS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1e300",
    "300",
    "9223372036854775808",
    "pi",
    "nan",
    "True",
    "None",
    "float32",
    "'int8'",
    "(2, 3)",
];

/// What may stand behind a value.
const AFTER: [&str; 30] = [
    " + a",
    " - u",
    " * x",
    " / i",
    " // i8",
    " % u16",
    " ** 2",
    " ** i",
    " << 1",
    " >> u8",
    " & b",
    " | i",
    " == s",
    " < m",
    " and b",
    " or f",
    " if b else 1",
    ".T",
    "[0]",
    "[-1]",
    "[1:]",
    "[::-2]",
    "[None]",
    "[..., 0]",
    "[:, 1:]",
    ".sum()",
    ".mean(axis=0)",
    ", a",
    ", -c",
    "\nz",
];

/// What may stand behind the first argument of a function.
const ARGUMENTS: [&str; 16] = [
    "",
    "",
    ", 0",
    ", 1",
    ", axis=-1",
    ", axis=(0, 1)",
    ", keepdims=True",
    ", where=b",
    ", dtype=f32",
    ", initial=2",
    ", i",
    ", a",
    ", 3, 4",
    ", (2, 3)",
    ", [0, 2]",
    ", 0.5",
];

/// The program, changed; `names` are those of operands.
pub fn changed<'t>(text: &'t str, names: &[&'t str], seed: u32) -> String {
    let mut random = Random(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let functions: Vec<&str> = funcs::all().map(|function| function.name).collect();
    let mut words = words(text);
    for _ in 0..=random.below(3) {
        let named = |&at: &usize| words[at].starts_with(char::is_alphanumeric);
        let places: Vec<usize> = (0..words.len()).filter(named).collect();
        if places.is_empty() {
            words.push(random.of(names));
            continue;
        }
        let at = random.of(&places);
        if words.get(at + 1) == Some(&"(") && random.below(2) == 0 {
            words[at] = random.of(&functions);
            continue;
        }
        match random.below(5) {
            0 => words[at] = random.of(names),
            1 => words[at] = random.of(&LITERALS),
            2 => words[at] = words[random.of(&places)],
            3 => words.insert(at + 1, random.of(&AFTER)),
            _ => {
                words.splice(at + 1..at + 1, [random.of(&ARGUMENTS), ")"]);
                words.splice(at..at, [random.of(&functions), "("]);
            }
        }
    }
    words.concat()
}

/// The words of a text: names and numbers, spaces, and every other character.
fn words(text: &str) -> Vec<&str> {
    let class = |char: char| match char {
        '_' | '.' => Some(true),
        _ if char.is_alphanumeric() => Some(true),
        _ => char.is_whitespace().then_some(false),
    };
    let mut words = Vec::new();
    let mut start = 0;
    for (at, char) in text.char_indices() {
        let before = text[start..at].chars().next_back().and_then(class);
        if at > start && (before.is_none() || before != class(char)) {
            words.push(&text[start..at]);
            start = at;
        }
    }
    words.push(&text[start..]);
    words
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}
