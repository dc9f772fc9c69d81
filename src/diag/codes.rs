//! In: a stage and a kind of mistake. Out: its stable code and a line that explains it.
//! Never: two meanings for one code.

use std::fmt;

macro_rules! codes {
    ($($name:ident $code:literal $title:literal;)*) => {
        /// What is wrong, as a stable code: E00xx lexing, E01xx grammar, E02xx names, types and
        /// shapes, E03xx files, E04xx limits and compiling, E05xx running.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as text, `E0203` say.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// One line that says what the code means.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    UnknownChar "E0001" "a character that no token starts with";
    BadNumber "E0002" "a number that cannot be read";
    UnterminatedString "E0003" "a string without its closing quote";
    NumberTooLarge "E0004" "an integer literal outside 64 bits";
    BadEscape "E0005" "a backslash in a string that starts no known escape";

    UnexpectedToken "E0101" "a token that cannot stand here";
    UnexpectedEnd "E0102" "the expression ends too early";
    Unclosed "E0103" "a bracket that is never closed";
    BadTarget "E0104" "something that cannot be assigned to";
    Empty "E0105" "a program without an expression";
    NotYet "E0106" "syntax that this version does not compute";

    UnknownName "E0201" "a name that is not bound";
    UnknownFunction "E0202" "a function that does not exist";
    NoSuchOperation "E0203" "an operation that these dtypes do not have";
    Shapes "E0204" "shapes that do not broadcast";
    Arguments "E0205" "arguments that the function does not take";
    BadAxis "E0206" "an axis the array does not have";
    LiteralRange "E0207" "an integer literal that its dtype cannot hold";
    Float16 "E0208" "a result that NumPy gives as float16";
    NegativePower "E0209" "an integer to a negative integer power";
    EmptyReduction "E0210" "min or max of nothing";
    NotAValue "E0211" "a function or dtype used as a value";
    BadLiteral "E0213" "an argument that must be a literal";
    BadIndex "E0214" "an index the array does not have";
    Recursion "E0220" "a function that calls itself";

    FileIo "E0301" "the operating system refused a file operation";
    NotAnArray "E0302" "a file of no known format";
    BadFrame "E0303" "a frame whose structure contradicts itself";
    BadChunk "E0304" "a chunk whose bytes contradict its header";
    BadMeta "E0305" "array metadata that contradicts the frame";
    BadNpy "E0306" "a .npy file whose header cannot be read";
    UnknownCodec "E0307" "a codec or filter this version does not have";
    UnsupportedDType "E0308" "a dtype that expressions cannot compute with";
    UnsupportedFile "E0309" "a kind of file this version cannot read";
    WriteFailed "E0310" "an output that could not be written";
    BadChecksum "E0311" "bytes that do not agree with their checksum";
    BadZip "E0312" "a zip file whose structure contradicts itself";
    BadSeal "E0313" "a seal that contradicts itself or the file around it";
    BadProgram "E0314" "a program file that cannot be read, or whose operands are not what it says";
    BadDataset "E0315" "a dataset whose parts contradict each other, or are missing";
    Conflict "E0316" "changes to what somebody else has changed meanwhile";

    TooLong "E0401" "a program that is too long";
    TooDeep "E0402" "an expression nested too deeply";
    TooMany "E0403" "an expression with too many parts";
    TooLarge "E0404" "a result or a file larger than allowed";
    TooManyAxes "E0405" "an array with more axes than allowed";
    Compile "E0406" "a kernel that could not be compiled";

    MissingOperand "E0501" "an operand that was not given";
    WrongBuffer "E0502" "an output buffer of the wrong size or dtype";
    NegativeExponent "E0503" "an integer to a negative integer power, in the data";
    Cancelled "E0504" "the evaluation was cancelled";
    Usage "E0505" "a request that cannot be carried out";
    NothingLeft "E0506" "a minimum or the like of elements of which none passes a filter";
    NoBins "E0507" "a histogram that has no bins for the data";
    Uncountable "E0508" "an integer that cannot be counted";
    IndexOutside "E0509" "an index outside of the array, in the data";
    Internal "E0599" "a bug in fuseblock";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
