//! Files that are changed in place, in turn by us and by python-blosc2, which opens every stage of it.

use std::path::Path;
use std::process::Command;

use fuseblock::array::npy::NpyWriter;
use fuseblock::store::attributes::{Attribute, attributes};
use fuseblock::store::edit::ArrayFile;
use fuseblock::store::write::{Options, WriteCodec, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType};

use crate::common::venv::{python, run};
use crate::common::{read_all, sample};
use crate::disk::{Recorder, Request};

fn save_npy(path: &Path, shape: &[usize], bytes: &[u8]) {
    let writer = NpyWriter::create(path, DType::Int32, &Shape::new(shape)).unwrap();
    writer.write_at(0, bytes).unwrap();
    writer.finish().unwrap();
}

fn grid() -> Grid {
    Grid {
        chunk: Shape::new(&[10, 7]),
        block: Shape::new(&[4, 3]),
    }
}

#[test]
fn the_reference_opens_every_stage_of_a_change() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let mut stages = 0;
    for codec in [WriteCodec::Lz4, WriteCodec::Zstd] {
        let options = Options {
            codec,
            ..Options::default()
        };
        let mut shape = vec![23, 9];
        let mut bytes = sample(DType::Int32, 23 * 9, 1);
        write_frame(
            &path,
            DType::Int32,
            &Shape::new(&shape),
            &grid(),
            options,
            &bytes,
        )
        .unwrap();
        let before = std::fs::read(&path).unwrap();
        let recorder = Recorder::default();
        let mut file = ArrayFile::open_on(recorder.disk(), &path).unwrap();
        let name = |commit: usize| format!("{codec}-{commit}");
        save_npy(&folder.path().join(name(0) + ".npy"), &shape, &bytes);
        for commit in 1..=4 {
            let more = sample(DType::Int32, (3 * commit + 1) * 9, commit);
            file.append(&[3 * commit + 1, 9], &more).unwrap();
            bytes.extend_from_slice(&more);
            shape[0] += 3 * commit + 1;
            file.write(&[commit, 2], &[1, 1], &7i32.to_ne_bytes())
                .unwrap();
            bytes[(commit * 9 + 2) * 4..][..4].copy_from_slice(&7i32.to_ne_bytes());
            file.set_attribute("commit", &Attribute::Int(commit as i64))
                .unwrap();
            file.commit().unwrap();
            recorder.told(commit);
            save_npy(&folder.path().join(name(commit) + ".npy"), &shape, &bytes);
        }
        let (mut content, mut told) = (before, 0);
        for request in recorder.requests() {
            match request {
                Request::Write(at, bytes) => {
                    let at = at as usize;
                    let end = at + bytes.len();
                    content.resize(content.len().max(end), 0);
                    content[at..end].copy_from_slice(&bytes);
                }
                Request::Told(commit) => told = commit,
                Request::Create
                | Request::SetLen(_)
                | Request::Sync
                | Request::Rename
                | Request::Link
                | Request::SyncFolder => {}
            }
            let stage = folder.path().join(format!("stage-{stages}.b2nd"));
            std::fs::write(&stage, &content).unwrap();
            let allowed = format!("{} {}", name(told), name((told + 1).min(4)));
            std::fs::write(stage.with_extension("txt"), allowed).unwrap();
            stages += 1;
        }
    }
    let opened = run(Command::new(python)
        .arg(crate::script("edit.py"))
        .arg("stages")
        .arg(folder.path()));
    assert_eq!(opened.trim(), stages.to_string());
}

#[test]
fn the_reference_changes_our_files_and_we_go_on() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.b2nd");
    let shape = Shape::new(&[0, 5]);
    let grid = Grid {
        chunk: Shape::new(&[8, 4]),
        block: Shape::new(&[3, 4]),
    };
    let mut file =
        ArrayFile::create(&path, DType::Float64, &shape, &grid, Options::default()).unwrap();
    file.append(&[20, 5], &sample(DType::Float64, 100, 0))
        .unwrap();
    let list = [
        Attribute::Int(1),
        Attribute::Float(-2.5),
        Attribute::Bool(true),
        Attribute::Nil,
    ];
    file.set_attribute("unit", &Attribute::from("K")).unwrap();
    file.set_attribute("list", &Attribute::List(list.to_vec()))
        .unwrap();
    file.commit().unwrap();
    drop(file);
    run(Command::new(python)
        .arg(crate::script("edit.py"))
        .arg("change")
        .arg(&path));
    let theirs = Array::open(folder.path().join("a.b2nd.npy")).unwrap();
    let expected = read_all(&theirs).unwrap();
    let array = Array::open(&path).unwrap();
    assert_eq!(array.shape(), theirs.shape());
    assert_eq!(read_all(&array).unwrap(), expected);
    let by = attributes(&path).unwrap();
    let by = by
        .iter()
        .find(|(name, _)| name == "by")
        .map(|(_, value)| value.to_string());
    assert_eq!(by.as_deref(), Some(r#"{"who": "python", "n": 3}"#));
    let mut file = ArrayFile::open(&path).unwrap();
    let more = sample(DType::Float64, 15, 1);
    file.append(&[3, 5], &more).unwrap();
    // What their resizing cut off does not come back.
    file.resize(&Shape::new(&[30, 6])).unwrap();
    assert_eq!(file.attribute("unit").unwrap(), Some(Attribute::from("K")));
    assert!(file.remove_attribute("list").unwrap());
    file.commit().unwrap();
    let bytes = read_all(&Array::open(&path).unwrap()).unwrap();
    let rows: Vec<&[u8]> = bytes.chunks_exact(6 * 8).collect();
    let whole = [expected, more].concat();
    for (row, old) in rows.iter().zip(whole.chunks_exact(5 * 8)) {
        assert_eq!((&row[..40], &row[40..]), (old, &[0; 8][..]));
    }
    assert!(
        rows[27..]
            .iter()
            .all(|row| row.iter().all(|&byte| byte == 0))
    );
    assert_eq!(attributes(&path).unwrap().len(), 2);
}
