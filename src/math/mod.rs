//! In: an operation and a dtype. Out: its scalar meaning, and routines over strips of elements.
//! Never: shapes, threads, or an answer that depends on the machine.

pub mod accuracy;
pub(crate) mod element;
mod exp;
mod float;
pub mod fold;
pub mod generate;
mod int;
mod log;
mod ops;
mod pow;
pub mod scalar;
pub mod scan;
pub mod strip;
mod trig;

use std::fmt;

/// How wide the machine code may be. Answers do not depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum SimdLevel {
    /// Scalar kernels.
    Off,
    /// 128-bit kernels, SSE4.2 (or the platform's baseline).
    Sse42,
    /// 128-bit kernels, math routines for AVX2 and FMA.
    Avx2,
    /// 128-bit kernels, math routines for AVX-512 (F, BW, DQ, VL).
    Avx512,
}

impl SimdLevel {
    /// Every level, narrowest first.
    pub const ALL: [SimdLevel; 4] = [
        SimdLevel::Off,
        SimdLevel::Sse42,
        SimdLevel::Avx2,
        SimdLevel::Avx512,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SimdLevel::Off => "off",
            SimdLevel::Sse42 => "sse4.2",
            SimdLevel::Avx2 => "avx2",
            SimdLevel::Avx512 => "avx512",
        }
    }

    /// The level of a name.
    pub fn from_name(name: &str) -> Option<SimdLevel> {
        SimdLevel::ALL
            .into_iter()
            .find(|level| level.name() == name)
    }

    /// The widest level this machine has.
    pub fn detect() -> SimdLevel {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            match (avx2, avx512) {
                (true, true) => SimdLevel::Avx512,
                (true, false) => SimdLevel::Avx2,
                (false, _) if is_x86_feature_detected!("sse4.2") => SimdLevel::Sse42,
                (false, _) => SimdLevel::Off,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        SimdLevel::Sse42
    }

    /// Whether this machine can run code of this level.
    pub fn is_available(self) -> bool {
        self <= SimdLevel::detect()
    }
}

impl fmt::Display for SimdLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
