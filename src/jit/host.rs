//! In: a SIMD level. Out: the instruction set kernels are compiled for. Never: an instruction
//! this machine lacks, or one above the level.

use std::fmt;

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::math::SimdLevel;

/// The machine that kernels are compiled for.
#[derive(Clone)]
pub struct Host {
    level: SimdLevel,
    isa: OwnedTargetIsa,
}

/// What needs a level above SSE4.2; everything below belongs to every level.
const FEATURES: [(&str, SimdLevel); 14] = [
    ("has_avx", SimdLevel::Avx2),
    ("has_avx2", SimdLevel::Avx2),
    ("has_fma", SimdLevel::Avx2),
    ("has_bmi1", SimdLevel::Avx2),
    ("has_bmi2", SimdLevel::Avx2),
    ("has_lzcnt", SimdLevel::Avx2),
    ("has_avx_vnni", SimdLevel::Avx2),
    ("has_avx512bitalg", SimdLevel::Avx512),
    ("has_avx512dq", SimdLevel::Avx512),
    ("has_avx512f", SimdLevel::Avx512),
    ("has_avx512vbmi", SimdLevel::Avx512),
    ("has_avx512vl", SimdLevel::Avx512),
    ("has_avx512vnni", SimdLevel::Avx512),
    ("has_cmpxchg16b", SimdLevel::Avx2),
];

/// Code generation, apart from the instruction set. Stack probes keep a large frame from
/// stepping over the guard page; nothing unwinds through a kernel.
const SETTINGS: [(&str, &str); 7] = [
    ("opt_level", "speed"),
    ("is_pic", "false"),
    ("use_colocated_libcalls", "false"),
    ("unwind_info", "false"),
    ("enable_probestack", "true"),
    ("probestack_strategy", "inline"),
    (
        "enable_verifier",
        if cfg!(debug_assertions) {
            "true"
        } else {
            "false"
        },
    ),
];

impl Host {
    /// This machine, limited to `level`. An error where the machine lacks the level or has no
    /// code generator: the interpreter computes the same there.
    pub fn new(level: SimdLevel) -> Result<Host> {
        if !level.is_available() {
            let message = format!("this machine has no {level} instructions");
            return Err(
                refuse(message).with_help(format!("its widest level is {}", SimdLevel::detect()))
            );
        }
        let mut flags = settings::builder();
        for (name, value) in SETTINGS {
            flags.set(name, value).map_err(refuse_shown)?;
        }
        let mut isa = cranelift_native::builder().map_err(refuse_shown)?;
        if cfg!(target_arch = "x86_64") {
            if SimdLevel::detect() < SimdLevel::Sse42 {
                return Err(refuse("machine code needs SSE4.2"));
            }
            for (name, needs) in FEATURES {
                if needs > level {
                    isa.set(name, "false").map_err(refuse_shown)?;
                }
            }
        }
        let isa = isa
            .finish(settings::Flags::new(flags))
            .map_err(refuse_shown)?;
        Ok(Host { level, isa })
    }

    /// The widest level of this machine.
    pub fn detect() -> Result<Host> {
        Host::new(SimdLevel::detect())
    }

    /// How wide kernels may be.
    pub fn level(&self) -> SimdLevel {
        self.level
    }

    /// The instruction set.
    pub(super) fn isa(&self) -> &OwnedTargetIsa {
        &self.isa
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.level)
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, Code::Compile, message)
}

fn refuse_shown(cause: impl fmt::Display) -> Error {
    refuse(format!("cannot generate machine code here: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_the_machine_has_an_isa_without_features_above_it() {
        for level in SimdLevel::ALL
            .into_iter()
            .filter(|level| level.is_available())
        {
            let host = Host::new(level).unwrap();
            let flags = host.isa().isa_flags();
            for flag in flags.iter().filter(|flag| flag.as_bool() == Some(true)) {
                let needs = FEATURES.iter().find(|(name, _)| *name == flag.name);
                assert!(
                    needs.is_none_or(|(_, needs)| *needs <= level),
                    "{level}: {flag}"
                );
            }
        }
    }

    #[test]
    fn a_level_the_machine_lacks_is_refused() {
        let missing = SimdLevel::ALL
            .into_iter()
            .find(|level| !level.is_available());
        if let Some(level) = missing {
            assert_eq!(Host::new(level).unwrap_err().code(), Code::Compile);
        }
    }
}
