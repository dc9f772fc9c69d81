//! The command line with datasets.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a command prints, on standard output and error, and whether it succeeds.
fn run(folder: &Path, words: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fuseblock"));
    command
        .args(words.split_whitespace())
        .current_dir(folder)
        .env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.success(),
        text(&output.stdout) + &text(&output.stderr),
    )
}

fn done(folder: &Path, words: &str) -> String {
    let (success, text) = run(folder, words);
    assert!(success, "{words}: {text}");
    text.trim_end().to_string()
}

fn refused(folder: &Path, words: &str) -> String {
    let (success, text) = run(folder, words);
    assert!(!success, "{words}: {text}");
    text
}

fn json(folder: &Path, words: &str) -> Value {
    serde_json::from_str(&run(folder, words).1).unwrap()
}

#[test]
fn datasets_are_written_read_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    done(here, "eval index(0,(100,3)) -o a.fbd --chunks 10,3");
    assert_eq!(done(here, "eval sum(x) x=a.fbd"), "14850");
    done(here, "convert a.fbd b.b2nd --chunks 10,3");
    assert_eq!(done(here, "append a.fbd b.b2nd"), "committed 200");
    let reply = json(here, "append a.fbd b.b2nd --json");
    assert_eq!(
        (&reply["committed"], &reply["adopted"]),
        (&300.into(), &true.into())
    );
    done(here, "eval index(0,(5,3)) -o small.npy");
    for rows in [305, 310] {
        assert_eq!(
            done(here, "append a.fbd small.npy"),
            format!("committed {rows}")
        );
    }
    assert_eq!(done(here, "eval sum(x) x=a.fbd@1"), "14850");
    assert_eq!(done(here, "eval sum(a) a.fbd@2"), "29700");
    // A file of this very name comes first.
    std::fs::copy(here.join("small.npy"), here.join("a.fbd@2")).unwrap();
    assert_eq!(done(here, "eval sum(x) x=a.fbd@2"), "30");
    let error = refused(here, "eval sum(x) x=a.fbd@9");
    assert!(error.contains("there are versions 1 to 5"), "{error}");
    assert!(done(here, "head a.fbd -n 1,2").contains("of which (1, 2)"));
    let info = json(here, "info a.fbd --json");
    let (info, dataset) = (&info["info"], &info["info"]["dataset"]);
    assert_eq!(
        (&info["kind"], &info["shape"][0]),
        (&"dataset".into(), &310.into())
    );
    assert_eq!(
        (&dataset["version"], &dataset["slabs"], &dataset["files"]),
        (&5.into(), &5.into(), &5.into())
    );
    let text = done(here, "info a.fbd");
    assert!(text.contains("slabs  5 (5 files)"), "{text}");
    let history = json(here, "info a.fbd --history --json");
    let rows: Vec<_> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["rows"].clone())
        .collect();
    assert_eq!(rows, [100, 200, 300, 305, 310]);
    assert!(done(here, "verify a.fbd").contains("every checksum is right"));
    assert!(done(here, "compact a.fbd").contains("slabs -> "));
    assert_eq!(
        done(here, "eval sum(x) x=a.fbd"),
        (14_850 * 3 + 30 * 2).to_string()
    );
    let vacuumed = json(here, "vacuum a.fbd --grace 0 --json");
    assert!(vacuumed["files"].as_u64().unwrap() > 0, "{vacuumed}");
    assert_eq!(
        done(here, "eval sum(x) x=a.fbd"),
        (14_850 * 3 + 30 * 2).to_string()
    );
    // A next version with other content.
    done(here, "eval x*2.5 x=small.npy -o a.fbd");
    assert_eq!(json(here, "info a.fbd --json")["info"]["dtype"], "<f8");
    // What does not apply says what does.
    assert!(refused(here, "seal a.fbd").contains("fuseblock verify"));
    assert!(refused(here, "append a.fbd small.npy --chunks 1,1").contains("keeps its chunks"));
    assert!(refused(here, "append a.fbd b.b2nd").contains("cannot be appended"));
    assert!(
        refused(here, "vacuum b.b2nd").contains("directory")
            || refused(here, "vacuum b.b2nd").contains("dataset")
    );
    assert!(refused(here, "info b.b2nd --history").len() > 10);
    assert!(refused(here, "eval 1+1 -o s.fbd").contains("without axes"));
    assert!(refused(here, "eval index(0,(5,3)) -o z.fbd --sparse").contains("sparse"));
    std::fs::create_dir(here.join("dir.fbd")).unwrap();
    assert!(refused(here, "eval index(0,(5,3)) -o dir.fbd").contains("no dataset"));
    assert!(refused(here, "repair a.fbd out.b2nd").contains("`.fbd`"));
    // Damage.
    let file = std::fs::read_dir(here.join("a.fbd/data")).unwrap();
    let newest = file
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    std::fs::remove_file(newest.unwrap()).unwrap();
    let error = refused(here, "verify a.fbd");
    assert!(error.contains("damaged or missing: 1 file of 1"), "{error}");
    assert!(refused(here, "eval sum(x) x=a.fbd").contains("reading rows 0 to 5"));
    let (_, skipped) = run(here, "eval sum(x) x=a.fbd --skip-damaged");
    assert!(
        skipped.contains("15 of 15 elements are left out"),
        "{skipped}"
    );
    let error = refused(here, "repair a.fbd out.fbd");
    assert!(
        error.contains("NaN or zeros") && error.contains("repair a.fbd@"),
        "{error}"
    );
    assert_eq!(done(here, "eval nancount(x) x=out.fbd"), "0");
    let reply = json(here, "repair a.fbd out2.fbd --json");
    assert_eq!(
        (&reply["ok"], &reply["lost"][0]["rows"]),
        (&false.into(), &vec![0, 5].into())
    );
    let whole = reply["whole"].as_u64().unwrap();
    done(here, &format!("repair a.fbd@{whole} out3.fbd"));
    assert_eq!(
        done(here, "eval sum(x) x=out3.fbd"),
        (14_850 * 3 + 30 * 2).to_string()
    );
}

/// Chunks that cross those of the array, and attributes that go along.
#[test]
fn any_array_is_converted_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    done(here, "eval random(1,(300,200)) -o a.b2nd --chunks 16,200");
    for options in [
        "",
        "--chunks 300,7",
        "--codec zstd --level 3 --filters bitshuffle",
        "--chunks 33,200 --blocks 5,50",
    ] {
        done(here, &format!("convert a.b2nd b.fbd {options}"));
        assert_eq!(
            done(here, "eval all(a==b) a.b2nd b.fbd"),
            "True",
            "{options}"
        );
        done(here, "convert b.fbd c.b2nd");
        assert_eq!(
            done(here, "eval all(a==c) a.b2nd c.b2nd"),
            "True",
            "{options}"
        );
    }
    assert_eq!(
        json(here, "info b.fbd --json")["info"]["dataset"]["version"],
        4
    );
}
