//! In: nothing. Out: the dtype in which NumPy computes each function.
//! Never: edited by hand; `tests/numpy/promotion.py` writes it.
//!
//! Letters are NumPy's, in the order of `DType::ALL`, then a weak int, a weak float:
//! `e` float16, `.` no such operation, `x` int64 with uint64, compared exactly, `-` two
//! literals. From NumPy 2.4.6.

use super::promote::Pairs;

pub(super) const NEGATIVE: &[u8; 11] = b".bhilBHILfd";
pub(super) const ABSOLUTE: &[u8; 11] = b"?bhilBHILfd";
pub(super) const POSITIVE: &[u8; 11] = b".bhilBHILfd";
pub(super) const SQUARE: &[u8; 11] = b"bbhilBHILfd";
pub(super) const SQRT: &[u8; 11] = b"eefddefddfd";
pub(super) const FLOOR: &[u8; 11] = b"?bhilBHILfd";
pub(super) const CEIL: &[u8; 11] = b"?bhilBHILfd";
pub(super) const TRUNC: &[u8; 11] = b"?bhilBHILfd";
pub(super) const RINT: &[u8; 11] = b"eefddefddfd";
pub(super) const SIGN: &[u8; 11] = b".bhilBHILfd";
pub(super) const ISNAN: &[u8; 11] = b"?bhilBHILfd";
pub(super) const ISFINITE: &[u8; 11] = b"?bhilBHILfd";
pub(super) const ISINF: &[u8; 11] = b"?bhilBHILfd";
pub(super) const SIGNBIT: &[u8; 11] = b"eefddefddfd";
pub(super) const SIN: &[u8; 11] = b"eefddefddfd";
pub(super) const COS: &[u8; 11] = b"eefddefddfd";
pub(super) const TAN: &[u8; 11] = b"eefddefddfd";
pub(super) const EXP: &[u8; 11] = b"eefddefddfd";
pub(super) const EXPM1: &[u8; 11] = b"eefddefddfd";
pub(super) const LOG: &[u8; 11] = b"eefddefddfd";
pub(super) const LOG2: &[u8; 11] = b"eefddefddfd";
pub(super) const LOG10: &[u8; 11] = b"eefddefddfd";
pub(super) const LOG1P: &[u8; 11] = b"eefddefddfd";
pub(super) const TANH: &[u8; 11] = b"eefddefddfd";
pub(super) const CBRT: &[u8; 11] = b"eefddefddfd";
pub(super) const EXP2: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCSIN: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCCOS: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCTAN: &[u8; 11] = b"eefddefddfd";
pub(super) const SINH: &[u8; 11] = b"eefddefddfd";
pub(super) const COSH: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCSINH: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCCOSH: &[u8; 11] = b"eefddefddfd";
pub(super) const ARCTANH: &[u8; 11] = b"eefddefddfd";
pub(super) const RECIPROCAL: &[u8; 11] = b"bbhilBHILfd";
pub(super) const FABS: &[u8; 11] = b"eefddefddfd";
pub(super) const DEG2RAD: &[u8; 11] = b"eefddefddfd";
pub(super) const RAD2DEG: &[u8; 11] = b"eefddefddfd";
pub(super) const CONJUGATE: &[u8; 11] = b"bbhilBHILfd";
pub(super) const INVERT: &[u8; 11] = b"?bhilBHIL..";
pub(super) const ERF: &[u8; 11] = b"fffddffddfd";
pub(super) const ERFC: &[u8; 11] = b"fffddffddfd";
pub(super) const GAMMA: &[u8; 11] = b"fffddffddfd";
pub(super) const LGAMMA: &[u8; 11] = b"fffddffddfd";

pub(super) const ADD: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const SUBTRACT: Pairs = [
    b".bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const MULTIPLY: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const DIVIDE: Pairs = [
    b"dddddddddfddd",
    b"dddddddddfddd",
    b"dddddddddfddd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"dddddddddfddd",
    b"dddddddddfddd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"dddddddddfd--",
    b"dddddddddfd--",
];

pub(super) const FLOOR_DIVIDE: Pairs = [
    b"bbhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const REMAINDER: Pairs = [
    b"bbhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const POWER: Pairs = [
    b"bbhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const MINIMUM: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const MAXIMUM: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const EQUAL: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const NOT_EQUAL: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const LESS: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const LESS_EQUAL: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const GREATER: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const GREATER_EQUAL: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhilxfdbd",
    b"hhhilhilxfdhd",
    b"iiiiliilxddid",
    b"llllllllxddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LxxxxLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const BITWISE_AND: Pairs = [
    b"?bhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const BITWISE_OR: Pairs = [
    b"?bhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const BITWISE_XOR: Pairs = [
    b"?bhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const LEFT_SHIFT: Pairs = [
    b"bbhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const RIGHT_SHIFT: Pairs = [
    b"bbhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const FMOD: Pairs = [
    b"bbhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const COPYSIGN: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const NEXTAFTER: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const GCD: Pairs = [
    b".bhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const LCM: Pairs = [
    b".bhilBHIL..l.",
    b"bbhilhil...b.",
    b"hhhilhil...h.",
    b"iiiiliil...i.",
    b"llllllll...l.",
    b"BhhilBHIL..B.",
    b"HiiilHHIL..H.",
    b"IllllIIIL..I.",
    b"L....LLLL..L.",
    b".............",
    b".............",
    b"lbhilBHIL..--",
    b"...........--",
];

pub(super) const FMAX: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const FMIN: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];

pub(super) const HEAVISIDE: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const ARCTAN2: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const HYPOT: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const LOGADDEXP: Pairs = [
    b"eefddefddfddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"eefddefddfded",
    b"fffddffddfdfd",
    b"ddddddddddddd",
    b"ddddddddddddd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"defddefddfd--",
    b"dddddddddfd--",
];

pub(super) const WHERE: Pairs = [
    b"?bhilBHILfdld",
    b"bbhilhildfdbd",
    b"hhhilhildfdhd",
    b"iiiiliildddid",
    b"lllllllldddld",
    b"BhhilBHILfdBd",
    b"HiiilHHILfdHd",
    b"IllllIIILddId",
    b"LddddLLLLddLd",
    b"fffddffddfdff",
    b"ddddddddddddd",
    b"lbhilBHILfd--",
    b"dddddddddfd--",
];
