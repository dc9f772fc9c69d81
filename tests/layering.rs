//! ARCHITECTURE.md says which part of the crate may name which; this reads that table and checks
//! every `crate::` path in `src/` against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Macros live at the root of the crate; the part each belongs to.
const MACROS: &[(&str, &str)] = &[("define_id", "table")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(&path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// The table's rows in order: a part, and what it may name.
fn rows() -> Vec<(String, BTreeSet<String>)> {
    let page = read("ARCHITECTURE.md");
    let table = page
        .lines()
        .skip_while(|line| !line.starts_with("| folder |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    table
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let names = cells[1].split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty()).map(str::to_owned);
            (cells[0].to_owned(), names.collect())
        })
        .collect()
}

/// What the root of the crate re-exports, and from which part.
fn reexports() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for line in read("src/lib.rs").lines() {
        let Some(path) = line.strip_prefix("pub use ") else {
            continue;
        };
        let (part, names) = path.split_once("::").expect("a path");
        let names = names.trim_matches(['{', '}', ';']);
        for name in names.split(',') {
            let name = name.rsplit([':', ' ']).next().expect("a name");
            all.insert(name.trim_matches(['}', ';']).to_owned(), part.to_owned());
        }
    }
    all
}

/// The first names of all paths that start at the root of the crate, comments left out.
fn names_in(code: &str) -> Vec<String> {
    let code: String = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join(" ");
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = code[at + found.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group_heads(group)),
            None => names.extend(head(rest)),
        }
    }
    names
}

/// The identifier a text starts with.
fn head(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text
        .find(|char: char| !char.is_alphanumeric() && char != '_')
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first names of the items of `{a::b, c::{d, e}}`, its opening brace left out.
fn group_heads(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut item = 0;
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.extend(head(&group[item..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.extend(head(&group[item..at]));
                item = at + 1;
            }
            _ => {}
        }
    }
    names
}

/// All Rust files of a folder, and of those inside.
fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn every_path_is_in_the_table() {
    let rows: BTreeMap<String, BTreeSet<String>> = rows().into_iter().collect();
    let reexports = reexports();
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let inside = file.strip_prefix(&src).expect("a file of src");
        let part = inside.iter().next().expect("a name").to_string_lossy();
        let part = part.trim_end_matches(".rs");
        if part == "lib" || part == "main" {
            continue;
        }
        let allowed = rows
            .get(part)
            .unwrap_or_else(|| panic!("`{part}` is missing in the table of ARCHITECTURE.md"));
        for name in names_in(&fs::read_to_string(&file).expect("a file of src")) {
            seen += 1;
            let at_root = MACROS.iter().find(|(macro_name, _)| *macro_name == name);
            let named = at_root
                .map(|&(_, part)| part)
                .or_else(|| reexports.get(&name).map(String::as_str))
                .unwrap_or(&name);
            if named != part && !allowed.contains(named) {
                wrong.push(format!(
                    "{}: `{part}` may not name `{named}`",
                    inside.display()
                ));
            }
        }
    }
    assert!(
        seen > 20,
        "only {seen} paths found: does this still read the code?"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_row_names_only_rows_above_it() {
    let mut above = BTreeSet::new();
    for (part, names) in rows() {
        for name in &names {
            assert!(
                above.contains(name),
                "`{part}` names `{name}`, which is not above it"
            );
        }
        assert!(above.insert(part.clone()), "`{part}` has two rows");
    }
}

#[test]
fn the_table_has_the_parts_of_the_crate() {
    let declared: BTreeSet<String> = read("src/lib.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let listed: BTreeSet<String> = rows().into_iter().map(|(part, _)| part).collect();
    assert_eq!(declared, listed);
}

#[test]
fn names_are_found() {
    let code = "use crate::{ir::{Func, Id}, types};\n// crate::exec\nlet x = crate::jit::f($crate::table::g); mycrate::no";
    assert_eq!(names_in(code), ["ir", "types", "jit", "table"]);
    assert_eq!(reexports()["DType"], "types");
    assert_eq!(reexports()["Array"], "array");
}
