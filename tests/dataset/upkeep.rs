//! What keeps a dataset small and sound: compact, vacuum, verify, repair; and files that are taken as they are.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use fuseblock::store::dataset::{self, Dataset, Root, vacuum, vacuum_on};
use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, DType, ErrorKind, Scalar};

use crate::bits::Bits;
use crate::disk::{Failure, Journal, Tree};
use crate::model::{Model, values};
use crate::{content, options};

const NOW: Duration = Duration::ZERO;

/// How many files a folder has.
fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// A dataset of many small slabs, odd and even ones, and what it holds.
fn scattered(path: &Path, bits: &mut Bits) -> (Dataset, Model) {
    let (mut dataset, mut model) = Model::create(path, bits);
    for _ in 0..12 {
        model.change(&mut dataset, bits);
        dataset.commit().unwrap();
    }
    (dataset, model)
}

#[test]
fn compacted_rows_are_the_same_in_fewer_slabs() {
    let folder = tempfile::tempdir().unwrap();
    let mut fewer = 0;
    for case in 0..30 {
        let mut bits = Bits(case * 7 + 1);
        let path = folder.path().join(format!("{case}.fbd"));
        let (mut dataset, model) = scattered(&path, &mut bits);
        let before = dataset.snapshot().slabs().len();
        let version = dataset.snapshot().version();
        let compacted = dataset.compact().unwrap();
        model.check(&path, None, "compacted");
        model.check(&path, Some(version), "the version before");
        assert!(
            compacted.after <= before.max(compacted.after),
            "{compacted:?}"
        );
        fewer += usize::from(compacted.after < before);
        // Slabs begin where chunks do, as far as files have a say.
        let snapshot = Root::open(&path).unwrap().snapshot(None).unwrap();
        let (high, mut start) = (snapshot.header().grid.chunk[0], 0);
        for slab in snapshot.slabs() {
            assert_eq!(start % high, 0, "case {case}");
            start += slab.rows;
        }
        // There is nothing more to do, or little.
        let rows = dataset.compact().unwrap().rows;
        assert!(
            rows <= compacted.rows,
            "case {case}: {rows} of {}",
            compacted.rows
        );
        model.check(&path, None, "compacted again");
        vacuum(&path, NOW, 1).unwrap();
        model.check(&path, None, "vacuumed");
        assert_eq!(
            files(&path.join("data")),
            dataset
                .snapshot()
                .slabs()
                .iter()
                .filter_map(|slab| slab.file())
                .count()
        );
        assert!(dataset::verify(&path).unwrap().is_sound());
    }
    assert!(fewer > 15, "{fewer}");
}

#[test]
fn vacuum_leaves_what_is_needed_and_what_is_young() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let mut dataset = Dataset::create(
        &path,
        DType::Int8,
        &Shape::new(&[8]),
        Scalar::Int8(0),
        &options(&[4], &[4], 4),
    )
    .unwrap();
    for value in 0..5i8 {
        let bytes: Vec<u8> = (0..8).map(|at| at + 10 * value.cast_unsigned()).collect();
        dataset.replace(0, &[8], &bytes).unwrap();
        dataset.commit().unwrap();
    }
    let strays = [
        "data/.x.b2nd.1-1.tmp",
        "meta/.x.manifest.1-2.tmp",
        "data/00000000-0000-4000-8000-000000000000.b2nd",
    ];
    strays
        .iter()
        .for_each(|name| std::fs::write(path.join(name), [1]).unwrap());
    let foreign = path.join("data/notes.txt");
    std::fs::write(&foreign, [1]).unwrap();
    // Nothing is old enough.
    let done = vacuum(&path, Duration::from_secs(3_600), 1).unwrap();
    assert_eq!((done.files, done.versions, done.temporaries), (0, 0, 0));
    assert_eq!(files(&path.join("data")), 10 + 3);
    // A reader who has opened it keeps what it has open, and an older version is read while it is kept.
    let done = vacuum(&path, NOW, 3).unwrap();
    assert_eq!((done.files, done.temporaries, done.oldest), (4 + 1, 2, 4));
    for version in 4..=6 {
        let expected: Vec<u8> = (0..8).map(|at| at + 10 * (version as u8 - 2)).collect();
        assert_eq!(content(&path, Some(version)).1, expected);
    }
    let gone = Array::options()
        .version(2)
        .open(&path)
        .and_then(|array| array.to_vec::<i8>())
        .unwrap_err();
    assert!(
        gone.to_string().contains("may have been vacuumed"),
        "{gone}"
    );
    let history = dataset::history(&path).unwrap();
    let whole: Vec<_> = history
        .iter()
        .map(|version| (version.version, version.whole))
        .collect();
    assert_eq!(
        whole,
        [
            (1, true),
            (2, false),
            (3, false),
            (4, true),
            (5, true),
            (6, true)
        ]
    );
    assert!(foreign.exists());
    // Whoever writes keeps its files from being vacuumed, however old they are.
    let mut writer = Dataset::open(&path).unwrap();
    writer.append(&[4], &[1, 2, 3, 4]).unwrap();
    let error = vacuum(&path, NOW, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    writer.commit().unwrap();
    vacuum(&path, NOW, 1).unwrap();
    assert_eq!(content(&path, None).1[8..], [1, 2, 3, 4]);
    assert_eq!(files(&path.join("data")), 3 + 1);
    // Another whose version is gone goes on from the newest.
    for _ in 0..2 {
        dataset.append(&[1], &[9]).unwrap();
        dataset.commit().unwrap();
    }
    dataset.compact().unwrap();
    vacuum(&path, NOW, 1).unwrap();
    let manifests = files(&path.join("meta"));
    assert!(
        manifests == 1,
        "a compacted version stands alone: {manifests}"
    );
    writer.append(&[1], &[8]).unwrap();
    writer.commit().unwrap();
    assert_eq!(content(&path, None).1[12..], [9, 9, 8]);
}

/// Whoever does something else than commit when power goes, or a request fails, loses nothing.
#[test]
fn compact_and_vacuum_may_be_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut checked = 0;
    for case in 0..3 {
        let mut bits = Bits(case * 97 + 5);
        let root = folder.path().join(case.to_string());
        std::fs::create_dir(&root).unwrap();
        let path = root.join("a.fbd");
        let (dataset, model) = scattered(&path, &mut bits);
        drop(dataset);
        let (mut tree, journal) = (Tree::read(&root), Journal::default());
        let copy = folder.path().join("copy");
        tree.leave(&root, &copy, &mut || 0);
        Dataset::open_on(journal.disk(), &path)
            .unwrap()
            .compact()
            .unwrap();
        vacuum_on(journal.disk(), &path, NOW, 1).unwrap();
        let requests = journal.requests();
        let left = folder.path().join("left");
        for request in &requests {
            tree.apply(request);
            for _ in 0..2 {
                tree.leave(&root, &left, &mut || bits.next());
                model.check(&left.join("a.fbd"), None, "cut off");
                checked += 1;
            }
        }
        for fail in 0..requests.len() {
            for errno in [5, 28] {
                let path = folder.path().join("fail");
                let _ = std::fs::remove_dir_all(&path);
                Tree::read(&copy).leave(&copy, &path, &mut || 0);
                let path = path.join("a.fbd");
                let journal = Journal::failing(Failure::At(fail, errno));
                let compacted = Dataset::open_on(journal.disk(), &path).unwrap().compact();
                let vacuumed = vacuum_on(journal.disk(), &path, NOW, 1);
                for error in [compacted.err(), vacuumed.err()].into_iter().flatten() {
                    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                }
                model.check(&path, None, "failed");
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn files_that_fit_are_taken_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let grid = Grid {
        chunk: Shape::new(&[4, 3]),
        block: Shape::new(&[2, 3]),
    };
    let options = options(&[4, 3], &[2, 3], 8);
    let mut dataset = Dataset::create(
        &path,
        DType::Int32,
        &Shape::new(&[0, 3]),
        Scalar::Int32(0),
        &options,
    )
    .unwrap();
    let mut bits = Bits(3);
    let mut expected = Vec::new();
    for (number, rows) in [5, 8, 1].into_iter().enumerate() {
        let name = folder.path().join(format!("{number}.b2nd"));
        let bytes: Vec<u8> = (0..rows * 3)
            .flat_map(|_| (bits.next() as i32).to_ne_bytes())
            .collect();
        write_frame(
            &name,
            DType::Int32,
            &Shape::new(&[rows, 3]),
            &grid,
            Options::default(),
            &bytes,
        )
        .unwrap();
        assert!(dataset.adopt(&name).unwrap());
        assert_eq!(std::fs::metadata(&name).unwrap().nlink(), 2);
        expected.extend(bytes);
    }
    dataset.commit().unwrap();
    assert_eq!(content(&path, None).1, expected);
    // Those that do not fit are left to be encoded again.
    let bytes = values(12, &mut bits);
    let other = |name: &str, dtype, extents: &[usize], grid: &Grid| {
        let name = folder.path().join(name);
        write_frame(
            &name,
            dtype,
            &Shape::new(extents),
            grid,
            Options::default(),
            &bytes[..extents.iter().product::<usize>() * 4],
        )
        .unwrap();
        name
    };
    let wide = Grid {
        chunk: Shape::new(&[4, 2]),
        block: Shape::new(&[2, 2]),
    };
    let dtype = other("dtype.b2nd", DType::Float32, &[2, 3], &grid);
    let extent = other("extent.b2nd", DType::Int32, &[2, 2], &wide);
    let chunk = other("chunk.b2nd", DType::Int32, &[2, 3], &wide);
    for name in [&dtype, &extent, &chunk, &folder.path().join("none.b2nd")] {
        assert!(!dataset.adopt(name).unwrap(), "{}", name.display());
    }
    assert!(
        Array::open(&dtype)
            .unwrap()
            .append_to_dataset(&mut dataset)
            .is_err()
    );
    assert!(
        Array::open(&extent)
            .unwrap()
            .append_to_dataset(&mut dataset)
            .is_err()
    );
    Array::open(&chunk)
        .unwrap()
        .append_to_dataset(&mut dataset)
        .unwrap();
    // What was not committed leaves the file alone.
    assert!(dataset.adopt(folder.path().join("0.b2nd")).unwrap());
    drop(dataset);
    assert_eq!(
        std::fs::metadata(folder.path().join("0.b2nd"))
            .unwrap()
            .nlink(),
        2
    );
    // A file that was taken and then changed is noticed.
    let mut stored = std::fs::read(folder.path().join("1.b2nd")).unwrap();
    stored.extend_from_slice(&[0; 7]);
    std::fs::write(folder.path().join("1.b2nd"), &stored).unwrap();
    let error = Array::open(&path).unwrap().to_vec::<i32>().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("reading rows 5 to 13 of version 2"),
        "{error}"
    );
}

/// A dataset of which something is damaged says what, and the rest is saved.
#[test]
fn damage_is_named_and_the_rest_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let shape = Shape::new(&[12, 5]);
    let mut dataset = Dataset::create(
        &path,
        DType::Float64,
        &shape,
        Scalar::Float64(1.0),
        &options(&[4, 5], &[2, 5], 4),
    )
    .unwrap();
    let values: Vec<f64> = (0..60).map(f64::from).collect();
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    dataset.replace(0, &[12, 5], &bytes).unwrap();
    dataset.set_attribute("unit", &"K".into()).unwrap();
    dataset.commit().unwrap();
    let file = |number: usize| {
        path.join("data").join(
            dataset.snapshot().slabs()[number]
                .file()
                .unwrap()
                .id
                .to_string(),
        )
    };
    assert!(dataset::verify(&path).unwrap().is_sound());
    let whole = std::fs::read(file(1)).unwrap();
    let mut bits = Bits(1);
    for _ in 0..40 {
        // Any bit.
        let mut changed = whole.clone();
        changed[bits.below(whole.len())] ^= 1 << bits.below(8);
        std::fs::write(file(1), &changed).unwrap();
        let report = dataset::verify(&path).unwrap();
        assert_eq!(report.rows.len(), 1);
        assert_eq!(report.rows[0].0, 4..8);
        // Other rows are read, and these are not read wrong.
        let array = Array::open(&path).unwrap();
        let mut read = vec![0; 8 * 5 * 4];
        array
            .read_box(&[8, 0], &[4, 5], &mut Default::default(), &mut read)
            .unwrap();
        assert!(read == bytes[8 * 5 * 8..]);
        if array
            .read_box(&[4, 0], &[4, 5], &mut Default::default(), &mut read)
            .is_ok()
        {
            assert!(read == bytes[4 * 5 * 8..8 * 5 * 8]);
        }
    }
    std::fs::remove_file(file(1)).unwrap();
    let error = Array::open(&path).unwrap().to_vec::<f64>().unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("reading rows 4 to 8 of version 2") && told.contains("fuseblock repair"),
        "{told}"
    );
    let array = Array::options().skip_damaged(true).open(&path).unwrap();
    assert_eq!(array.left_out().unwrap().elements(), 20);
    let out = folder.path().join("out.fbd");
    let repaired = dataset::repair(&path, &out, None).unwrap();
    assert_eq!(
        (repaired.version, repaired.files, repaired.whole),
        (2, 3, Some(1))
    );
    assert_eq!(repaired.lost.len(), 1);
    assert_eq!(repaired.lost[0].0, 4..8);
    let found: Vec<f64> = Array::open(&out).unwrap().to_vec().unwrap();
    assert!(found[20..40].iter().all(|value| value.is_nan()));
    assert!(found[..20] == values[..20] && found[40..] == values[40..]);
    let names = Dataset::open(&out).unwrap().snapshot().attributes().count();
    assert_eq!(names, 1);
    assert!(dataset::verify(&out).unwrap().is_sound());
    assert_eq!(
        dataset::repair(&path, &out, None).unwrap_err().kind(),
        ErrorKind::Argument
    );
    // A newest version that cannot be read.
    dataset.set_attribute("unit", &"C".into()).unwrap();
    dataset.commit().unwrap();
    std::fs::write(path.join("meta/00000000000000000003.manifest"), b"x").unwrap();
    let error = Array::open(&path).unwrap_err();
    assert!(
        error.help().unwrap().contains("version 2 can be read"),
        "{error}"
    );
    let repaired = dataset::repair(&path, folder.path().join("out2.fbd"), None).unwrap();
    assert_eq!((repaired.version, repaired.unreadable.len()), (2, 1));
    let repaired = dataset::repair(&path, folder.path().join("out3.fbd"), Some(1)).unwrap();
    assert!(repaired.lost.is_empty() && repaired.unreadable.is_empty());
}

#[test]
fn no_link_leads_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fbd");
    let mut dataset = Dataset::create(
        &path,
        DType::Int8,
        &Shape::new(&[4]),
        Scalar::Int8(0),
        &options(&[4], &[4], 4),
    )
    .unwrap();
    dataset.replace(0, &[4], &[1, 2, 3, 4]).unwrap();
    dataset.commit().unwrap();
    let file = path
        .join("data")
        .join(dataset.snapshot().slabs()[0].file().unwrap().id.to_string());
    let outside = folder.path().join("outside.b2nd");
    std::fs::rename(&file, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &file).unwrap();
    let error = Array::open(&path).unwrap().to_vec::<i8>().unwrap_err();
    assert!(error.message().contains("leads out"), "{error}");
}
