//! The command line as a person or a program meets it: what the docs show is run and compared,
//! exit codes and JSON replies hold, and hostile input ends in a clear error.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn fuseblock() -> &'static str {
    env!("CARGO_BIN_EXE_fuseblock")
}

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(fuseblock())
        .args(args)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()
        .expect("fuseblock starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

/// Requests to the batch mode, and its replies.
fn batch(dir: &Path, args: &[&str], requests: &[u8]) -> Vec<serde_json::Value> {
    let mut child = Command::new(fuseblock())
        .arg("repl")
        .arg("--json")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("fuseblock starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let requests = requests.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&requests).expect("requests are read"));
    let output = child.wait_with_output().expect("fuseblock ends");
    writer.join().expect("the writer ends");
    assert!(output.status.success(), "{:?}", output.status);
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a reply is JSON"))
        .collect()
}

/// Runs the ```` ```console ```` blocks of a page in one folder: lines after `$ ` are commands,
/// the lines below them what they print. A line `...` stands for any lines, `...` at the end of a
/// line for any rest of it.
fn check_page(page: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let bin = Path::new(fuseblock())
        .parent()
        .expect("a folder of the binary");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut ran = 0;
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().expect("a block ends");
        for step in block.split("$ ").skip(1) {
            let (command, expected) = step.split_once('\n').expect("a command ends its line");
            let output = Command::new("sh")
                .args(["-c", command])
                .current_dir(dir.path())
                .env("PATH", &path)
                .env("NO_COLOR", "1")
                .output()
                .expect("sh starts");
            let shown = text(&output.stderr) + &text(&output.stdout);
            assert!(
                matches(expected, &shown),
                "{command}\nshown:\n{shown}\nin the page:\n{expected}"
            );
            ran += 1;
        }
    }
    assert!(ran > 0, "the page shows no commands");
}

fn matches(expected: &str, shown: &str) -> bool {
    let expected: Vec<&str> = expected.trim_end().lines().collect();
    let shown: Vec<&str> = shown.trim_end().lines().collect();
    match expected.first() {
        None => shown.is_empty(),
        Some(&"...") => {
            let rest = expected[1..].join("\n");
            (0..=shown.len()).any(|skip| matches(&rest, &shown[skip..].join("\n")))
        }
        Some(line) => {
            let Some(first) = shown.first() else {
                return false;
            };
            let same = match line.strip_suffix("...") {
                Some(start) => first.starts_with(start),
                None => first == line,
            };
            same && matches(&expected[1..].join("\n"), &shown[1..].join("\n"))
        }
    }
}

#[test]
fn the_readme_shows_what_happens() {
    check_page(include_str!("../README.md"));
}

#[test]
fn the_page_of_the_command_line_shows_what_happens() {
    check_page(include_str!("../docs/cli.md"));
}

#[test]
fn exit_codes_tell_whose_mistake_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let code = |args: &[&str]| run(dir.path(), args).status.code();
    assert_eq!(code(&["eval", "1 + 1"]), Some(0));
    assert_eq!(code(&["eval", "1 +"]), Some(1));
    assert_eq!(code(&["eval", "x", "x=missing.b2nd"]), Some(1));
    assert_eq!(code(&["eval", "2 ** (arange(3) - 1)"]), Some(1));
    assert_eq!(code(&["evaluate", "1"]), Some(2));
    assert_eq!(code(&["eval", "1", "--threads", "0"]), Some(2));
    assert_eq!(code(&["eval", "1", "--max-memory", "much"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn scalars_print_plainly() {
    let dir = tempfile::tempdir().expect("a folder");
    for (expr, shown) in [
        ("sum(arange(10))", "45\n"),
        ("1/3", "0.3333333333333333\n"),
        ("2 > 1", "True\n"),
    ] {
        assert_eq!(
            text(&run(dir.path(), &["eval", expr]).stdout),
            shown,
            "{expr}"
        );
    }
}

#[test]
fn numbers_in_json_keep_every_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    let program = "full((1,), 18446744073709551615, uint64), full((1,), 0.1, float32), full((2,), nan), full((1,), -inf), full((1,), True)";
    let output = run(dir.path(), &["eval", program, "--json"]);
    let shown = text(&output.stdout);
    for data in [
        "[18446744073709551615]",
        "[0.1]",
        r#"["NaN","NaN"]"#,
        r#"["-Infinity"]"#,
        "[true]",
    ] {
        assert!(
            shown.contains(&format!(r#""data":{data}"#)),
            "{data} in {shown}"
        );
    }
}

#[test]
fn a_session_goes_on_after_an_error_and_replies_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let requests = b"x = arange(5)\nsum(x)\nsum(y)\n:open z=missing.npy\n:nonsense\n\n\xff\xfe\nmax(x), min(x)\n";
    let replies = batch(dir.path(), &[], requests);
    let ok: Vec<bool> = replies.iter().map(|reply| reply["ok"] == true).collect();
    assert_eq!(ok, [true, true, false, false, false, false, false, true]);
    assert_eq!(replies[0]["outputs"][0]["dtype"], "int64");
    assert_eq!(replies[1]["outputs"][0]["data"][0], 10);
    assert_eq!(replies[2]["error"]["code"], "E0201");
    assert_eq!(replies[3]["error"]["path"], "missing.npy");
    assert_eq!(replies[7]["outputs"][1]["data"][0], 0);
}

#[test]
fn functions_are_kept_from_line_to_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let requests = b"f(x, y) = x * y\ng(x) = f(x, 2) + k\nk = 3; g(x) = f(x, y=2) + k\n\
        g(arange(3))\nf(x) = f(x)\nz = g(1)\ng(2) - z\n";
    let replies = batch(dir.path(), &[], requests);
    let ok: Vec<bool> = replies.iter().map(|reply| reply["ok"] == true).collect();
    assert_eq!(ok, [true, false, true, true, false, true, true]);
    assert_eq!(replies[0]["defined"], "f(x, y)");
    assert_eq!(replies[1]["error"]["code"], "E0201");
    assert_eq!(replies[2]["defined"], "g(x)");
    assert_eq!(
        replies[3]["outputs"][0]["data"],
        serde_json::json!([3, 5, 7])
    );
    assert_eq!(replies[4]["error"]["code"], "E0220");
    assert_eq!(replies[5]["outputs"][0]["dtype"], "int64");
    assert_eq!(replies[6]["outputs"][0]["data"][0], 2);
    let program = "f(x) = x + 1 # one more\n\n# twice\ny = f(f(1))\ny * 2";
    let shown = run(dir.path(), &["eval", program]);
    assert_eq!(text(&shown.stdout), "6\n");
    let shown = run(dir.path(), &["eval", "f(x) = x"]);
    assert_eq!(shown.status.code(), Some(1));
}

#[test]
fn a_line_without_end_is_one_error() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut requests = vec![b'('; 3 << 20];
    requests.extend_from_slice(b"\n1 + 1\n");
    let replies = batch(dir.path(), &[], &requests);
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0]["error"]["code"], "E0401");
    assert_eq!(replies[1]["outputs"][0]["data"][0], 2);
}

#[test]
fn results_go_to_files_and_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let saved = run(
        dir.path(),
        &["eval", "arange(12.0); arange(3)", "-o", "x.npy"],
    );
    assert_eq!(saved.status.code(), Some(0), "{}", text(&saved.stderr));
    let replies = batch(
        dir.path(),
        &["x.npy"],
        b":save x * 2 y.npy\n:open y=y.npy\nsum(y), sum(x)\n",
    );
    assert_eq!(replies[0]["outputs"][0]["path"], "y.npy");
    assert_eq!(replies[2]["outputs"][0]["data"][0], 6);
    assert_eq!(replies[2]["outputs"][1]["data"][0], 3);
}

#[test]
fn arrays_are_converted_and_appended() {
    let dir = tempfile::tempdir().expect("a folder");
    let good = |args: &[&str]| {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    good(&["eval", "reshape(arange(600.0), (100, 6))", "-o", "x.npy"]);
    let said = good(&[
        "convert", "x.npy", "x.b2nd", "--codec", "zstd", "--chunks", "30,6", "--blocks", "7,3",
    ]);
    assert!(said.contains("float64(100, 6) -> x.b2nd"), "{said}");
    let info = good(&["info", "x.b2nd"]);
    assert!(info.contains("zstd") && info.contains("(30, 6)"), "{info}");
    assert_eq!(good(&["append", "x.b2nd", "x.npy"]), "committed 200\n");
    // What there is none of is made.
    assert_eq!(
        good(&["append", "new.b2nd", "x.b2nd", "--json"]),
        "{\"committed\":200}\n"
    );
    assert_eq!(
        good(&["eval", "sum(x), sum(new)", "x.b2nd", "new.b2nd", "--json"])
            .matches("359400")
            .count(),
        2
    );
    // Zip files and folders, with what they had besides elements.
    good(&["convert", "x.b2nd", "x.npz"]);
    good(&[
        "convert",
        "x.npz",
        "parts.b2nd",
        "--sparse",
        "--chunks",
        "50,6",
    ]);
    assert!(good(&["info", "parts.b2nd"]).contains("sparse"));
    good(&[
        "eval",
        "p - z",
        "p=parts.b2nd",
        "z=x.npz:arr_0",
        "-o",
        "zero.npz",
    ]);
    assert_eq!(good(&["eval", "sum(abs(zero))", "zero.npz"]), "0.0\n");
    good(&[
        "eval",
        "x * 2",
        "x=parts.b2nd",
        "-o",
        "two.b2nd",
        "--sparse",
    ]);
    assert!(dir.path().join("two.b2nd/00000000.chunk").exists());
    let said = good(&["verify", "x.b2nd"]);
    assert!(
        said.contains("every checksum is right; seal: whole"),
        "{said}"
    );
    let before = std::fs::metadata(dir.path().join("x.b2nd"))
        .expect("is there")
        .len();
    good(&["compact", "x.b2nd"]);
    let after = std::fs::metadata(dir.path().join("x.b2nd"))
        .expect("is there")
        .len();
    assert!(after < before, "{after} of {before}");
    assert!(good(&["verify", "x.b2nd", "--json"]).contains("\"seal\":\"whole\""));
    assert_eq!(good(&["eval", "sum(x)", "x.b2nd"]), "359400.0\n");
    let wrong = |args: &[&str], words: &str| {
        let output = run(dir.path(), args);
        assert_ne!(output.status.code(), Some(0));
        let shown = text(&output.stderr);
        assert!(shown.contains(words), "{shown}");
    };
    good(&["eval", "arange(6)", "-o", "i.npy"]);
    wrong(
        &["append", "x.b2nd", "i.npy"],
        "int64 elements cannot be appended to an array of float64",
    );
    wrong(&["append", "x.npy", "x.npy"], "x.npy");
    wrong(
        &["append", "parts.b2nd", "x.npy"],
        "a directory of chunks is not changed in place",
    );
    wrong(
        &["convert", "x.npy", "parts.b2nd", "--sparse"],
        "remove it first",
    );
    wrong(&["append", "x.b2nd", "none.npy"], "none.npy");
    wrong(
        &["append", "x.b2nd", "x.npy", "--chunks", "7,7"],
        "keeps its chunks",
    );
    wrong(&["append", "y.npy", "x.npy"], "a name that ends in `.b2nd`");
    wrong(
        &["repair", "x.b2nd", "y.npy"],
        "a name that ends in `.b2nd`",
    );
    good(&["eval", "1", "-o", "one.npy"]);
    wrong(&["append", "y.b2nd", "one.npy"], "without axes");
    wrong(&["compact", "x.npy"], "does not begin with b2frame");
    assert!(!dir.path().join("x.npy.b2lock").exists());
    wrong(
        &[
            "convert", "x.npy", "y.b2nd", "--chunks", "9,6", "--blocks", "10,6",
        ],
        "larger than chunks",
    );
    wrong(
        &["convert", "x.npy", "x.csv"],
        "a name that ends in `.b2nd`, `.fbd`, `.npy` or `.npz`",
    );
    wrong(
        &["convert", "x.npy", "y.b2nd", "--codec", "lz5"],
        "did you mean `lz4`?",
    );
    wrong(
        &["convert", "x.npy", "y.b2nd", "--filters", "shufle"],
        "did you mean `shuffle`?",
    );
    wrong(
        &["convert", "x.npy", "y.b2nd", "--filters", "shuffle,delta"],
        "`delta` has to be the first filter",
    );
    wrong(
        &["convert", "x.npy", "y.b2nd", "--chunks", "10"],
        "one number for each axis",
    );
    wrong(
        &["convert", "x.npy", "y.b2nd", "--chunks", "10,x"],
        "integers with commas",
    );
    assert!(!dir.path().join("y.b2nd").exists());
    // A flipped bit of a chunk.
    let mut bytes = std::fs::read(dir.path().join("x.b2nd")).expect("is there");
    bytes[400] ^= 4;
    std::fs::write(dir.path().join("x.b2nd"), bytes).expect("writes");
    wrong(&["eval", "sum(x)", "x.b2nd"], "checksum");
    wrong(&["eval", "sum(x)", "x.b2nd", "--verify", "never"], "E0304");
    wrong(&["verify", "x.b2nd"], "1 of 7 chunks are damaged: 0");
    wrong(&["compact", "x.b2nd"], "checksum");
    // Repaired, it has all else; and a header that is gone is in the seal.
    wrong(
        &["repair", "x.b2nd", "whole.b2nd"],
        "1 of 7 chunks are lost: 0",
    );
    let said = good(&["eval", "sum(isnan(x)), sum(x[30:] > 0)", "x=whole.b2nd"]);
    assert_eq!(said, "sum(isnan(x)) = 180\nsum(x[30:] > 0) = 1019\n");
    let output = run(dir.path(), &["repair", "x.b2nd", "whole.b2nd", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let reply: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a reply is JSON");
    assert_eq!((&reply["ok"], &reply["chunks"]), (&false.into(), &7.into()));
    assert_eq!(reply["lost"][0]["chunk"], 0);
    let mut bytes = std::fs::read(dir.path().join("whole.b2nd")).expect("is there");
    bytes[..90].fill(0);
    std::fs::write(dir.path().join("torn.b2nd"), bytes).expect("writes");
    assert_eq!(
        good(&["repair", "torn.b2nd", "again.b2nd"]),
        "header: restored from the copy in the seal\n\
         chunks found by the seal: 7 chunks\n\
         recovered 7 of 7 chunks -> again.b2nd, sealed\n"
    );
    wrong(
        &["repair", "x.npy", "y.b2nd"],
        "does not begin with b2frame",
    );
    // What the seal says is believed, and a chunk that does not decode is never sealed.
    wrong(&["seal", "x.b2nd"], "seal --accept x.b2nd");
    wrong(&["seal", "x.b2nd", "--accept"], "E0304");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_work() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), &["eval", "arange(3)", "-o", "x.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("a name that ends in `.b2nd`, `.fbd`, `.npy` or `.npz`"),
        "{}",
        text(&output.stderr)
    );
    let output = run(
        dir.path(),
        &["eval", "arange(3)", "-o", "no/such/folder/x.npy"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[test]
fn a_result_above_the_memory_limit_names_its_size_and_the_way_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(
        dir.path(),
        &["eval", "linspace(0, 1, 1000000)", "--max-memory", "1MB"],
    );
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stderr);
    assert!(
        shown.contains("7.6 MiB") && shown.contains("-o OUT.b2nd"),
        "{shown}"
    );
    let output = run(
        dir.path(),
        &[
            "eval",
            "sum(linspace(0, 1, 1000000))",
            "--max-memory",
            "1MB",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn intermediate_results_count_as_memory_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let program = "sum(sum(zeros((1000000000000, 2)), axis=1))";
    for verb in ["eval", "explain"] {
        let output = run(dir.path(), &[verb, program]);
        let shown = text(&output.stderr) + &text(&output.stdout);
        match verb {
            "eval" => assert!(
                shown.contains("an intermediate result needs 7.3 TiB"),
                "{shown}"
            ),
            _ => assert!(shown.contains("pass 1 of"), "{shown}"),
        }
    }
}

#[test]
fn outputs_do_not_overwrite_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(
        dir.path(),
        &["eval", "1, 2", "-o", "x.npy", "-o", "./x.npy"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("two outputs would go to"));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[test]
fn an_expression_may_start_with_a_sign() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = run(dir.path(), &["eval", "-arange(3)", "--threads", "1"]);
    assert_eq!(
        text(&output.stdout),
        "[ 0 -1 -2]\n",
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_name_means_one_operand() {
    let dir = tempfile::tempdir().expect("a folder");
    run(dir.path(), &["eval", "arange(3)", "-o", "x.npy"]);
    for verb in ["eval", "explain"] {
        let output = run(dir.path(), &[verb, "x", "x=x.npy", "x.npy"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("two operands are called `x`"));
    }
}

#[test]
fn members_of_a_zip_file_are_operands() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests/store/data");
    let shown = |args: &[&str]| {
        let output = run(&dir, args);
        text(&output.stdout) + &text(&output.stderr)
    };
    let program = "sum(where(mask, temperature, 0)) + mean(t)";
    let operands = [
        "two.npz:mask.npy",
        "two.npz:temperature",
        "t=two.npz:mask:uint8",
    ];
    let [mask, temperature, t] = operands;
    let sum = shown(&["eval", program, mask, temperature, t]);
    assert_eq!(sum, "19.571428571428573\n");
    let info = shown(&["info", "two.npz"]);
    for line in [
        "        kind  zip file\n",
        "      member  temperature.npy: <f8 (2, 7), 240 B in 240 B stored\n",
        "      member  mask.npy: |b1 (2, 7), 142 B in 142 B stored\n",
    ] {
        assert!(info.contains(line), "{line} in {info}");
    }
    let info: serde_json::Value =
        serde_json::from_str(&shown(&["info", "deflated.npz", "--json"])).expect("JSON");
    let member = &info["info"]["members"][0];
    assert_eq!(member["method"], "deflated");
    assert_eq!(member["computes"], "int32");
    assert_eq!(member["shape"], serde_json::json!([5, 7]));
    let head = shown(&["head", "two.npz:temperature", "-n", "1"]);
    assert!(
        head.starts_with("float64 (2, 7), of which (1, 7)\n"),
        "{head}"
    );
    let head = shown(&["head", "two.npz:temperature", "-n", "2,3"]);
    assert!(
        head.starts_with("float64 (2, 7), of which (2, 3)\n"),
        "{head}"
    );
    let head = shown(&["head", "records.npy"]);
    assert!(
        head.contains("0000000000000000000000000000000000000000"),
        "{head}"
    );
    let replies = batch(
        &dir,
        &[temperature],
        b":open m=two.npz:mask\nsum(m)\n:open n=two.npz\n",
    );
    assert_eq!(replies[1]["outputs"][0]["data"][0], 8);
    assert_eq!(replies[2]["error"]["code"], "E0505");
}
