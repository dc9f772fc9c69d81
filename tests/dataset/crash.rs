//! Power that goes at any point, and requests that fail: a dataset is one of its versions, all that was told of included.

use std::path::Path;

use fuseblock::ErrorKind;
use fuseblock::store::dataset::Dataset;
use fuseblock::{DType, Scalar};

use crate::bits::Bits;
use crate::disk::{Failure, Journal, Request, Tree};
use crate::model::Model;

/// What the system says when there is no room, and when a device fails.
const ERRORS: [i32; 2] = [28, 5];

/// States that are looked at after each request.
const STATES: usize = 3;

/// How many versions were told of, in the end.
fn told_of(requests: &[Request]) -> usize {
    let told = |request: &Request| {
        if let Request::Told(number) = request {
            Some(*number)
        } else {
            None
        }
    };
    requests.iter().rev().find_map(told).unwrap_or(0)
}

/// Checks what may be left after each of some requests: one of `models`, none older than the last told of.
fn check_states(
    root: &Path,
    mut tree: Tree,
    requests: &[Request],
    bits: &mut Bits,
    mut check: impl FnMut(&Path, usize, &str, &mut Bits),
) {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("left");
    for point in 0..requests.len() {
        tree.apply(&requests[point]);
        let told = told_of(&requests[..=point]);
        for state in 0..STATES {
            tree.leave(root, &left, &mut || bits.next());
            check(&left, told, &format!("point {point} state {state}"), bits);
        }
    }
}

#[test]
fn power_may_go_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut checked, mut gone_on) = (0, 0);
    for case in 0..6 {
        let mut bits = Bits(case * 104_729 + 3);
        let root = folder.path().join(case.to_string());
        std::fs::create_dir(&root).unwrap();
        let path = root.join("a.fbd");
        let (mut first, mut model) = Model::create(&path, &mut bits);
        model.change(&mut first, &mut bits);
        first.commit().unwrap();
        drop(first);
        let tree = Tree::read(&root);
        let journal = Journal::default();
        let mut dataset = Dataset::open_on(journal.disk(), &path).unwrap();
        let mut versions = vec![model.clone()];
        for commit in 1..=3 {
            // So that each commit is a version.
            let before = dataset.snapshot().version();
            while dataset.snapshot().version() == before {
                model.change(&mut dataset, &mut bits);
                dataset.commit().unwrap();
            }
            journal.told(commit);
            versions.push(model.clone());
        }
        drop(dataset);
        check_states(
            &root,
            tree,
            &journal.requests(),
            &mut bits,
            |left, told, what, bits| {
                let left = left.join("a.fbd");
                let allowed = &versions[told..versions.len().min(told + 2)];
                let found = allowed.iter().find(|model| model.is(&left, None));
                let found = found.unwrap_or_else(|| panic!("case {case} {what}: none of {told}"));
                checked += 1;
                // And it goes on from there.
                if checked % 5 == 0 {
                    let mut model = found.clone();
                    let mut dataset = Dataset::open(&left).unwrap();
                    model.change(&mut dataset, bits);
                    dataset.commit().unwrap();
                    model.check(&left, None, &format!("case {case} {what}, then a change"));
                    gone_on += 1;
                }
            },
        );
    }
    assert!(checked > 500 && gone_on > 100, "{checked} {gone_on}");
}

#[test]
fn a_new_dataset_is_whole_or_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for case in 0..4 {
        let mut bits = Bits(case * 31 + 7);
        let root = folder.path().join(case.to_string());
        std::fs::create_dir(&root).unwrap();
        let path = root.join("a.fbd");
        let (tree, journal) = (Tree::read(&root), Journal::default());
        let (dataset, model) = Model::create_with(&mut bits, |shape, value, options| {
            let fill = Scalar::Int32(value);
            Dataset::create_on(journal.disk(), &path, DType::Int32, shape, fill, options).unwrap()
        });
        journal.told(1);
        drop(dataset);
        let mut there = 0;
        check_states(
            &root,
            tree,
            &journal.requests(),
            &mut bits,
            |left, told, what, _| {
                let left = left.join("a.fbd");
                match left.exists() {
                    true => model.check(&left, None, what),
                    false => assert_eq!(told, 0, "{what}"),
                }
                there += usize::from(left.exists());
            },
        );
        assert!(there > 0);
    }
}

/// Whatever request fails, the error says so, and the dataset is the version before or the one that failed.
#[test]
fn every_request_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    let (mut failed, mut poisoned) = (0, 0);
    for case in 0..5 {
        for errno in ERRORS {
            for fail in 0.. {
                let mut bits = Bits(case * 15_485_863 + 5);
                let path = folder.path().join(format!("{case}-{errno}-{fail}.fbd"));
                let (mut first, mut model) = Model::create(&path, &mut bits);
                model.change(&mut first, &mut bits);
                first.commit().unwrap();
                drop(first);
                let before = model.clone();
                let files = || std::fs::read_dir(path.join("data")).unwrap().count();
                let all = files();
                let journal = Journal::failing(Failure::At(fail, errno));
                let mut dataset = Dataset::open_on(journal.disk(), &path).unwrap();
                let mut change = || {
                    model.try_change(&mut dataset, &mut bits)?;
                    model.try_change(&mut dataset, &mut bits)
                };
                let error = match change() {
                    Err(error) => error,
                    Ok(()) => match dataset.commit() {
                        // Removing a temporary may fail, and nothing comes of it.
                        Ok(_) => {
                            model.check(&path, None, "committed");
                            if journal.requests().len() <= fail {
                                break;
                            }
                            continue;
                        }
                        Err(error) => {
                            let again = dataset.set_attribute("x", &0i64.into()).unwrap_err();
                            assert!(again.to_string().contains("an earlier commit"), "{again}");
                            poisoned += 1;
                            error
                        }
                    },
                };
                failed += 1;
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                let published = dataset.set_attribute("x", &0i64.into()).is_err();
                drop(dataset);
                let found = [&before, &model]
                    .into_iter()
                    .any(|model| model.is(&path, None));
                assert!(found, "case {case} request {fail}");
                if !published {
                    assert_eq!(files(), all, "case {case} request {fail}: files are left");
                }
                let mut dataset = Dataset::open(&path).unwrap();
                dataset.set_attribute("x", &1i64.into()).unwrap();
                dataset.commit().unwrap();
            }
        }
    }
    assert!(failed > 100 && poisoned > 20, "{failed} {poisoned}");
}

/// Where the answer to a link is lost, as it may be on a server, or says that the name is there already: the version is
/// published once, and it is known.
#[test]
fn a_lost_answer_is_no_lost_commit() {
    let folder = tempfile::tempdir().unwrap();
    for (case, errno) in [5, 17, 110].into_iter().enumerate() {
        let mut bits = Bits(case as u64 + 99);
        let path = folder.path().join(format!("{case}.fbd"));
        let (first, mut model) = Model::create(&path, &mut bits);
        drop(first);
        let journal = Journal::failing(Failure::LostLinks(errno));
        let mut dataset = Dataset::open_on(journal.disk(), &path).unwrap();
        for _ in 0..10 {
            model.change(&mut dataset, &mut bits);
            let version = dataset.commit().unwrap();
            model.check(&path, Some(version), "with the answer lost");
        }
        let versions = std::fs::read_dir(path.join("meta")).unwrap().count();
        assert_eq!(versions as u64, dataset.snapshot().version());
    }
}
