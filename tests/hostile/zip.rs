//! Zip files; the damage that can be done to their directories is in `src/store/zip/tests.rs`.

use fuseblock::ErrorKind::{Argument, Corrupt, Unsupported};

use crate::{read, refused};

/// The directory of a zip file of no members.
const EMPTY: &[u8; 22] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Found by fuzzing: it was told as the caller's mistake not to name one.
#[test]
fn a_zip_file_of_no_members() {
    refused(read(EMPTY), Unsupported, "the zip file has no members");
    for cut in 4..22 {
        refused(read(&EMPTY[..cut]), Corrupt, "directory");
    }
}

/// Only the caller can say which.
#[test]
fn a_zip_file_of_several_members() {
    let bytes = include_bytes!("../golden/store.b2z");
    refused(read(bytes), Argument, "members: ");
}
