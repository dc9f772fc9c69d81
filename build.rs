//! Generates the parser: `grammar/expr.lalrpop` in, `$OUT_DIR/expr.rs` out.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .emit_rerun_directives(true)
        .process()
}
