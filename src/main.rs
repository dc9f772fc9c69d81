//! Hands the arguments to the command line; nothing else.

fn main() -> std::process::ExitCode {
    fuseblock::cli::run()
}
