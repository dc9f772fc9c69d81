//! In: the text of an `.fb` file. Out: its operands, its program and its sections; and the same
//! file with other bodies. Never: a change of the input.

use std::path::{Path, PathBuf};

use fuseblock::{DType, Shape};

use crate::Outcome;

/// A file: one program, and what is pinned about it.
#[derive(Debug)]
pub(crate) struct Case {
    path: PathBuf,
    /// Folder that paths in the file start from.
    pub(crate) root: PathBuf,
    /// The lines before the first section, as they are.
    head: Vec<String>,
    pub(crate) givens: Vec<Given>,
    pub(crate) program: String,
    pub(crate) sections: Vec<Section>,
}

/// `--- kind args` and the lines below it.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) header: String,
    pub(crate) kind: String,
    pub(crate) args: String,
    pub(crate) body: String,
}

/// `given name: ...`
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) contents: Contents,
    pub(crate) damage: Vec<Damage>,
}

/// Where the elements of an operand come from.
#[derive(Debug)]
pub(crate) enum Contents {
    /// A file of the repository.
    File(String),
    /// Values in the text; `grid` has the chunk and the block.
    Values {
        dtype: DType,
        shape: Shape,
        grid: Option<(Shape, Shape)>,
        text: String,
    },
}

/// What is done to the file of an operand before it is opened. Places below zero count from the
/// end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Damage {
    /// All bits of one byte.
    Flip(i64),
    /// So many bytes stay.
    Cut(i64),
    /// One byte becomes another.
    Set(i64, u8),
}

impl Case {
    pub(crate) fn read(root: &Path, path: &Path) -> Outcome<Case> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let lines: Vec<&str> = text.lines().collect();
        if !lines
            .first()
            .is_some_and(|line| line.starts_with("# ") && line.ends_with(['.', '?']))
        {
            return Err("the first line is `# ` and a sentence".to_string());
        }
        let first = lines.iter().position(|line| line.starts_with("--- "));
        let (head, rest) = lines.split_at(first.unwrap_or(lines.len()));
        let mut case = Case {
            path: path.to_path_buf(),
            root: root.to_path_buf(),
            head: head.iter().map(|line| (*line).to_string()).collect(),
            givens: Vec::new(),
            program: String::new(),
            sections: sections(rest),
        };
        case.read_head()?;
        match case.sections.is_empty() {
            true => Err("the file pins nothing: it has no section".to_string()),
            false => Ok(case),
        }
    }

    fn read_head(&mut self) -> Outcome<()> {
        let mut lines: Vec<String> = Vec::new();
        for line in &self.head {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "given" => self.givens.push(given(rest.trim())?),
                "expr" => lines.push(rest.trim_start().to_string()),
                "more" => {
                    let last = lines.last_mut().ok_or("`more` before `expr`")?;
                    last.push_str(&format!(" {}", rest.trim_start()));
                }
                "repeat" => {
                    let (count, text) = rest.split_once(' ').ok_or("`repeat N TEXT`")?;
                    let count: usize = count.parse().map_err(|_| format!("count `{count}`"))?;
                    let last = lines.last_mut().ok_or("`repeat` before `expr`")?;
                    last.push_str(&text.repeat(count));
                }
                "" | "#" => {}
                _ => return Err(format!("a line that means nothing: `{line}`")),
            }
        }
        self.program = lines.join("\n");
        Ok(())
    }

    /// Writes the file again with these bodies, one a section.
    pub(crate) fn rewrite(&mut self, bodies: Vec<String>) -> Outcome<()> {
        let mut text: String = self.head.iter().map(|line| format!("{line}\n")).collect();
        for (section, body) in self.sections.iter_mut().zip(bodies) {
            section.body = body;
            text.push_str(&format!("--- {}\n{}\n\n", section.header, section.body));
        }
        let text = format!("{}\n", text.trim_end());
        std::fs::write(&self.path, text)
            .map_err(|error| format!("{}: {error}", self.path.display()))
    }

    /// Whether the program that the edits lead to need only parse: `--- fixed parses`.
    pub(crate) fn only_parses(&self) -> bool {
        let mut fixed = self
            .sections
            .iter()
            .filter(|section| section.kind == "fixed");
        fixed.any(|section| section.args == "parses")
    }

    /// Whether there is a section of this kind.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.sections.iter().any(|section| section.kind == kind)
    }
}

fn sections(lines: &[&str]) -> Vec<Section> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("--- "), sections.last_mut()) {
            (Some(header), _) => sections.push((header.trim(), Vec::new())),
            (None, Some((_, body))) => body.push(line),
            (None, None) => {}
        }
    }
    let section = |(header, body): (&str, Vec<&str>)| {
        let (kind, args) = header.split_once(' ').unwrap_or((header, ""));
        Section {
            header: header.to_string(),
            kind: kind.to_string(),
            args: args.trim().to_string(),
            body: body.join("\n").trim_end().to_string(),
        }
    };
    sections.into_iter().map(section).collect()
}

/// `a: float32[8] chunk 4 block 2 = 0 1 2`, `f: file "x.b2nd" flip 0x1c`
fn given(text: &str) -> Outcome<Given> {
    let (name, rest) = text.split_once(':').ok_or("`given NAME: ...`")?;
    let rest = rest.trim();
    let (contents, words) = match rest.strip_prefix("file \"") {
        Some(quoted) => {
            let (path, words) = quoted.split_once('"').ok_or("a path without its end")?;
            (Contents::File(path.to_string()), words.trim().to_string())
        }
        None => values(rest)?,
    };
    Ok(Given {
        name: name.trim().to_string(),
        contents,
        damage: damage(&words)?,
    })
}

/// `float32[8] chunk 4 block 2 flip 3 = 0 1 2`: the contents, and the words about damage.
fn values(text: &str) -> Outcome<(Contents, String)> {
    let (form, values) = text
        .split_once('=')
        .ok_or("`given NAME: dtype[shape] = values`")?;
    let (dtype, form) = form.split_once('[').ok_or("`dtype[shape]`")?;
    let (shape, words) = form.split_once(']').ok_or("`dtype[shape]`")?;
    let dtype = DType::from_name(dtype.trim()).ok_or(format!("the dtype `{dtype}`"))?;
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let mut grid = None;
    if let ["chunk", chunk, ..] = words[..] {
        let chunk = extents(chunk)?;
        words.drain(..2);
        let mut block = chunk.clone();
        if let ["block", extent, ..] = words[..] {
            block = extents(extent)?;
            words.drain(..2);
        }
        grid = Some((chunk, block));
    }
    let contents = Contents::Values {
        dtype,
        shape: extents(shape)?,
        grid,
        text: values.trim().to_string(),
    };
    Ok((contents, words.join(" ")))
}

/// `2,3` or `2, 3`; nothing is the shape of a scalar.
fn extents(text: &str) -> Outcome<Shape> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let extents: Result<Vec<usize>, _> = parts.map(str::parse).collect();
    let extents = extents.map_err(|_| format!("the extents `{text}`"))?;
    Ok(Shape::new(&extents))
}

/// `flip 0x1c cut 40 set -3 0xff`
fn damage(text: &str) -> Outcome<Vec<Damage>> {
    let mut words = text.split_whitespace();
    let mut all = Vec::new();
    while let Some(word) = words.next() {
        let mut next = || number(words.next().unwrap_or(""));
        all.push(match word {
            "flip" => Damage::Flip(next()?),
            "cut" => Damage::Cut(next()?),
            "set" => {
                let place = next()?;
                let byte = next()?;
                Damage::Set(
                    place,
                    u8::try_from(byte).map_err(|_| format!("byte {byte}"))?,
                )
            }
            _ => return Err(format!("`{word}` is no way to damage a file")),
        });
    }
    Ok(all)
}

fn number(text: &str) -> Outcome<i64> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("the number `{text}`"))
}
