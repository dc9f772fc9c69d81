//! Program files: what opens like an array and is computed when it is read.
#![allow(clippy::unwrap_used, reason = "functions of a test, too, may fail it")]

use std::path::Path;

use fuseblock::expr::save_program;
use fuseblock::session::{Reply, Session};
use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{DType, Grid, Shape};
use fuseblock::{Array, Error, Expr};

/// Numbers from `first` on, in blocks of 4 x 25.
fn write(path: &Path, first: f64) {
    let shape = Shape::new(&[40, 50]);
    let grid = Grid {
        chunk: Shape::new(&[20, 50]),
        block: Shape::new(&[4, 25]),
    };
    let bytes: Vec<u8> = (0..2000)
        .flat_map(|at| (first + f64::from(at)).to_ne_bytes())
        .collect();
    write_frame(
        path,
        DType::Float64,
        &shape,
        &grid,
        Options::default(),
        &bytes,
    )
    .unwrap();
}

/// `x.b2nd` and `y.b2nd` in a folder, and a program there.
fn program(folder: &Path, name: &str, text: &str, operands: &[(&str, &str)]) -> Result<(), Error> {
    let texts: Vec<(String, String)> = operands
        .iter()
        .map(|(name, file)| (name.to_string(), folder.join(file).display().to_string()))
        .collect();
    save_program(folder.join(name), text, &texts, &Array::options()).map(|_| ())
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("x.b2nd"), 0.0);
    write(&folder.path().join("y.b2nd"), 5000.0);
    folder
}

fn f64s(expr: &str, operands: &[(&str, &Array<'_>)]) -> Vec<f64> {
    let evaluated = Expr::new(expr).unwrap().eval(operands).unwrap();
    evaluated.array(0).to_vec().unwrap()
}

#[test]
fn a_program_is_an_array() {
    let folder = folder();
    let home = folder.path();
    program(
        home,
        "v.fbe",
        "d = y - x\nd * 2 + x",
        &[("x", "x.b2nd"), ("y", "y.b2nd")],
    )
    .unwrap();
    let text = std::fs::read_to_string(home.join("v.fbe")).unwrap();
    assert!(text.starts_with("fuseblock program 1\n"), "{text}");
    assert!(
        text.contains("operand x: float64(40, 50) = x.b2nd\n"),
        "{text}"
    );
    let v = Array::open(home.join("v.fbe")).unwrap();
    assert_eq!((v.dtype(), &v.shape()[..]), (DType::Float64, &[40, 50][..]));
    let whole: Vec<f64> = (0..2000).map(|at| 10_000.0 + f64::from(at)).collect();
    // In one expression, in another one's names, and read directly.
    assert_eq!(f64s("v", &[("v", &v)]), whole);
    assert_eq!(v.to_vec::<f64>().unwrap(), whole);
    let y = Array::from_vec(vec![1.0; 50], &[50]).unwrap();
    let sums = f64s("x = 3; sum(v * y, axis=1) + x", &[("v", &v), ("y", &y)]);
    let rows = whole.chunks(50).map(|row| row.iter().sum::<f64>() + 3.0);
    assert_eq!(sums, rows.collect::<Vec<_>>());
    // The names of the program are its own.
    for name in ["x", "y", "d"] {
        let unknown = Expr::new(name).unwrap().eval(&[("v", &v)]).unwrap_err();
        assert!(unknown.to_string().contains("not bound"), "{unknown}");
    }
    let x = Array::open(home.join("y.b2nd")).unwrap();
    assert_eq!(f64s("max(v - x)", &[("v", &v), ("x", &x)]), [5000.0]);
    // Two programs that differ in their text alone.
    program(home, "w.fbe", "y - x", &[("x", "x.b2nd"), ("y", "y.b2nd")]).unwrap();
    let w = Array::open(home.join("w.fbe")).unwrap();
    let sum = Expr::new("min(p)").unwrap();
    let first = |array: &Array<'_>| {
        sum.eval(&[("p", array)])
            .unwrap()
            .array(0)
            .to_vec::<f64>()
            .unwrap()
    };
    assert_eq!(
        (first(&v), first(&w), first(&v)),
        (vec![10_000.0], vec![5000.0], vec![10_000.0])
    );
}

#[test]
fn only_what_a_slice_needs_is_computed() {
    let folder = folder();
    let home = folder.path();
    program(home, "v.fbe", "sqrt(x)", &[("x", "x.b2nd")]).unwrap();
    program(home, "u.fbe", "v + 1", &[("v", "v.fbe")]).unwrap();
    let u = Array::open(home.join("u.fbe")).unwrap();
    let bound = Expr::new("u[4:8, 25:]")
        .unwrap()
        .bind(&[("u", &u)])
        .unwrap();
    let evaluated = bound.run().unwrap();
    assert_eq!(evaluated.stats().blocks_decoded, 1);
    assert_eq!(
        evaluated.array(0).to_vec::<f64>().unwrap()[0],
        225f64.sqrt() + 1.0
    );
    let bound = Expr::new("max(u)")
        .unwrap()
        .bind(&[("u", &u)])
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(
        bound.scalar().unwrap().to_string(),
        (1999f64.sqrt() + 1.0).to_string()
    );
    let mut session = Session::new();
    session
        .open("q", home.join("u.fbe").to_str().unwrap())
        .unwrap();
    session.statement("r = q * 2").unwrap();
    let Reply::Ready(bound) = session.statement("min(r)").unwrap() else {
        unreachable!()
    };
    assert_eq!(bound.run().unwrap().scalar().unwrap().to_string(), "2.0");
}

/// A binding goes on with the program it was made of, an operand with what has its name now.
#[test]
fn a_session_does_not_mix_programs() {
    let folder = folder();
    let home = folder.path();
    program(home, "p.fbe", "u + 1", &[("u", "x.b2nd")]).unwrap();
    program(home, "q.fbe", "u * w", &[("u", "y.b2nd"), ("w", "x.b2nd")]).unwrap();
    let mut session = Session::new();
    let open = |session: &mut Session, file: &str| {
        session
            .open("p", home.join(file).to_str().unwrap())
            .unwrap();
    };
    let ask = |session: &mut Session, text: &str| {
        let Reply::Ready(bound) = session.statement(text).unwrap() else {
            unreachable!()
        };
        bound.run().unwrap().scalar().unwrap().to_string()
    };
    open(&mut session, "p.fbe");
    session.statement("y = max(p)").unwrap();
    assert_eq!(ask(&mut session, "y + 0"), "2000.0");
    open(&mut session, "q.fbe");
    assert_eq!(ask(&mut session, "y + 0"), "2000.0");
    assert_eq!(
        ask(&mut session, "max(p)"),
        (6999.0 * 1999.0).to_string() + ".0"
    );
    session.statement("z = max(p)").unwrap();
    open(&mut session, "x.b2nd");
    assert_eq!(ask(&mut session, "max(p)"), "1999.0");
    assert_eq!(ask(&mut session, "y + 0"), "2000.0");
    session.statement("v = max(p)").unwrap();
    // What was an operand when it was bound is the array that has its name.
    open(&mut session, "p.fbe");
    assert_eq!(ask(&mut session, "v + 0"), "2000.0");
    assert_eq!(
        ask(&mut session, "z + 0"),
        (6999.0 * 1999.0).to_string() + ".0"
    );
}

#[test]
fn a_program_over_a_damaged_file_can_leave_it_out() {
    let folder = folder();
    let home = folder.path();
    let path = home.join("x.b2nd");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[400] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    program(home, "v.fbe", "x + 1", &[("x", "x.b2nd")]).unwrap();
    let v = Array::options()
        .skip_damaged(true)
        .open(home.join("v.fbe"))
        .unwrap();
    let found = f64s("max(v) + min(v)", &[("v", &v)]);
    let x = Array::options().skip_damaged(true).open(&path).unwrap();
    assert_eq!(found, f64s("max(x) + min(x) + 2", &[("x", &x)]));
    assert!(Expr::new("v").unwrap().bind(&[("v", &v)]).is_err());
}

#[test]
fn programs_open_so_many_arrays_and_no_more() {
    let folder = folder();
    let home = folder.path();
    let text = |file: &str| {
        let operands: String = (0..20)
            .map(|at| format!("operand a{at}: float64(40, 50) = {file}\n"))
            .collect();
        format!("fuseblock program 1\n{operands}result: float64(40, 50)\n\na0 + a19\n")
    };
    let mut before = "x.b2nd".to_string();
    for level in 0..4 {
        let name = format!("{level}.fbe");
        std::fs::write(home.join(&name), text(&before)).unwrap();
        before = name;
    }
    assert!(Array::open(home.join("1.fbe")).is_ok());
    let many = Array::open(home.join("3.fbe")).unwrap_err().to_string();
    assert!(many.contains("more than 1024 arrays"), "{many}");
}

#[test]
fn shapes_of_any_kind_are_read() {
    let folder = folder();
    let home = folder.path();
    for (text, shape) in [
        ("sum(x)", vec![]),
        ("x[:0]", vec![0, 50]),
        ("x[::3, ::-7].T", vec![8, 14]),
        ("cumulative_sum(x, axis=0)", vec![40, 50]),
        ("x.reshape((4, 10, 50)) > 7", vec![4, 10, 50]),
    ] {
        program(home, "s.fbe", text, &[("x", "x.b2nd")]).unwrap();
        let (s, x) = (
            Array::open(home.join("s.fbe")).unwrap(),
            Array::open(home.join("x.b2nd")).unwrap(),
        );
        assert_eq!(s.shape().to_vec(), shape, "{text}");
        let expected = Expr::new(text).unwrap().eval(&[("x", &x)]).unwrap();
        assert_eq!(
            s.to_bytes().unwrap(),
            expected.array(0).to_bytes().unwrap(),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_array_is_refused() {
    let folder = folder();
    let home = folder.path();
    let refuse = |text: &str| {
        program(home, "r.fbe", text, &[("x", "x.b2nd")])
            .unwrap_err()
            .to_string()
    };
    assert!(refuse("x, x + 1").contains("one output"));
    assert!(refuse("x[x > 3]").contains("no filter"));
    assert!(refuse("x + z").contains("`z` is not bound"));
    assert!(!home.join("r.fbe").exists());
}

#[test]
fn operands_have_to_be_what_they_were() {
    let folder = folder();
    let home = folder.path();
    program(home, "v.fbe", "x + y", &[("x", "x.b2nd"), ("y", "y.b2nd")]).unwrap();
    let open = || Array::open(home.join("v.fbe"));
    std::fs::remove_file(home.join("y.b2nd")).unwrap();
    let missing = open().unwrap_err().to_string();
    assert!(
        missing.contains("y.b2nd") && missing.contains("opening `y`"),
        "{missing}"
    );
    let grid = Grid {
        chunk: Shape::new(&[4]),
        block: Shape::new(&[2]),
    };
    let shape = Shape::new(&[4]);
    write_frame(
        home.join("y.b2nd"),
        DType::UInt8,
        &shape,
        &grid,
        Options::default(),
        &[1; 4],
    )
    .unwrap();
    let other = open().unwrap_err().to_string();
    assert!(
        other.contains("`y` is uint8(4,)") && other.contains("float64(40, 50)"),
        "{other}"
    );
    // The file may say that the program gives something else than it does.
    let text = std::fs::read_to_string(home.join("v.fbe")).unwrap();
    let one = text.replace(
        "operand y: float64(40, 50) = y.b2nd",
        "operand y: uint8(4,) = y.b2nd",
    );
    std::fs::write(home.join("v.fbe"), one.replace("x + y", "x * 2 + sum(y)")).unwrap();
    assert_eq!(open().unwrap().shape().to_vec(), [40, 50]);
    std::fs::write(home.join("v.fbe"), one.replace("x + y", "x[0] + sum(y)")).unwrap();
    let lie = open().unwrap_err().to_string();
    assert!(lie.contains("gives float64(50,)"), "{lie}");
}

#[test]
fn no_path_leads_out_of_the_directory() {
    let folder = folder();
    let home = folder.path().join("inner");
    std::fs::create_dir(&home).unwrap();
    write(&home.join("x.b2nd"), 1.0);
    let outside = |path: &Path| {
        let refused = Array::open(path).unwrap_err().to_string();
        assert!(refused.contains("outside of its directory"), "{refused}");
        assert!(refused.contains("--allow-outside"), "{refused}");
        Array::options().allow_outside(true).open(path).unwrap();
    };
    let text = |place: &str| {
        format!(
            "fuseblock program 1\noperand x: float64(40, 50) = {place}\nresult: float64(40, 50)\n\nx\n"
        )
    };
    let whole = folder.path().join("x.b2nd").display().to_string();
    for place in ["../x.b2nd", "./../x.b2nd", &whole] {
        std::fs::write(home.join("o.fbe"), text(place)).unwrap();
        outside(&home.join("o.fbe"));
    }
    std::os::unix::fs::symlink("../x.b2nd", home.join("link.b2nd")).unwrap();
    std::fs::write(home.join("o.fbe"), text("link.b2nd")).unwrap();
    outside(&home.join("o.fbe"));
    std::fs::write(home.join("o.fbe"), text("x.b2nd")).unwrap();
    Array::open(home.join("o.fbe")).unwrap();
    // One that is its own operand, or another one's in a circle.
    std::fs::write(home.join("o.fbe"), text("o.fbe")).unwrap();
    let circle = Array::open(home.join("o.fbe")).unwrap_err().to_string();
    assert!(circle.contains("operands of each other"), "{circle}");
    // To write one takes the same leave.
    let texts = [("x".to_string(), whole)];
    let refused = save_program(home.join("p.fbe"), "x", &texts, &Array::options()).unwrap_err();
    assert!(refused.to_string().contains("--allow-outside"), "{refused}");
    let allowed = Array::options().allow_outside(true);
    save_program(home.join("p.fbe"), "x", &texts, &allowed).unwrap();
    assert!(Array::open(home.join("p.fbe")).is_err());
    assert_eq!(
        allowed.open(home.join("p.fbe")).unwrap().shape().to_vec(),
        [40, 50]
    );
}
